// Every page, every open dialog and menu, and every state in which a page can be
// found: nowhere is there a barrier that a machine can find, in whichever way
// the page comes to its colours.
import type { Page } from '@playwright/test';
import { expectAccessibleInAllColours } from '../support/accessibility';
import { post } from '../support/calls';
import {
  connectAs,
  connectedButton,
  connectWithApiKey,
  disconnect,
  openDisconnectDialog,
  openEditDialog,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
  saveKey,
} from '../support/connection';
import { spoilModesBeside } from '../support/damage';
import { allowAs, goToPagerDuty, openOauthDialog } from '../support/oauth';
import { furnish, pages } from '../support/pages';
import { addMember, chooseSchedule, createRotation, makeBoundRotation, openEditor } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

const SIGN_IN_PROBLEMS = [
  'cancelled',
  'stale',
  'no-cookies',
  'slack-unavailable',
  'slack-busy&word=5',
  'misconfigured',
  'workspace-not-served',
  'not-installed',
  'installation-cancelled',
  'token-rotation',
  'organisation-wide',
  'no-member',
  'refused&word=team_access_not_granted',
  'deactivated',
  'session-ended',
];

async function visitQuietly(page: Page, path: string): Promise<void> {
  await visit(page, path);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByText('Loading…')).toHaveCount(0);
}

test.beforeEach(() => test.slow());

test('the sign-in page has no barriers, whatever went wrong before', async ({ page }) => {
  await page.goto('/sign-in');
  await expectAccessibleInAllColours(page);
  for (const problem of SIGN_IN_PROBLEMS) {
    await page.goto(`/sign-in?problem=${problem}`);
    await expect(page.getByRole('alert')).toBeVisible();
    await expectAccessibleInAllColours(page);
  }
});

test('no page of an admin has barriers', async ({ page, world }) => {
  const rotation = await furnish(page, world);
  for (const path of pages(rotation)) {
    await test.step(path, async () => {
      await visitQuietly(page, path);
      await expectAccessibleInAllColours(page);
    });
  }
});

test('no page has barriers while there is nothing on it', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  for (const path of ['/', '/rotations']) {
    await visitQuietly(page, path);
    await expect(page.getByRole('heading', { name: 'Nobody takes turns yet' })).toBeVisible();
    await expectAccessibleInAllColours(page);
  }
  await createRotation(page, 'Coffee');
  await expectAccessibleInAllColours(page);
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await expect(page.getByText('PagerDuty is not connected. Connect it')).toBeVisible();
  await expectAccessibleInAllColours(page);
  for (const path of ['/', '/settings/integrations', '/settings/integrations/syncs']) {
    await visitQuietly(page, path);
    await expectAccessibleInAllColours(page);
  }
});

test('no dialog or menu of the integrations has barriers', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openKeyDialog(page);
  await saveKey(dialog, '');
  await expect(dialog.getByRole('alert')).toContainText('Paste the API key');
  await expectAccessibleInAllColours(page);
  await saveKey(dialog, 'u+NoSuchKey_0000');
  await expect(dialog.getByRole('alert')).toContainText('PagerDuty does not accept this key');
  await expectAccessibleInAllColours(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  const oauth = await openOauthDialog(page);
  await oauth.getByRole('button', { name: 'Save' }).click();
  await expect(oauth.getByText('Paste the Client ID here')).toBeVisible();
  await expectAccessibleInAllColours(page);
  await oauth.getByRole('button', { name: 'Cancel' }).click();
  await saveKey(await openKeyDialog(page), pagerduty.api_key);
  await expect(connectedButton(page)).toBeVisible();
  for (const open of [
    () => openOauthDialog(page),
    () => connectedButton(page).click(),
    () => openEditDialog(page),
    () => openDisconnectDialog(page),
    () => page.getByRole('button', { name: 'Your account' }).click(),
  ]) {
    await open();
    await expectAccessibleInAllColours(page);
    await page.keyboard.press('Escape');
  }
});

test('no dialog, message or editor of a rotation has barriers', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Backup', 'Platform Secondary');
  const rotation = page.url();
  await page.getByRole('link', { name: 'Link to Slack… Robin Ashworth' }).click();
  await expect(page.getByRole('dialog', { name: 'Link to Slack' })).toBeVisible();
  await expectAccessibleInAllColours(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Link', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Choose a person' })).toBeVisible();
  await expectAccessibleInAllColours(page);
  await visit(page, rotation);
  await chooseSchedule(page, 'Platform Primary');
  await expect(page.getByRole('heading', { name: 'What the rotation loses' })).toBeVisible();
  await expectAccessibleInAllColours(page);

  await createRotation(page, 'Coffee');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Add a member who is active' })).toBeVisible();
  await expectAccessibleInAllColours(page);
  await addMember(page, 'Leila Haddad');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByRole('log')).toContainText('is on duty now.');
  await expectAccessibleInAllColours(page);
  await openEditor(page);
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog', { name: 'Delete rotation' })).toBeVisible();
  await expectAccessibleInAllColours(page);
});

