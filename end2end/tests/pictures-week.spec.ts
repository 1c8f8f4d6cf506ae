import { connectAs } from '../support/connection';
import { arrangeRotation, makeBoundRotation } from '../support/rotations';
import { visit } from '../support/takeover';
import { test } from '../support/world';

for (const [name, viewport, colorScheme] of [
  ['desktop-light', { width: 1280, height: 900 }, 'light'],
  ['desktop-dark', { width: 1280, height: 900 }, 'dark'],
  ['phone-dark', { width: 360, height: 740 }, 'dark'],
  ['phone-light', { width: 320, height: 740 }, 'light'],
] as const) {
  test.describe(name, () => {
    test.use({ viewport, colorScheme, timezoneId: 'Europe/Berlin' });
    test('pictures', async ({ page, world }) => {
      test.slow();
      await connectAs(page, world);
      for (const [rotation, schedule] of [
        ['Platform on-call', 'Platform Primary'],
        ['Night watch', 'Night Watch'],
        ['Warehouse systems', 'Warehouse Asia'],
        ['Mobile on-call', 'Mobile EU'],
        ['כוננות נתונים', 'Data Insights'],
      ] as const) await makeBoundRotation(page, rotation, schedule);
      const coffee = await arrangeRotation(page, 'Coffee machine', ['Leila Haddad', 'Wei Zhang']);
      await visit(page, coffee);
      await page.getByRole('button', { name: 'Rotate' }).click();
      for (const [shot, path] of [
        ['week', '/week'],
        ['week-next', '/week?weeks=2&from=2026-12-07'],
        ['week-4', '/week?weeks=4'],
        ['week-list', '/week?view=list'],
        ['week-banana', '/week?from=banana&show=mine'],
      ] as const) {
        await visit(page, path);
        await page.waitForTimeout(400);
        await page.screenshot({ path: `/tmp/week-shots/${name}-${shot}.png`, fullPage: true });
      }
      await visit(page, '/rotations');
      await page.getByRole('link', { name: 'Night watch' }).click();
      await page.getByRole('heading', { name: 'Timeline' }).waitFor();
      await page.waitForTimeout(400);
      await page.screenshot({ path: `/tmp/week-shots/${name}-rotation.png`, fullPage: true });
    });
  });
}
