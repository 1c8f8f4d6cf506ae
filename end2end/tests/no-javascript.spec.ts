// The whole main job without JavaScript: forms are sent by the browser, and
// what they came to stands on the page that answers.
import { connectedButton, fact, keyField, openDisconnectDialog, openIntegrations, openKeyDialog, saveKey } from '../support/connection';
import { addMember, card, mode, names } from '../support/rotations';
import { signInWithoutJavaScript } from '../support/sign-in';
import { expect, test } from '../support/world';

// A browser without JavaScript refuses to load scripts, for which Chromium's word is "csp", and wonders
// what the module is for.
const WITHOUT_SCRIPTS = /\/pkg\/\S+\.js csp|preloaded using link preload but not used/;

test.use({ javaScriptEnabled: false, expectedConsole: WITHOUT_SCRIPTS });

test('without JavaScript a rotation is made, corrected, staffed and rotated', async ({ page }) => {
  await signInWithoutJavaScript(page, 'Ada Okafor');
  await page.getByRole('link', { name: 'New rotation' }).click();
  await page.getByRole('textbox', { name: 'Description' }).fill('Who brews <today> & tomorrow');
  await page.getByRole('textbox', { name: 'Code' }).fill('not a code');
  await page.getByRole('radio', { name: 'Private' }).check();
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveAccessibleDescription(/Give the rotation a name/);
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveAccessibleDescription(/letters A to Z/);
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveValue('not a code');
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Who brews <today> & tomorrow');
  await expect(page.getByRole('radio', { name: 'Private' })).toBeChecked();

  await page.getByRole('textbox', { name: 'Name' }).fill('Coffee');
  await page.getByRole('textbox', { name: 'Code' }).fill('coffee');
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
  await expect(page.getByText('COFFEE', { exact: true })).toBeVisible();

  for (const name of ['Leila Haddad', 'Wei Zhang']) await addMember(page, name);
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad', 'Wei Zhang']);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Wei Zhang']);

  await page.getByRole('link', { name: 'Rotations', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Search rotations' }).fill('tea');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.getByRole('link', { name: 'Show everything' }).click();
  await expect(card(page, 'Coffee')).toContainText('Wei Zhang');
});

test('without JavaScript PagerDuty is connected, followed and disconnected', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInWithoutJavaScript(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveKey(await openKeyDialog(page), 'u+NoSuchKey_0000');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toContainText('PagerDuty does not accept this key');
  await expect(keyField(dialog)).toBeVisible();
  await saveKey(dialog, pagerduty.api_key);
  await expect(connectedButton(page)).toBeVisible();
  await expect(page.getByText('The key works and was saved')).toBeVisible();
  await expect(fact(page, 'How')).toContainText('••••K7Qa');
  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText('Synced: nothing had changed.')).toBeVisible();

  await page.goto('/rotations/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('Platform on-call');
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  const section = page.getByRole('region', { name: 'Schedule' });
  await section.getByRole('button', { name: 'Edit schedule' }).click();
  await section.getByRole('radio', { name: 'PagerDuty' }).check();
  await section.getByRole('searchbox', { name: 'Search schedules' }).fill('platform');
  await section.getByRole('button', { name: 'Search' }).click();
  await section.getByRole('radio', { name: 'Platform Primary', exact: true }).check();
  await section.getByRole('button', { name: 'Show details' }).click();
  await expect(section).toContainText('4 of 4 linked to Slack');
  await section.getByRole('button', { name: 'Save' }).click();
  await expect(section).toContainText('Bound to Platform Primary');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);

  await openIntegrations(page);
  const confirmation = await openDisconnectDialog(page);
  await confirmation.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByText('PagerDuty is disconnected. 1 rotation reverted to Manual.')).toBeVisible();
  await page.getByRole('link', { name: 'Rotations', exact: true }).click();
  await card(page, 'Platform on-call').getByRole('link').click();
  await expect(mode(page)).toHaveText('Manual');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);

  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
  await expect(page).toHaveURL('/sign-in');
});

test.describe('whoever may not', () => {
  // A page that says no carries the status that says no.
  test.use({ expectedConsole: new RegExp(`${WITHOUT_SCRIPTS.source}|status of 403`) });

  test('without JavaScript a refusal is a page with a sentence and a way back', async ({ page, openBrowser }) => {
    const admin = await openBrowser();
    await signInWithoutJavaScript(admin, 'Ada Okafor');
    await signInWithoutJavaScript(page, 'Tomás Herrera');
    const refused = await page.goto('/settings/audit');
    expect(refused!.status()).toBe(403);
    await expect(page.getByText('Only workspace admins may read the audit log')).toBeVisible();
  });
});
