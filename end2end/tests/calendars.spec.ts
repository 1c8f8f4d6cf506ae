// What calendars do that is not obvious: hours that come twice. Days of an odd length are in `week.spec.ts`.
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

test.describe('where clocks are turned back', () => {
  test.use({ timezoneId: 'Europe/Berlin' });

  test('a time that comes twice tells which one it is', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await visit(page, '/settings/design');
    const twice = page.locator('#design-turned-back time');
    await expect(twice).toHaveText([/02:30 (CEST|GMT\+2)$/, /02:30 (CET|GMT\+1)$/]);
  });
});
