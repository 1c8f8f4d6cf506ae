// The way in that nearly every test starts with.
import { expect, type Page } from '@playwright/test';
import { takenOver } from './takeover';

/** The session's cookie; where there is no https, its name ends with the port. */
export const SESSION_COOKIE = /^roundrobin_session(_\d+)?$/;

/**
 * Signs in as the person whose button on the sandbox's page contains the text,
 * a name or a role, and installs the app in the workspace when asked to.
 */
export async function signInAs(page: Page, person: string | RegExp): Promise<void> {
  await signInWithoutJavaScript(page, person);
  await takenOver(page);
}

export async function signInWithoutJavaScript(page: Page, person: string | RegExp): Promise<void> {
  // The link works before the app does, so nothing is waited for.
  await page.goto('/', { waitUntil: 'domcontentloaded' });
  await chooseAtSlack(page, person);
  await expect(page).toHaveURL(/\/rotations$/);
}

/** From the sign-in page through Slack and back to wherever that leads. */
export async function chooseAtSlack(page: Page, person: string | RegExp): Promise<void> {
  await expect(page).toHaveURL(/\/sign-in(\?|$)/);
  await page.getByRole('link', { name: 'Sign in with Slack' }).click();
  await page.getByRole('button', { name: person }).first().click();

  const allow = page.getByRole('button', { name: 'Allow' });
  const inside = page.getByRole('navigation').getByRole('link', { name: 'Rotations' });
  await expect(allow.or(inside).first()).toBeVisible();
  if (await allow.isVisible()) await allow.click();
  await expect(inside).toBeVisible();
}
