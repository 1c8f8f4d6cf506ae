// The help article's walkthroughs, binding and handing over with the keyboard
// alone, on a phone and on a wide screen, in both colour schemes. Wherever the
// focus comes by, it is seen and nothing is in front of it.
import type { Page } from '@playwright/test';
import { connectedButton, DISCONNECTED, fact, keyField } from '../support/connection';
import { Keyboard } from '../support/keyboard';
import { clientId, clientSecret } from '../support/oauth';
import { mode, names, row } from '../support/rotations';
import { takenOver } from '../support/takeover';
import { expect, test, type World } from '../support/world';

// What is still moving is not where it is going to be.
test.use({ contextOptions: { reducedMotion: 'reduce' } });

// Somebody without a pointer passes by much that they do not want.
test.beforeEach(() => test.slow());

for (const width of [360, 1440]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`at ${width} px in ${colorScheme} colours`, () => {
      test.use({ viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme });

      test('PagerDuty is connected with a key and disconnected, and connected with OAuth 2.0, by keyboard', async ({ page, world }) => {
        const keyboard = new Keyboard(page, world.server.url);
        await signIn(page, keyboard);
        await openIntegrations(page, keyboard);
        await connectWithKey(page, keyboard, world);
        await disconnect(page, keyboard);
        await connectWithOauth(page, keyboard, world);
        await expect(fact(page, 'How')).toContainText('OAuth as Ada Okafor');
      });

      test('a rotation is made, staffed, handed over and bound by keyboard', async ({ page, world }) => {
        const keyboard = new Keyboard(page, world.server.url);
        await signIn(page, keyboard);
        await makeRotation(page, keyboard);
        await handOver(page, keyboard);
        await openIntegrations(page, keyboard);
        await connectWithKey(page, keyboard, world);
        await keyboard.use(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rotations' }));
        await keyboard.use(page.getByRole('link', { name: 'Coffee' }));
        await bind(page, keyboard);
      });
    });
  }
}

async function signIn(page: Page, keyboard: Keyboard): Promise<void> {
  await page.goto('/');
  await keyboard.use(page.getByRole('link', { name: 'Sign in with Slack' }));
  await keyboard.use(page.getByRole('button', { name: 'Ada Okafor – Primary Owner' }));
  await keyboard.use(page.getByRole('button', { name: 'Allow' }));
  await expect(page).toHaveURL('/');
  await takenOver(page);
}

async function openIntegrations(page: Page, keyboard: Keyboard): Promise<void> {
  await keyboard.use(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }));
  await expect(page.getByRole('main')).toBeFocused();
  await keyboard.use(page.getByRole('link', { name: 'Integrations (Manage & Connect)' }));
  await expect(page.getByRole('main')).toBeFocused();
  await expect(page.getByRole('heading', { level: 1, name: 'Integrations' })).toBeVisible();
}

async function connectWithKey(page: Page, keyboard: Keyboard, world: World): Promise<void> {
  const { pagerduty } = await world.sandbox.credentials();
  const opener = page.getByRole('button', { name: 'Login using an API Key' });
  const dialog = page.getByRole('dialog');
  await keyboard.use(opener);
  await keyboard.expectAt(keyField(dialog));
  await keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await keyboard.expectAt(opener);
  await keyboard.press('Space');
  await keyboard.use(dialog.getByRole('button', { name: 'Cancel' }), 'Space');
  await keyboard.expectAt(opener);

  await keyboard.press('Enter');
  await keyboard.expectAt(keyField(dialog));
  await page.keyboard.type(pagerduty.api_key);
  await keyboard.use(dialog.getByRole('button', { name: 'Save' }));
  await expect(connectedButton(page)).toBeVisible();
  await keyboard.expectAt(page.getByRole('status').filter({ hasText: 'The key works' }));
}

async function disconnect(page: Page, keyboard: Keyboard): Promise<void> {
  const entry = page.getByRole('menuitem', { name: 'Disconnect from PagerDuty' });
  const dialog = page.getByRole('dialog', { name: 'Disconnect from PagerDuty' });
  // The way back is the last entry.
  const toEntry = ['Enter', 'ArrowDown', 'ArrowDown', 'Enter'];
  await keyboard.use(connectedButton(page), 'Space');
  await keyboard.expectAt(page.getByRole('menuitem', { name: 'Edit API Key' }));
  await keyboard.press('ArrowDown', 'ArrowDown');
  await keyboard.expectAt(entry);
  await keyboard.press('ArrowDown');
  await keyboard.expectAt(page.getByRole('menuitem', { name: 'Edit API Key' }));
  await keyboard.press('Escape');
  await keyboard.expectAt(connectedButton(page));

  await keyboard.press(...toEntry);
  await keyboard.expectAt(dialog.getByRole('button', { name: 'Cancel' }));
  await keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await keyboard.expectAt(connectedButton(page));

  await keyboard.press(...toEntry);
  await keyboard.expectAt(dialog.getByRole('button', { name: 'Cancel' }));
  await keyboard.tabTo(dialog.getByRole('button', { name: 'Confirm' }), 'Shift+Tab');
  await keyboard.press('Enter');
  await keyboard.expectAt(page.getByRole('status').filter({ hasText: DISCONNECTED }));
}

