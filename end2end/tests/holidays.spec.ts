// Holidays of the workspace, by an admin.
import type { Page } from '@playwright/test';
import { done } from '../support/calls';
import { arrangeRotation } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

/** A rotation that Ada and Wei hand over at midnight, and nobody has on holidays of France. */
async function arrangeDays(page: Page): Promise<void> {
  const path = await arrangeRotation(page, 'Ops', ['Ada Okafor', 'Wei Zhang']);
  await done(page, '/rpc/set_schedule', {
    id: path.split('/').pop()!,
    mode: 'scheduled',
    'rota[kind]': 'daily',
    'rota[times]': '00:00',
    'rota[zone]': 'UTC',
    'rota[starts_on]': '2026-01-01',
    'rota[holidays]': 'FR',
    'rota[on_days_off]': 'nobody',
  });
}

/** A day to come that is no holiday of France in any year: those that move are Mondays and Thursdays. */
function plainDay(): string {
  const fixed = ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25'];
  for (let days = 2; ; days++) {
    const day = new Date(Date.now() + days * 86_400_000);
    const text = day.toISOString().slice(0, 10);
    if (![1, 4].includes(day.getUTCDay()) && !fixed.includes(text.slice(5))) {
      return text;
    }
  }
}

/** Tries a day, adds it, and takes it away again. */
async function addAndRemove(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add day' }).click();
  await expect(page.getByLabel('Name')).toHaveAccessibleDescription(/Enter what the day is called/);
  await page.getByLabel('Day', { exact: true }).fill(plainDay());
  await page.getByLabel('Name').fill('Company day');
  await page.getByRole('button', { name: 'Preview' }).click();
  const preview = page.getByRole('region', { name: 'What this changes' });
  await expect(preview).toContainText(/\d+ shifts? in 1 rotation change hands by it/);
  await expect(preview).toContainText('Nothing is saved yet.');
  await preview.getByRole('button', { name: 'Save this change' }).click();
  const own = page.getByRole('region', { name: 'Days of this workspace' });
  await expect(own).toContainText('Company day');
  await expect(preview).toHaveCount(0);
  await own.getByRole('button', { name: /^Remove…/ }).click();
  await expect(preview).toContainText('No holiday:');
  await preview.getByRole('button', { name: 'Save this change' }).click();
  await expect(own).toContainText('None has been added.');
}

test('a holiday is previewed, added and removed', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await arrangeDays(page);
  await visit(page, '/settings/holidays');
  await expect(page.getByRole('region', { name: 'Holidays of countries' })).toContainText('France (FR)');
  await addAndRemove(page);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  test('a holiday is previewed, added and removed', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await arrangeDays(page);
    await page.goto('/settings/holidays');
    await addAndRemove(page);
  });
});
