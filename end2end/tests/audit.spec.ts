// The audit log, page by page: with scripts and without, and from an address that somebody shared. And who did what.
import { done } from '../support/calls';
import { connectAs, disconnect, openIntegrations } from '../support/connection';
import { makeBoundRotation } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { expect, test, type Page } from '../support/world';

const ADDRESS = '/settings/audit';

/** So many rotations that the log has two pages, whatever else is in it. */
async function fillLog(page: Page): Promise<void> {
  for (let number = 1; number <= 60; number += 1) {
    await done(page, '/rpc/create_rotation', { 'input[name]': `Rotation ${number}` });
  }
}

/** From the newest entries to the older ones and back, and to where nothing is. */
async function walk(page: Page): Promise<void> {
  const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
  const heading = page.getByRole('heading', { level: 1 });
  await page.goto(ADDRESS);
  await expect(page.getByText('Entries are kept for 400 days.')).toBeVisible();
  await expect(rows).toHaveCount(50);
  await expect(rows.first()).toContainText('Rotation 60');
  await expect(rows.last()).toContainText('Rotation 11');
  await expect(page.getByRole('link', { name: 'Newest entries' })).toHaveCount(0);

  await page.getByRole('link', { name: 'Older entries' }).click();
  await expect(heading).toHaveText('Audit log, older entries');
  await expect(rows.first()).toContainText('Rotation 10');
  await expect(page.getByRole('link', { name: 'Older entries' })).toHaveCount(0);
  await page.goto(page.url());
  await expect(rows.first(), 'the address alone leads there').toContainText('Rotation 10');
  await page.getByRole('link', { name: 'Newest entries' }).click();
  await expect(heading).toHaveText('Audit log');
  await expect(rows.first()).toContainText('Rotation 60');

  for (const odd of ['1', 'zzz', '%00', "' or true --", 'ffffffff', '00000000-0000-0000-0000-00000000000G']) {
    const answer = await page.goto(`${ADDRESS}?older_than=${encodeURIComponent(odd)}`);
    expect(answer!.status(), odd).toBe(200);
    await expect(heading, odd).toHaveText('Audit log');
    await expect(rows, odd).toHaveCount(50);
  }
}

test('the log is read page by page, and an odd address leads to its first page', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await fillLog(page);
  await walk(page);
});

test('what follows from a deed by itself is told from what somebody did', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await disconnect(page);
  await page.goto(ADDRESS);
  const entry = (action: string) => page.getByRole('row').filter({ hasText: action });
  await expect(entry('Disconnected PagerDuty')).toContainText('Ada Okafor');
  const reverted = entry('Reverted a rotation to Manual');
  await expect(reverted).toContainText('Round Robin itself');
  await reverted.getByRole('link', { name: 'Platform on-call' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Platform on-call' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({
    javaScriptEnabled: false,
    expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/,
  });

  test('the log is read page by page as well', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await fillLog(page);
    await walk(page);
  });
});
