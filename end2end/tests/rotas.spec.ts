// Rotations that move on by schedules of their own.
import type { Page } from '@playwright/test';
import { arrangeRotation, card, mode, names } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

test('a weekly schedule is made on its page and seen wherever shifts are', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Ops', ['Ada Okafor', 'Wei Zhang']);
  await visit(page, path);
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await page.getByRole('radio', { name: 'Scheduled' }).check();
  await page.getByLabel('Day of the week').selectOption('Tuesday');
  await page.getByLabel('Time zone').fill('Europe/Atlantis');
  await page.getByRole('button', { name: 'Save' }).click();
  const zone = page.getByLabel('Time zone');
  await expect(zone).toHaveAccessibleDescription(/There is no time zone of this name/);
  await zone.fill('Europe/Paris');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(mode(page)).toHaveText('Scheduled');
  await expect(page.getByRole('region', { name: 'Schedule' })).toContainText('Every Tuesday at 09:00, Europe/Paris.');
  await expect(names(page, 'Coming shifts')).toContainText(['Nobody', 'Ada Okafor', 'Wei Zhang']);
  await visit(page, '/rotations');
  await expect(card(page, 'Ops')).toContainText('Ada Okafor');
  await visit(page, '/week?weeks=2');
  await expect(page.getByText('Wei Zhang').first()).toBeAttached();
});

/** For whoever has signed in. */
async function isPreviewed(page: Page): Promise<void> {
  const path = await arrangeRotation(page, 'Ops', ['Ada Okafor', 'Wei Zhang']);
  await page.goto(`${path}/schedule`);
  await page.getByRole('radio', { name: 'Scheduled' }).check();
  await page.getByLabel('Duty changes hands').selectOption('Every day');
  await page.getByLabel('Public holidays of').fill('France');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('heading', { name: 'The next eight weeks' })).toBeVisible();
  await expect(page.getByText('Every day at 09:00, UTC; nobody takes over on holidays of France (FR).')).toBeVisible();
  await expect(page.getByLabel('Public holidays of')).toHaveValue('France');
  await page.goto(path);
  await expect(mode(page)).toHaveText('Manual');
}

test('what a schedule would bring is shown before it is saved', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await isPreviewed(page);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  test('what a schedule would bring is shown all the same', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await isPreviewed(page);
  });
});
