// Connecting PagerDuty and disconnecting it, as the help article walks through it.
import { expect, type Locator, type Page } from '@playwright/test';
import { done } from './calls';
import { signInWithoutJavaScript } from './sign-in';
import { visit } from './takeover';
import type { World } from './world';

export const DISCONNECTED = /PagerDuty is disconnected\. .* reverted to Manual\./;

export async function openIntegrations(page: Page): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'Integrations (Manage & Connect)' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Integrations' })).toBeVisible();
}

/** The card of PagerDuty on the integrations panel. */
export function pagerDutyCard(page: Page): Locator {
  return page.getByRole('region', { name: 'PagerDuty' });
}

export function connectedButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Connected to PagerDuty' });
}

/** What the card says about one thing, such as the service region. */
export function fact(page: Page, name: string): Locator {
  return pagerDutyCard(page).locator('dl > div').filter({ hasText: name }).getByRole('definition');
}

export async function openKeyDialog(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Login using an API Key' }).click();
  return openDialog(page);
}

/** Presses an entry in the menu of the connection. */
export async function changeConnection(page: Page, entry: string): Promise<void> {
  await connectedButton(page).click();
  await page.getByRole('menuitem', { name: entry }).click();
}

export async function openEditDialog(page: Page): Promise<Locator> {
  await changeConnection(page, 'Edit API Key');
  return openDialog(page);
}

async function openDialog(page: Page): Promise<Locator> {
  const dialog = page.getByRole('dialog');
  await expect(keyField(dialog)).toBeVisible();
  return dialog;
}

export function keyField(dialog: Locator): Locator {
  return dialog.getByLabel('API Key', { exact: true });
}

/** Dots in the place of what is typed, in a field that no password manager takes for a password. */
export async function expectHidden(field: Locator, hidden = true): Promise<void> {
  await expect(field).toHaveCSS('-webkit-text-security', hidden ? 'disc' : 'none');
  await expect(field).toHaveAttribute('type', 'text');
}

export async function saveKey(dialog: Locator, key: string): Promise<void> {
  await keyField(dialog).fill(key);
  await dialog.getByRole('button', { name: 'Save' }).click();
}

/** Starts anywhere and ends on the panel of a workspace that is connected. */
export async function connectWithApiKey(page: Page, key: string): Promise<void> {
  await openIntegrations(page);
  await saveKey(await openKeyDialog(page), key);
  await expect(connectedButton(page)).toBeVisible();
}

/** Ends on the panel, signed in and connected with the account's key, with no page on the way. */
export async function connectAs(page: Page, world: World, person = 'Ada Okafor'): Promise<void> {
  const { pagerduty } = await world.sandbox.credentials();
  await signInWithoutJavaScript(page, person);
  await done(page, '/rpc/connect_with_api_key', { api_key: pagerduty.api_key });
  await visit(page, '/settings/integrations');
  await expect(connectedButton(page)).toBeVisible();
}

/** Starts on the panel and ends with the confirmation open. */
export async function openDisconnectDialog(page: Page): Promise<Locator> {
  await connectedButton(page).click();
  await page.getByRole('menuitem', { name: 'Disconnect from PagerDuty' }).click();
  const dialog = page.getByRole('dialog', { name: 'Disconnect from PagerDuty' });
  await expect(dialog).toBeVisible();
  return dialog;
}

export async function disconnect(page: Page): Promise<void> {
  const dialog = await openDisconnectDialog(page);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByText(DISCONNECTED)).toBeVisible();
}
