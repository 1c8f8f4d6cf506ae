// What Slack is told of a rotation, on the way that somebody goes who tries the product.
import { expectAccessibleInAllColours } from '../support/accessibility';
import { connectAs } from '../support/connection';
import { makeBoundRotation } from '../support/rotations';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

interface Group {
  users: string[];
}

test('a group is allowed, chosen and connected, and follows a shift that ends', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await visit(page, rotation);
  await page.getByRole('link', { name: 'Slack', exact: true }).click();
  const card = page.getByRole('region', { name: 'On-duty group' });
  const inIt = card.locator('dl');
  await card.getByRole('link', { name: 'allow it at Slack' }).click();
  await page.getByRole('button', { name: /Ada Okafor/ }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL(`${rotation}/slack`);
  await takenOver(page);
  await card.getByRole('searchbox', { name: 'Search user groups' }).fill('platform');
  await card.getByRole('button', { name: 'Search' }).click();
  await card.getByRole('link', { name: 'Choose @platform-oncall' }).click();
  await expect(card.getByText('Taken out')).toBeVisible();
  await takenOver(page);
  await expectAccessibleInAllColours(page);
  await card.getByRole('button', { name: 'Connect group' }).click();
  await expect(page).toHaveURL(`${rotation}/slack`);
  await expect(card.getByRole('button', { name: 'Write now' })).toBeVisible();
  await expect(inIt.getByText('Tomás Herrera')).toBeVisible();
  await expectAccessibleInAllColours(page);

  const members = async () => (await world.sandbox.control<Group>('slack/groups/S01PLATFORM')).users;
  expect(await members()).toEqual(['U05TOMASHE']);
  await world.sandbox.control('schedules/PPLATP1/end-shift', { seconds: 2, next: 'PADAOK1' });
  await page.request.post('/rpc/sync_now');
  await expect.poll(members).toEqual(['U01ADAOKAF']);
  await expect(inIt.getByText('Ada Okafor')).toBeVisible();
});

test('a template is tried before it is set, and what it says of unknown tokens stands beside it', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await visit(page, `${rotation}/slack`);
  const card = page.getByRole('region', { name: 'Channel topic' });
  const template = card.getByRole('textbox', { name: 'Template' });
  await template.fill('On duty: %USER%');
  await card.getByRole('button', { name: 'Preview' }).click();
  await expect(card.getByText('On duty: Tomás Herrera')).toBeVisible();
  await template.fill('On duty: %USR%');
  await card.getByRole('textbox', { name: 'Channel ID' }).fill('C02PLATFORM');
  await card.getByRole('button', { name: 'Set topic' }).click();
  await expect(template).toHaveAccessibleDescription(/%USR% stands for nothing/);
  await template.fill('On duty: %USER%');
  await card.getByRole('button', { name: 'Set topic' }).click();
  await expect(card.getByRole('link', { name: 'allow it at Slack' })).toBeVisible();
  await expectAccessibleInAllColours(page);
});
