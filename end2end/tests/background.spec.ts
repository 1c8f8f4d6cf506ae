// Settings → Background work: what a server does without being asked, for admins.
import { expectAccessibleInAllColours } from '../support/accessibility';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

test('an admin sees whether the background work is done', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/settings');
  await page.getByRole('link', { name: 'Background work' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Background work' })).toBeVisible();
  await expect(page.getByText('each tells of itself')).toBeVisible();
  for (const task of ['hands over duty', 'people of each Slack workspace', 'outlived its use']) {
    const row = page.getByRole('row').filter({ hasText: task });
    await expect(row).toContainText('Well');
    await expect(row.getByRole('cell').nth(3)).toContainText(/\d m?s|Goes on/);
  }
  await expectAccessibleInAllColours(page);
});

test.describe('whoever may not', () => {
  // A page that says no carries the status that says no.
  test.use({ expectedConsole: /status of 403/ });

  test('a member is refused it and not led there', async ({ page, openBrowser }) => {
    // Whoever signs in first installs the app.
    await signInAs(await openBrowser(), 'Ada Okafor');
    await signInAs(page, 'Tomás Herrera');
    await visit(page, '/settings');
    await expect(page.getByRole('link', { name: 'Integrations', exact: true })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Background work' })).toHaveCount(0);
    const refused = await page.goto('/settings/background');
    expect(refused!.status()).toBe(403);
    await expect(page.getByText('Only workspace admins may see how the background work goes')).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
  });
});
