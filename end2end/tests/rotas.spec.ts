// Rotations that move on by schedules of their own.
import { arrangeRotation, card, mode, names } from '../support/rotations';
import { signInAs } from '../support/sign-in';
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
