// What people are told themselves in Slack and what they may type there, on the way that somebody goes who tries the product.
import { expectAccessibleInAllColours } from '../support/accessibility';
import { connectAs } from '../support/connection';
import { createRotation, addMember, makeBoundRotation } from '../support/rotations';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

interface Channel {
  messages: { shown: string }[];
}

const ADA = 'U01ADAOKAF';
const TO_ADA = 'slack/channels/D01ADAOKAF';

test('whoever allows it and chooses is told when their shift begins', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await visit(page, '/settings/notifications');
  await page.getByRole('link', { name: 'allow it at Slack' }).click();
  await page.getByRole('button', { name: /Ada Okafor/ }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL('/settings/notifications');
  await takenOver(page);
  await page.getByRole('checkbox', { name: 'When my duty ends' }).check();
  await page.getByRole('checkbox', { name: '1 day before' }).check();
  await page.getByRole('textbox', { name: 'From' }).fill('22:00');
  await page.getByRole('button', { name: 'Save' }).click();
  const from = page.getByRole('textbox', { name: 'From' });
  await expect(from).toHaveAccessibleDescription(/need a beginning and an end/);
  await from.fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Your choice was saved.')).toBeVisible();
  await expectAccessibleInAllColours(page);

  await world.sandbox.control('schedules/PPLATP1/end-shift', { seconds: 2, next: 'PADAOK1' });
  await page.request.post('/rpc/sync_now');
  const told = async () => {
    const channels = await world.sandbox.control<{ channels: { id: string }[] }>('slack/channels');
    if (!channels.channels.some(({ id }) => id === 'D01ADAOKAF')) {
      return '';
    }
    const { messages } = await world.sandbox.control<Channel>(TO_ADA);
    return messages.map(({ shown }) => shown).join('\n');
  };
  await expect.poll(told, { timeout: 15_000 }).toContain('You are on duty for');
  await visit(page, '/settings/notifications');
  await expect(page.getByText('On duty: Platform on-call')).toBeVisible();
});

test('an app is made from the manifest, and a command is answered', async ({ page, world }) => {
  await connectAs(page, world);
  await createRotation(page, 'Coffee');
  await addMember(page, 'Leila Haddad');
  await visit(page, '/settings/slack');
  await expectAccessibleInAllColours(page);
  await page.getByRole('link', { name: 'Make an app from it at Slack' }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('The app is registered like this now.')).toBeVisible();
  await visit(page, '/settings/slack');
  await page.getByRole('link', { name: 'Reinstall for The command /rr' }).click();
  await page.getByRole('button', { name: /Ada Okafor/ }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL('/settings/slack');
  const line = { person: ADA, channel: 'C01GENERAL1', line: '/rr' };
  const answer = await world.sandbox.control<{ said: { text: string } }>('slack/lines', line);
  expect(answer.said.text).toContain('Coffee');
});
