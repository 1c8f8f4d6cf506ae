// What calendars do that is not obvious: days without a midnight, and hours that come twice.
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

for (const [place, timezoneId, names] of [
  ['santiago', 'America/Santiago', [/^Sat/, /^Sun/, /^Mon/, /^Tue/]],
  ['cairo', 'Africa/Cairo', [/^Thu/, /^Fri/, /^Sat/, /^Sun/]],
] as const) {
  test.describe(`where a day has no midnight, in ${place}`, () => {
    test.use({ timezoneId });

    test('it is drawn from its first hour on, and the next one from midnight', async ({ page }) => {
      await signInAs(page, 'Ada Okafor');
      await visit(page, '/settings/design');
      // Five times 24 hours from a midnight on: the third day begins at 01:00 and has 23 hours.
      const days = page.locator(`#design-no-midnight-${place} line.day`);
      await expect(days).toHaveCount(5);
      const places = await days.evaluateAll((lines) => lines.map((line) => line.getAttribute('x1')));
      expect(places).toEqual(['20.00%', '40.00%', '59.16%', '79.16%', '99.16%']);
      await expect(page.locator(`#design-no-midnight-${place} .day-name`)).toHaveText([...names]);
    });
  });
}

test.describe('where clocks are turned back', () => {
  test.use({ timezoneId: 'Europe/Berlin' });

  test('a time that comes twice tells which one it is', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await visit(page, '/settings/design');
    const twice = page.locator('#design-turned-back time');
    await expect(twice).toHaveText([/02:30 (CEST|GMT\+2)$/, /02:30 (CET|GMT\+1)$/]);
  });
});
