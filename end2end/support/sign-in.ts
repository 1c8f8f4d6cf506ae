// The way in that nearly every test starts with.
import { expect, type Page } from '@playwright/test';

/**
 * Signs in as the person whose button on the sandbox's page contains the text,
 * a name or a role, and installs the app in the workspace when asked to.
 */
export async function signInAs(page: Page, person: string | RegExp): Promise<void> {
  await page.goto('/');
  await expect(page).toHaveURL(/\/sign-in(\?|$)/);
  await page.getByRole('link', { name: 'Sign in with Slack' }).click();
  await page.getByRole('button', { name: person }).first().click();

  const allow = page.getByRole('button', { name: 'Allow' });
  const inside = page.getByRole('navigation').getByRole('link', { name: 'Rotations' });
  await expect(allow.or(inside).first()).toBeVisible();
  if (await allow.isVisible()) await allow.click();
  await expect(page).toHaveURL(/\/rotations$/);
}
