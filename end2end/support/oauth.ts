// Logging in at PagerDuty, from the panel through PagerDuty's own pages and back.
import { expect, type Locator, type Page } from '@playwright/test';
import { changeConnection, connectedButton, openIntegrations } from './connection';
import type { Sandbox } from './sandbox';

/** What the sandbox has counted of its login; see its API.md. */
export interface Logins {
  grants: number;
  refreshes: number;
  reused: number;
}

export function logins(sandbox: Sandbox): Promise<Logins> {
  return sandbox.control<Logins>('oauth');
}

export async function openOauthDialog(page: Page): Promise<Locator> {
  const connected = connectedButton(page);
  const first = page.getByRole('button', { name: 'Login using OAuth 2.0' });
  await expect(connected.or(first)).toBeVisible();
  await ((await connected.isVisible()) ? changeConnection(page, 'Login using OAuth 2.0') : first.click());
  const dialog = page.getByRole('dialog');
  await expect(clientId(dialog)).toBeVisible();
  return dialog;
}

export function clientId(dialog: Locator): Locator {
  return dialog.getByLabel('Client ID', { exact: true });
}

export function clientSecret(dialog: Locator): Locator {
  return dialog.getByLabel('Client Secret', { exact: true });
}

export async function saveClient(dialog: Locator, id: string, secret: string): Promise<void> {
  await clientId(dialog).fill(id);
  await clientSecret(dialog).fill(secret);
  await dialog.getByRole('button', { name: 'Save' }).click();
}

/** On PagerDuty's page, as the person whose option contains the text. */
export async function allowAs(page: Page, person = 'Ada Okafor'): Promise<void> {
  const who = page.getByLabel('Log in as');
  const option = who.getByRole('option').filter({ hasText: person });
  await who.selectOption((await option.getAttribute('value'))!);
  // The click waits for the page that it leads to, which may be as slow as PagerDuty's login may be.
  await page.getByRole('button', { name: 'Allow' }).click({ timeout: 20_000 });
}

export async function deny(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Deny' }).click();
}

/** Starts on the panel and ends on PagerDuty's page. */
export async function goToPagerDuty(page: Page, sandbox: Sandbox): Promise<void> {
  const { pagerduty } = await sandbox.credentials();
  await saveClient(await openOauthDialog(page), pagerduty.client_id, pagerduty.client_secret);
  await expect(page.getByLabel('Log in as')).toBeVisible();
}

/** Starts anywhere and ends on the panel of a workspace that is connected as a person. */
export async function connectWithOauth(page: Page, sandbox: Sandbox, person = 'Ada Okafor'): Promise<void> {
  await openIntegrations(page);
  await goToPagerDuty(page, sandbox);
  await allowAs(page, person);
  await expect(page).toHaveURL('/settings/integrations');
  await expect(connectedButton(page)).toBeVisible();
}