test('no question or warning about the connection has barriers', async ({ page, world }) => {
  const { sandbox } = world;
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await disconnect(page);
  await expectAccessibleInAllColours(page);
  await connectWithApiKey(page, (await sandbox.credentials()).pagerduty.api_key);
  await expect(page.getByRole('button', { name: 'Bind them back' })).toBeVisible();
  await expectAccessibleInAllColours(page);
  await page.getByRole('button', { name: 'Bind them back' }).click();
  await expect(page.getByText('1 rotation follows PagerDuty again.')).toBeVisible();

  await sandbox.control('oauth/audience', { region: 'eu' });
  await goToPagerDuty(page, sandbox);
  await allowAs(page, 'Marta Kowalczyk');
  await expect(page.getByText('This is another PagerDuty account')).toBeVisible();
  await expectAccessibleInAllColours(page);
  await takenOver(page);
  await page.getByRole('button', { name: 'Keep the present account' }).click();
  await expect(page.getByText('The connection stayed as it was')).toBeVisible();

  await sandbox.control('pagerduty/keys/revoke', {});
  await expect(pagerDutyCard(page).getByText('Needs reconnection')).toBeVisible();
  await expectAccessibleInAllColours(page);
  for (const path of ['/rotations', rotation, '/settings/integrations/syncs']) {
    await visitQuietly(page, path);
    await expect(page.getByText('Needs reconnection').or(page.getByText('PagerDuty needs reconnection')).first()).toBeVisible();
    await expectAccessibleInAllColours(page);
  }
});

test('the page of all components has no barriers, nor has what opens on it', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/settings/design');
  await expectAccessibleInAllColours(page);
  await page.getByRole('button', { name: 'Open a dialog' }).click();
  await expect(page.getByRole('dialog', { name: 'A question' })).toBeVisible();
  await expectAccessibleInAllColours(page);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Menu' }).click();
  await expect(page.getByRole('menuitem', { name: 'An entry' })).toBeFocused();
  await expectAccessibleInAllColours(page);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Show a toast' }).click();
  await expect(page.getByRole('log')).toContainText('Something was done.');
  await expectAccessibleInAllColours(page);
});

test.describe('what leads nowhere or is not allowed', () => {
  test.use({ expectedConsole: /status of (403|404)/ });

  test('is said without barriers', async ({ page, openBrowser, world }) => {
    const admin = await openBrowser();
    const rotation = await furnish(admin, world);
    await signInAs(page, 'Tomás Herrera');
    for (const path of ['/settings/audit', '/settings/background', '/settings/nothing', '/rotations/no-such-rotation', '/settings/integrations', rotation, `${rotation}/schedule`]) {
      await visit(page, path);
      await expectAccessibleInAllColours(page);
    }
    // A page that the server makes without the app.
    await page.goto('/api/integrations/pagerduty/login/callback?state=x&code=y');
    await expect(page.getByRole('heading', { level: 1, name: 'This did not work' })).toBeVisible();
    await expectAccessibleInAllColours(page);

    const guest = await openBrowser();
    await signInAs(guest, 'Sam Carter');
    for (const path of ['/rotations', '/rotations/new', rotation, `${rotation}/schedule`, '/settings', '/settings/integrations']) {
      await visitQuietly(guest, path);
      await expectAccessibleInAllColours(guest);
    }
  });
});

test.describe('what went wrong on the way', () => {
  // Its server stops under the open page.
  test.use({
    expectedConsole:
      /status of (401|500)|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/,
  });

  test('is said without barriers', async ({ page, context, world }) => {
    await connectAs(page, world);
    const rotation = await createRotation(page, 'Coffee');
    await context.setOffline(true);
    await expect(page.getByText('No connection to Round Robin.')).toBeVisible();
    await expectAccessibleInAllColours(page);
    await context.setOffline(false);
    await expect(page.getByRole('log')).toContainText('Connected again');

    await visit(page, '/settings');
    await post(page, '/api/auth/slack/logout');
    await expect(page.getByText('Your session has ended')).toBeVisible({ timeout: 30_000 });
    await expectAccessibleInAllColours(page);
    await signInAs(page, 'Ada Okafor');

    await world.server.stop();
    await spoilModesBeside('Coffee', world.server.databasePath);
    await world.server.start();
    for (const path of ['/rotations', rotation]) {
      await visit(page, path);
      await expect(page.getByText('Something went wrong on our side')).toBeVisible();
      await expectAccessibleInAllColours(page);
    }
  });
});
