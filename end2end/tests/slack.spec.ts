// What Slack is told of a rotation, on the way that somebody goes who tries the product.
import { expectAccessibleInAllColours } from '../support/accessibility';
import { connectAs } from '../support/connection';
import { addMember, arrangeRotation, bindTo, createRotation, makeBoundRotation } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test, type World } from '../support/world';
import type { Locator, Page } from '@playwright/test';

interface Group {
  users: string[];
}

interface UserTokens {
  tokens: { person: string; live: boolean }[];
}

/** Who is in the group of the platform, as Slack has it. */
async function members(world: World): Promise<string[]> {
  return (await world.sandbox.control<Group>('slack/groups/S01PLATFORM')).users.sort();
}

/** Follows a link to Slack and allows there, as Ada, what it asks for. Ends on the page with this path. */
async function allowAtSlack(page: Page, link: Locator, path: string): Promise<void> {
  await link.click();
  await page.getByRole('button', { name: /Ada Okafor/ }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL(path);
  await takenOver(page);
}

/** Searches the group of the platform on the page of a rotation, and chooses it. */
async function choosePlatform(page: Page, card: Locator): Promise<void> {
  await card.getByRole('searchbox', { name: 'Search user groups' }).fill('platform');
  await card.getByRole('button', { name: 'Search' }).click();
  await card.getByRole('link', { name: 'Choose @platform-oncall' }).click();
  await expect(card.getByText('In it then')).toBeVisible();
  await takenOver(page);
}

test('a group is allowed, chosen and connected, and follows a shift that ends', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await visit(page, rotation);
  await page.getByRole('link', { name: 'Slack', exact: true }).click();
  const card = page.getByRole('region', { name: 'On-duty group' });
  const inIt = card.locator('dl');
  await allowAtSlack(page, card.getByRole('link', { name: 'allow it at Slack' }), `${rotation}/slack`);
  await choosePlatform(page, card);
  await expect(card.getByText('Taken out')).toBeVisible();
  await expectAccessibleInAllColours(page);
  await card.getByRole('button', { name: 'Connect group' }).click();
  await expect(page).toHaveURL(`${rotation}/slack`);
  await expect(card.getByRole('button', { name: 'Write now' })).toBeVisible();
  await expect(inIt.getByText('Tomás Herrera')).toBeVisible();
  await expectAccessibleInAllColours(page);

  expect(await members(world)).toEqual(['U05TOMASHE']);
  await world.sandbox.control('schedules/PPLATP1/end-shift', { seconds: 2, next: 'PADAOK1' });
  await page.request.post('/rpc/sync_now');
  await expect.poll(() => members(world)).toEqual(['U01ADAOKAF']);
  await expect(inIt.getByText('Ada Okafor')).toBeVisible();
});

test('a group holds all members of a rotation, and whoever joins is in it at once', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  const rotation = await arrangeRotation(page, 'Book club', ['Wei Zhang', 'Leila Haddad']);
  await visit(page, `${rotation}/slack`);
  const card = page.getByRole('region', { name: 'On-duty group' });
  await allowAtSlack(page, card.getByRole('link', { name: 'allow it at Slack' }), `${rotation}/slack`);
  await choosePlatform(page, card);
  await card.getByRole('link', { name: 'Look at it with all members of the rotation instead' }).click();
  await expect(card.getByText('All members of the rotation.')).toBeVisible();
  await takenOver(page);
  await card.getByRole('button', { name: 'Connect group' }).click();
  await expect(card.getByRole('button', { name: 'Write now' })).toBeVisible();
  await expect.poll(() => members(world)).toEqual(['U07WEIZHAN', 'U13LEILAHA']);
  await expect(card.getByRole('radio', { name: 'All members of the rotation' })).toBeChecked();
  await visit(page, rotation);
  await addMember(page, 'Kenji Sato');
  await expect.poll(() => members(world)).toEqual(['U07WEIZHAN', 'U12KENJISA', 'U13LEILAHA']);
});