async function connectWithOauth(page: Page, keyboard: Keyboard, world: World): Promise<void> {
  const { pagerduty } = await world.sandbox.credentials();
  const opener = page.getByRole('button', { name: 'Login using OAuth 2.0' });
  const dialog = page.getByRole('dialog');
  await keyboard.use(opener);
  await keyboard.expectAt(dialog.getByRole('heading', { level: 2 }));
  await keyboard.press('Escape');
  await keyboard.expectAt(opener);
  await keyboard.press('Enter');
  await keyboard.type(clientId(dialog), pagerduty.client_id);
  await keyboard.type(clientSecret(dialog), pagerduty.client_secret);
  await keyboard.use(dialog.getByRole('button', { name: 'Save' }));
  // PagerDuty suggests the account's first admin.
  await keyboard.use(page.getByRole('button', { name: 'Allow' }));
  await expect(page).toHaveURL('/settings/integrations');
  await takenOver(page);
  await expect(connectedButton(page)).toBeVisible();
  await keyboard.expectAt(page.getByRole('status').filter({ hasText: 'The login works' }));
}

async function makeRotation(page: Page, keyboard: Keyboard): Promise<void> {
  await keyboard.use(page.getByRole('link', { name: 'Create the first one' }));
  await expect(page.getByRole('main')).toBeFocused();
  await keyboard.type(page.getByRole('textbox', { name: 'Name' }), 'Coffee');
  await keyboard.use(page.getByRole('button', { name: 'Create Rotation' }));
  await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
  const members = page.getByRole('region', { name: 'Members' });
  for (const person of ['Leila Haddad', 'Wei Zhang', 'Kenji Sato']) {
    await keyboard.use(members.getByRole('checkbox', { name: person }), 'Space');
    await keyboard.use(members.getByRole('button', { name: 'Add 1 person' }));
    await expect(row(page, 'Members', person)).toBeVisible();
    await keyboard.expectKept();
  }
}

async function handOver(page: Page, keyboard: Keyboard): Promise<void> {
  const rotate = page.getByRole('button', { name: 'Rotate' });
  await keyboard.use(rotate);
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  await keyboard.expectAt(rotate);
  await keyboard.press('Space');
  await expect(names(page, 'On duty now')).toHaveText(['Wei Zhang']);
  await keyboard.expectAt(rotate);

  const menuOf = (name: string) => page.getByRole('button', { name: `Change ${name}` });
  const kenji = menuOf('Kenji Sato');
  // Set on duty, Move up, Remove.
  await keyboard.choose(kenji, 0);
  await expect(names(page, 'On duty now')).toHaveText(['Kenji Sato']);
  await keyboard.expectAt(kenji);
  // The menu of the row goes along with the row: Move up, Remove.
  await keyboard.press('Enter', 'Enter');
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad', 'Kenji Sato', 'Wei Zhang']);
  await keyboard.expectAt(kenji);
  await keyboard.press('Enter', 'Enter');
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Leila Haddad', 'Wei Zhang']);
  await keyboard.expectAt(kenji);
  // Move down, Remove.
  await keyboard.press('Enter', 'Enter');
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad', 'Kenji Sato', 'Wei Zhang']);
  await keyboard.expectAt(kenji);
  // Set on duty, Move up, Remove.
  await keyboard.choose(menuOf('Wei Zhang'), 2);
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad', 'Kenji Sato']);
  // On a small screen, the messages about what was done leave less room than it is high.
  await expect(page.getByRole('region', { name: 'Members' })).toBeFocused();
}

async function bind(page: Page, keyboard: Keyboard): Promise<void> {
  const section = page.getByRole('region', { name: 'Schedule' });
  await keyboard.use(section.getByRole('button', { name: 'Edit schedule' }));
  const manual = section.getByRole('radio', { name: 'Manual' });
  await expect(manual).toBeVisible();
  await keyboard.expectKept();
  await keyboard.tabTo(manual);
  await keyboard.press('ArrowDown', 'ArrowDown');
  await keyboard.expectAt(section.getByRole('radio', { name: 'PagerDuty' }));
  await keyboard.type(section.getByRole('searchbox', { name: 'Search schedules' }), 'platform');
  const schedules = section.getByRole('group', { name: 'Schedules' }).getByRole('radio');
  await expect(schedules).toHaveCount(2);
  // None is chosen, so Tab comes to the first.
  await keyboard.tabTo(section.getByRole('radio', { name: 'Platform Primary' }));
  await keyboard.press('Space');
  await expect(section.getByRole('heading', { level: 3, name: 'Platform Primary' })).toBeVisible();
  await keyboard.press('ArrowDown');
  await expect(section.getByRole('heading', { level: 3, name: 'Platform Secondary' })).toBeVisible();
  await keyboard.expectAt(section.getByRole('radio', { name: 'Platform Secondary' }));
  await keyboard.press('ArrowUp');
  await expect(section.getByRole('heading', { level: 3, name: 'Platform Primary' })).toBeVisible();
  await keyboard.use(section.getByRole('button', { name: 'Save' }));
  await expect(section).toContainText('Bound to Platform Primary');
  await expect(mode(page)).toHaveText('PagerDuty');
  await keyboard.expectKept();
}
