// What somebody asks first: am I on duty, when am I next, who is, and what is wrong. Each is answered within two
// actions, on a desktop and on a phone, with few rotations and with hundreds.
import type { Page } from '@playwright/test';
import { done, post } from '../support/calls';
import { connectAs, connectWithApiKey } from '../support/connection';
import { arrangeRotation, card, createRotation, makeBoundRotation, makePrivate } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { isSameDocument, markDocument, takenOver, visit } from '../support/takeover';
import { expect, test, type World } from '../support/world';

const SCREENS = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
];
const NUMBERS = [5, 500];

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const attention = (page: Page) => page.getByRole('region', { name: 'Needs attention' });
const shifts = (page: Page) => page.getByRole('region', { name: 'Your next shifts' });

/** Makes a rotation that nobody has put anybody into yet, and gives its path. */
async function addRotation(page: Page, name: string): Promise<string> {
  return `/rotations/${await done<string>(page, '/rpc/create_rotation', { 'input[name]': name })}`;
}

/** So many rotations, among them one of Wei's by hand, one that PagerDuty decides, and one with a gap. */
async function workspaceOf(page: Page, world: World, rotations: number): Promise<void> {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await connectWithApiKey(page, pagerduty.api_key);
  const coffee = await arrangeRotation(page, 'Coffee', ['Wei Zhang', 'Ada Okafor']);
  await done(page, '/rpc/rotate', { id: coffee.split('/').at(-1)! });
  await makeBoundRotation(page, 'Mobile on-call', 'Mobile EU');
  await makeBoundRotation(page, 'Warehouse systems', 'Warehouse Asia');
  for (let number = 4; number <= rotations; number++) await addRotation(page, `Team ${number}`);
}

for (const rotations of NUMBERS) {
  test(`with ${rotations} rotations the first questions are answered within two actions`, async ({ page, openBrowser, world }) => {
    test.slow();
    await workspaceOf(page, world, rotations);
    const wei = await openBrowser();
    await signInAs(wei, 'Wei Zhang');
    for (const screen of SCREENS) {
      await test.step(`${screen.width} wide`, async () => {
        await page.setViewportSize(screen);
        await wei.setViewportSize(screen);

        // Am I on duty, for what, until when: no action.
        await visit(wei, '/');
        await expect(heading(wei)).toHaveText('You are on duty');
        await expect(heading(wei)).toBeInViewport();
        const mine = wei.getByRole('listitem').filter({ hasText: 'Coffee' }).first();
        await expect(mine).toContainText(/since .*Next: Ada Okafor/s);
        await expect(mine).toBeInViewport();
        // When am I next: no action, beyond scrolling.
        await expect(shifts(wei).getByRole('listitem').first()).toContainText(/Mobile on-call.*in \d+/s);
        await visit(page, '/');
        await expect(heading(page)).toHaveText('You are not on duty');
        await expect(shifts(page)).toContainText('It is your turn next, as soon as somebody rotates');

        // What is wrong: no action; one more leads to where it is mended.
        await expect(attention(page)).toContainText('Nobody is on duty');
        const team = attention(page).getByRole('link', { name: 'Team 4' });
        await team.click();
        await expect(heading(page)).toHaveText('Team 4');

        // Who is on duty for something: a word, and Enter.
        await visit(page, '/');
        const find = page.getByRole('searchbox', { name: 'Who is on duty for' });
        await find.fill('coffee');
        await find.press('Enter');
        await expect(card(page, 'Coffee')).toContainText('Wei Zhang');
      });
    }
  });
}

