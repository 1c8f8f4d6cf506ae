// The whole main job without JavaScript: forms are sent by the browser, and
// what they came to stands on the page that answers.
import type { Page } from '@playwright/test';
import {
  changeConnection,
  connectedButton,
  disconnect,
  fact,
  keyField,
  openDisconnectDialog,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
  saveKey,
} from '../support/connection';
import { allowAs, clientId, deny, openOauthDialog, saveClient } from '../support/oauth';
import { addMember, addOwners, card, change, mode, names, openAddition, openEditor, row } from '../support/rotations';
import { signInWithoutJavaScript } from '../support/sign-in';
import { expect, test } from '../support/world';

// A browser without JavaScript refuses to load scripts, for which Chromium's word is "csp", and wonders
// what the module is for.
const WITHOUT_SCRIPTS = /\/pkg\/\S+\.js csp|preloaded using link preload but not used/;

test.use({ javaScriptEnabled: false, expectedConsole: WITHOUT_SCRIPTS });

async function makeRotation(page: Page, name: string): Promise<void> {
  await page.goto('/rotations/new');
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** Starts on a rotation's page; each step is a page of its own. */
async function bindTo(page: Page, schedule: string): Promise<void> {
  const section = page.getByRole('region', { name: 'Schedule' });
  await section.getByRole('button', { name: 'Edit schedule' }).click();
  await section.getByRole('radio', { name: 'PagerDuty' }).check();
  await section.getByRole('searchbox', { name: 'Search schedules' }).fill('platform');
  await section.getByRole('button', { name: 'Search' }).click();
  await section.getByRole('radio', { name: schedule, exact: true }).check();
  await section.getByRole('button', { name: 'Show details' }).click();
  await expect(section).toContainText('linked to Slack');
  await section.getByRole('button', { name: 'Save' }).click();
  await expect(section).toContainText(`Bound to ${schedule}`);
}

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

  await makeRotation(page, 'Platform on-call');
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await page.getByRole('radio', { name: 'PagerDuty' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Search for a schedule and choose one from the list.')).toBeVisible();
  await page.getByRole('link', { name: 'Back to the rotation' }).click();
  await bindTo(page, 'Platform Primary');
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

test('without JavaScript members are moved, set on duty and removed, owners change, and a rotation is deleted after asking', async ({ page }) => {
  await signInWithoutJavaScript(page, 'Ada Okafor');
  await makeRotation(page, 'Coffee');
  for (const name of ['Leila Haddad', 'Wei Zhang']) await addMember(page, name);
  await change(page, 'Move up', 'Wei Zhang');
  await expect(names(page, 'Members')).toHaveText(['Wei Zhang', 'Leila Haddad']);
  await change(page, 'Set on duty', 'Leila Haddad');
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  await change(page, 'Remove', 'Wei Zhang');
  const told = page.getByRole('status').filter({ hasText: 'Wei Zhang was removed.' });
  await told.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Undone. Wei Zhang is back. Leila Haddad is on duty now.' })).toBeVisible();
  await expect(names(page, 'Members')).toHaveText(['Wei Zhang', 'Leila Haddad']);
  await change(page, 'Remove', 'Wei Zhang');
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad']);
  await openEditor(page);
  await addOwners(page, 'Kenji Sato', 'Leila Haddad');
  await row(page, 'Owners', 'Leila Haddad').getByRole('button', { name: 'Remove' }).click();
  await row(page, 'Owners', 'Kenji Sato').getByRole('button', { name: 'Remove' }).click();
  await expect(names(page, 'Owners')).toHaveText(['Ada Okafor']);

  const dialog = page.getByRole('dialog', { name: 'Delete rotation' });
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('heading', { name: 'Nobody takes turns yet' })).toBeVisible();
});

test('without JavaScript the whole way to PagerDuty’s login and back works, with a denial before it', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const dialog = page.getByRole('dialog');
  await signInWithoutJavaScript(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveClient(await openOauthDialog(page), 'a b', pagerduty.client_secret);
  await expect(clientId(dialog)).toHaveAccessibleDescription(/no spaces/);
  await expect(clientId(dialog)).toHaveValue('a b');
  await saveClient(dialog, pagerduty.client_id, pagerduty.client_secret);
  await deny(page);
  await expect(dialog.getByRole('alert').first()).toContainText('Access was denied');
  await saveClient(dialog, pagerduty.client_id, pagerduty.client_secret);
  await allowAs(page);
  await expect(connectedButton(page)).toBeVisible();
  await expect(page.getByText('The login works and was saved')).toBeVisible();
  await changeConnection(page, 'Reconnect');
  await allowAs(page);
  await expect(connectedButton(page)).toBeVisible();
});

test('without JavaScript people of a large workspace are searched for', async ({ page, world }) => {
  await world.sandbox.control('seed', { users: 60 });
  const { pagerduty } = await world.sandbox.credentials();
  await signInWithoutJavaScript(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveKey(await openKeyDialog(page), pagerduty.api_key);
  await makeRotation(page, 'Backup');
  const addition = await openAddition(page);
  const search = addition.getByRole('searchbox', { name: 'Find people' });
  for (const [looked, name] of [['leila', 'Leila Haddad'], ['kenji', 'Kenji Sato']] as const) {
    await search.fill(looked);
    await addition.getByRole('button', { name: 'Search' }).click();
    await addition.getByRole('checkbox', { name }).check();
  }
  await expect(addition.getByRole('checkbox', { name: 'Leila Haddad' }), 'whoever was ticked stays').toBeChecked();
  await addition.getByRole('button', { name: 'Add people' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Leila Haddad and Kenji Sato were added.' })).toBeVisible();
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad', 'Kenji Sato']);
  await openEditor(page);
  const owners = page.getByRole('region', { name: 'Owners' });
  await openAddition(page, 'Owners');
  await owners.getByRole('searchbox', { name: 'Find people' }).fill('leila');
  await owners.getByRole('button', { name: 'Search' }).click();
  await addOwners(page, 'Leila Haddad');
  await page.getByRole('link', { name: 'Cancel' }).click();

  await bindTo(page, 'Platform Secondary');
  const rotation = page.url();
  await page.getByRole('link', { name: 'Link to Slack… Robin Ashworth' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link to Slack' });
  await dialog.getByRole('searchbox', { name: 'Find a person' }).fill('tomas.herrera');
  await dialog.getByRole('button', { name: 'Search' }).click();
  await dialog.getByLabel('Person in Slack', { exact: true }).selectOption({ label: 'Tomás Herrera' });
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(row(page, 'People linked by hand', 'Robin Ashworth')).toContainText('Linked by hand to Tomás Herrera');
  await page.goto(rotation);
  await expect(row(page, 'Members', 'Tomás Herrera')).toContainText('Linked by hand');
  await expect(row(page, 'Members', 'Tomás Herrera')).toContainText('Robin Ashworth in PagerDuty');
});

test('without JavaScript somebody is linked by hand, and what was bound is bound back', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInWithoutJavaScript(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveKey(await openKeyDialog(page), pagerduty.api_key);
  await expect(connectedButton(page)).toBeVisible();
  await makeRotation(page, 'Backup');
  await bindTo(page, 'Platform Secondary');

  const rotation = page.url();
  await page.getByRole('link', { name: 'Link to Slack… Robin Ashworth' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link to Slack' });
  await dialog.getByLabel('Person in Slack').selectOption({ label: 'Leila Haddad' });
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(row(page, 'People linked by hand', 'Robin Ashworth')).toContainText('Leila Haddad');
  await page.goto(rotation);
  await expect(row(page, 'Members', 'Leila Haddad')).toContainText('Linked by hand');
  await row(page, 'Members', 'Leila Haddad').getByRole('link', { name: 'Change link' }).click();
  await row(page, 'People linked by hand', 'Robin Ashworth').getByRole('button', { name: /Undo link/ }).click();
  await expect(row(page, 'People not linked to Slack', 'Robin Ashworth')).toContainText('Not found in Slack');

  await openIntegrations(page);
  await disconnect(page);
  await saveKey(await openKeyDialog(page), pagerduty.api_key);
  await page.getByRole('button', { name: 'Bind them back' }).click();
  await expect(page.getByText('1 rotation follows PagerDuty again.')).toBeVisible();
  await changeConnection(page, 'Edit API Key');
  await saveKey(page.getByRole('dialog'), pagerduty.eu_api_key);
  await expect(page.getByText('This is another PagerDuty account')).toBeVisible();
  await page.getByRole('button', { name: 'Switch accounts' }).click();
  await expect(fact(page, 'Service region')).toHaveText('EU');
  await expect(pagerDutyCard(page).getByText('This is another PagerDuty account')).toHaveCount(0);
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