test('an admin lets user groups be edited in their own name, and takes that back', async ({ page, world }) => {
  await world.sandbox.control('slack/settings', { group_editors: 'admins' });
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/settings/slack');
  const row = page.getByRole('row').filter({ hasText: "User groups in an admin's name" });
  await expect(row).toContainText('Not given');
  await allowAtSlack(page, row.getByRole('link', { name: 'Allow' }), '/settings/slack');
  await expect(row).toContainText('Works');
  await expect(row).toContainText('by Ada Okafor');
  const live = async () => {
    const { tokens } = await world.sandbox.control<UserTokens>('slack/user-tokens');
    return tokens.filter((token) => token.live).map((token) => token.person);
  };
  expect(await live()).toEqual(['U01ADAOKAF']);
  await row.getByRole('button', { name: 'Give back' }).click();
  await expect(row).toContainText('Not given');
  await expect.poll(live).toEqual([]);
});

test('a template is tried before it is set, and channels are added and removed with what stands in them', async ({ page, world }) => {
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
  await expect(card.getByRole('button', { name: 'Write now' })).toBeVisible();

  const announcements = page.getByRole('region', { name: 'Announcements' });
  const channel = announcements.getByRole('textbox', { name: 'Channel ID' });
  const row = (id: string) => announcements.getByRole('listitem').filter({ hasText: id });
  const remove = (id: string) => row(id).getByRole('button', { name: /^Remove/ });
  for (const id of ['C02PLATFORM', 'C03PAYMENTS']) {
    await channel.fill(id);
    await announcements.getByRole('button', { name: 'Add channel' }).click();
    await expect(remove(id)).toBeVisible();
    await expect(channel).toHaveValue('');
  }
  await expectAccessibleInAllColours(page);
  await remove('C02PLATFORM').click();
  await expect(remove('C02PLATFORM')).toBeHidden();
  await expect(remove('C03PAYMENTS')).toBeVisible();
  // Its topic went with it.
  await expect(card.getByRole('button', { name: 'Write now' })).toBeHidden();
});

test('the ten steps of the README lead to a group, a topic and a message', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await createRotation(page, 'Platform on-call');
  await bindTo(page, 'Platform Primary');
  await page.getByRole('link', { name: 'Slack', exact: true }).click();
  const card = (name: string) => page.getByRole('region', { name, exact: true });
  for (const name of ['On-duty group', 'Announcements', 'Channel topic']) {
    await allowAtSlack(page, card(name).getByRole('link', { name: 'allow it at Slack' }), `${rotation}/slack`);
  }
  await choosePlatform(page, card('On-duty group'));
  await card('On-duty group').getByRole('button', { name: 'Connect group' }).click();
  await expect(page).toHaveURL(`${rotation}/slack`);
  const find = async (choice: string) => {
    await card('Find a channel').getByRole('searchbox').fill('platform');
    await card('Find a channel').getByRole('button', { name: 'Search' }).click();
    await card('Find a channel').getByRole('link', { name: `${choice} in platform`, exact: true }).click();
    await takenOver(page);
  };
  await find('Announcements');
  await card('Announcements').getByRole('button', { name: 'Add channel' }).click();
  await expect(card('Announcements').getByRole('button', { name: 'Remove #platform' })).toBeVisible();
  await find('Topic');
  await card('Channel topic').getByRole('textbox', { name: 'Template' }).fill('On duty: %USER% until %UNTIL%');
  await card('Channel topic').getByRole('button', { name: 'Set topic' }).click();
  await expect(card('Channel topic').getByRole('button', { name: 'Write now' })).toBeVisible();

  await page.goto(world.sandbox.url);
  await page.getByRole('row', { name: /Platform Primary/ }).getByRole('button', { name: 'End the shift' }).click();
  const channel = async () => world.sandbox.control<{ topic: string; messages: { text: string }[] }>('slack/channels/C02PLATFORM');
  await expect.poll(() => members(world), { timeout: 30_000 }).toEqual(['U08JUERGEN']);
  await expect.poll(async () => JSON.stringify(await channel())).toMatch(/On duty: Jürgen Weiß until /);
  await expect.poll(async () => (await channel()).messages.map((message) => message.text).join()).toContain('U08JUERGEN');
});