test('Home says that nothing needs anybody, and says so again when something is mended', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Coffee', ['Leila Haddad']);
  const id = path.split('/').at(-1)!;
  await done(page, '/rpc/rotate', { id });
  await visit(page, '/');
  await markDocument(page);
  await expect(attention(page)).toContainText('All well');
  await expect(attention(page)).toContainText('nobody is missing in the one rotation that you see');

  // Others' deeds are seen as they happen, and the focus stays where it is.
  const link = page.getByRole('region', { name: 'You own' }).getByRole('link', { name: 'Coffee' });
  await link.focus();
  const leila = await openBrowser();
  await signInAs(leila, 'Leila Haddad');
  await visit(leila, '/');
  await expect(heading(leila)).toHaveText('You are on duty');
  await done(page, '/rpc/remove_member', { id, member: 'slack:U13LEILAHA' });
  await expect(attention(page)).toContainText('Nobody is on duty');
  await expect(heading(leila)).toHaveText('You are not on duty');
  await expect(link).toBeFocused();
  expect(await isSameDocument(page)).toBe(true);
});

test('only who may see a private rotation is told of it, and who cannot mend something is told who can', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Surprise party');
  await makePrivate(page);
  await createRotation(page, 'Coffee');
  await visit(page, '/');
  await expect(attention(page)).toContainText('Surprise party');
  await expect(attention(page)).toContainText('Rotate or set somebody on duty on its page');
  const member = await openBrowser();
  await signInAs(member, 'Kenji Sato');
  await visit(member, '/');
  await expect(attention(member)).toContainText('Coffee');
  await expect(member.getByText('Surprise party')).toHaveCount(0);
  await expect(attention(member)).toContainText('One of its owners or an admin can put somebody on duty');
  await visit(member, '/rotations');
  await expect(member.getByRole('link', { name: /^All/ })).toHaveText('All 1');
});

test('Home tells of PagerDuty once, not of each rotation, and only admins are told to mend it', async ({ page, openBrowser, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Mobile on-call', 'Mobile EU');
  const member = await openBrowser();
  await signInAs(member, 'Kenji Sato');
  await world.sandbox.control('pagerduty/keys/revoke', {});
  for (const [reader, admin] of [[page, true], [member, false]] as const) {
    await visit(reader, '/');
    await expect(attention(reader)).toContainText('PagerDuty needs reconnection', { timeout: 15_000 });
    await expect(attention(reader)).toContainText('1 rotation goes on with the shifts that are known');
    await expect(attention(reader).getByRole('link', { name: 'Open Integrations' })).toBeVisible();
    await expect(attention(reader).getByText('where an Owner or Admin can mend it')).toHaveCount(admin ? 0 : 1);
  }
});

test('the first visit tells each what they can do', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  for (const path of ['/', '/rotations']) {
    await visit(page, path);
    await expect(page.getByRole('main')).not.toContainText('admin');
    await page.getByRole('link', { name: 'Connect PagerDuty' }).click();
    await expect(page).toHaveURL('/settings/integrations');
  }
  const guest = await openBrowser();
  await signInAs(guest, 'Sam Carter');
  await visit(guest, '/');
  await expect(guest.getByRole('heading', { name: 'There is nothing for you yet' })).toBeVisible();
  await expect(guest.getByRole('link', { name: 'Create the first one' })).toHaveCount(0);
});

test('the list is narrowed by links with numbers, sorted, and stays so in the address', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  for (const name of ['Team 10', 'Team 2', 'team 1']) await addRotation(page, name);
  const coffee = await arrangeRotation(page, 'Coffee', ['Ada Okafor']);
  await done(page, '/rpc/rotate', { id: coffee.split('/').at(-1)! });
  await visit(page, '/rotations');
  await markDocument(page);
  const cards = page.getByRole('main').getByRole('heading', { level: 2 });
  await expect(cards).toHaveText(['Coffee', 'team 1', 'Team 2', 'Team 10']);
  const selections = page.getByRole('navigation', { name: 'Which rotations' }).getByRole('link');
  await expect(selections).toHaveText(['All 4', 'Mine 1', 'I own 4', 'I am on duty now 1', 'Nobody on duty 3', 'Needs attention 3']);
  await expect(selections.and(page.locator('[aria-current]'))).toHaveText('All 4');

  await selections.filter({ hasText: 'Nobody' }).click();
  await expect(page).toHaveURL('/rotations?show=nobody');
  await expect(cards).toHaveText(['team 1', 'Team 2', 'Team 10']);
  await expect(selections.and(page.locator('[aria-current]'))).toBeFocused();
  // Words narrow what is selected, and the numbers say what else they would find.
  await page.getByRole('searchbox', { name: 'Search rotations' }).fill('team 1');
  await expect(cards).toHaveText(['team 1', 'Team 10']);
  await expect(page).toHaveURL('/rotations?search=team+1&show=nobody');
  await expect(selections).toHaveText(['All 2', 'Mine 0', 'I own 2', 'I am on duty now 0', 'Nobody on duty 2', 'Needs attention 2']);
  await page.getByLabel('Sort by').selectOption('Next change');
  await expect(page).toHaveURL('/rotations?search=team+1&show=nobody&sort=change');
  expect(await isSameDocument(page)).toBe(true);
  await page.reload();
  await takenOver(page);
  await expect(page.getByLabel('Sort by')).toHaveValue('change');
  await expect(cards).toHaveText(['team 1', 'Team 10']);

  // Whoever is on duty is found by name.
  await page.getByRole('searchbox', { name: 'Search rotations' }).fill('ada okafor');
  await selections.filter({ hasText: 'All' }).click();
  await expect(cards).toHaveText(['Coffee']);
  // Odd addresses are read as if nothing had been said.
  await visit(page, '/rotations?show=banana&sort=&page=-1&mode=x');
  await expect(cards).toHaveCount(4);
});

test('a long list comes in parts, and is searched and counted as a whole', async ({ page }) => {
  test.slow();
  await signInAs(page, 'Ada Okafor');
  for (let number = 1; number <= 120; number++) await addRotation(page, `Team ${number}`);
  await visit(page, '/rotations');
  const cards = page.getByRole('main').getByRole('heading', { level: 2 });
  await expect(cards).toHaveCount(100);
  const parts = page.getByRole('navigation', { name: 'Parts of the list' });
  await expect(parts).toContainText('1–100 of 120');
  await parts.getByRole('link', { name: 'Next' }).click();
  await expect(page).toHaveURL('/rotations?page=2');
  await expect(cards).toHaveCount(20);
  await expect(cards.first()).toHaveText('Team 101');
  await expect(parts.getByRole('link')).toHaveText(['Previous']);
  await takenOver(page);
  await page.getByRole('searchbox', { name: 'Search rotations' }).fill('team 12');
  await expect(cards).toHaveText(['Team 12', 'Team 112', 'Team 120']);
  await expect(page).toHaveURL('/rotations?search=team+12');
  await expect(parts).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  test('Home answers, and the list is narrowed and sorted', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    const coffee = await arrangeRotation(page, 'Coffee', ['Ada Okafor']);
    await post(page, '/rpc/rotate', { id: coffee.split('/').at(-1)! });
    await addRotation(page, 'Tea');
    await page.goto('/');
    await expect(heading(page)).toHaveText('You are on duty');
    await expect(attention(page)).toContainText('Tea');
    await page.getByRole('searchbox', { name: 'Who is on duty for' }).fill('ada');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(card(page, 'Coffee')).toBeVisible();
    await expect(card(page, 'Tea')).toHaveCount(0);
    await page.getByRole('link', { name: 'Nobody on duty 0' }).click();
    await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
    await page.getByRole('link', { name: 'Show everything' }).click();
    await page.getByRole('link', { name: 'Needs attention 1' }).click();
    await page.getByLabel('Sort by').selectOption('Next change');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(page).toHaveURL(/show=attention/);
    await expect(card(page, 'Tea')).toBeVisible();
    await expect(page.getByText('Times are in UTC.')).toBeVisible();
  });
});
