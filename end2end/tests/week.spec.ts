// The week over all rotations, days on which clocks are changed, and the zone in which times are told.
import type { Locator, Page } from '@playwright/test';
import { connectAs } from '../support/connection';
import { Keyboard } from '../support/keyboard';
import { arrangeRotation, makeBoundRotation } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { markDocument, isSameDocument, takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

const NIGHT = 'Night watch';

/** What the row of a rotation draws, each piece with its words. */
function pieces(page: Page, rotation: string): Locator {
  return page.getByRole('list', { name: rotation, exact: true }).getByRole('listitem');
}

/** The part of the list by day that is about today. */
function today(page: Page): Locator {
  return page.locator('.week-list details').filter({ hasText: 'Today' });
}

for (const [width, height] of [
  [1280, 800],
  [360, 740],
] as const) {
  for (const count of [5, 500]) {
    test.describe(`with ${count} rotations at ${width} pixels`, () => {
      test.use({ viewport: { width, height } });

      test('who is on for one, and who is on this week, is answered within two actions', async ({ page, world }) => {
        test.slow();
        await connectAs(page, world);
        await makeBoundRotation(page, NIGHT, 'Night Watch');
        for (let number = 2; number <= count; number++) await arrangeRotation(page, `Team ${number}`, []);

        await visit(page, '/');
        await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Week' }).click();
        const told = width > 1000 ? pieces(page, NIGHT).filter({ hasText: /^Wei Zhang/ }).first() : today(page);
        await expect(told).toContainText('Wei Zhang');
        await expect(told).toBeVisible();

        await visit(page, '/');
        await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rotations' }).click();
        await page.getByRole('searchbox', { name: 'Search rotations' }).fill('night');
        await expect(page.getByRole('listitem').filter({ hasText: NIGHT }).first()).toContainText('Wei Zhang');
      });
    });
  }
}

test('gaps, and what is not known, are told apart from duties by words, lines and patterns', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, NIGHT, 'Night Watch');
  await visit(page, '/week?weeks=2');
  const drawn = pieces(page, NIGHT);
  const gap = drawn.filter({ hasText: /Nobody, .* to / }).last();
  const before = drawn.filter({ hasText: /^Not followed.*Not followed here before / });
  const duty = drawn.filter({ hasText: /^Wei Zhang/ }).first();
  // Asked until it is so: a piece that is drawn anew at that moment has no style.
  const expectLine = (piece: Locator, style: string) =>
    expect(piece.locator('.piece')).toHaveCSS('border-top-style', style);
  await expectLine(duty, 'solid');
  await expectLine(gap, 'double');
  // What was before its first shift is not known, unless that began before the week.
  if (await before.count()) await expectLine(before.first(), 'dotted');
  await visit(page, `/week?from=${day(60)}`);
  await expect(drawn).toHaveText([/^Not known.*Not known from .* on$/]);
  await expectLine(drawn, 'dotted');
});

/** So many days from now, as an address has it. */
function day(days: number): string {
  return new Date(Date.now() + days * 24 * 3600 * 1000).toISOString().slice(0, 10);
}

test('an override is drawn at once, without the page being loaded anew', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform', 'Platform Primary');
  await visit(page, '/week');
  await markDocument(page);
  const before = await pieces(page, 'Platform').count();
  await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PJUERG8', seconds: 7200 });
  await expect(pieces(page, 'Platform').filter({ hasText: /^Jürgen/ }).first()).toBeAttached();
  // Whoever has the override may be next as well, and is drawn already.
  await expect.poll(() => pieces(page, 'Platform').count()).toBeGreaterThan(before);
  expect(await isSameDocument(page)).toBe(true);
});

test('what is shown is in the address, and anything may stand there', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await arrangeRotation(page, 'Coffee', ['Leila Haddad']);
  await visit(page, '/week?from=2026-11-25&weeks=2');
  const range = page.getByRole('heading', { level: 2 });
  const weeks = page.getByRole('navigation', { name: 'How many weeks' });
  const days = page.getByRole('navigation', { name: 'Days' });
  await expect(weeks.locator('[aria-current=true]')).toHaveText('2 weeks');
  const first = await range.textContent();
  await days.getByRole('link', { name: 'Next' }).click();
  await expect(page).toHaveURL(/from=2026-12-07&weeks=2/);
  await expect(range).not.toHaveText(first!);
  await days.getByRole('link', { name: 'Previous' }).click();
  await expect(range).toHaveText(first!);
  await weeks.getByRole('link', { name: '4 weeks' }).click();
  await expect(page.locator('.chart.days line.day')).toHaveCount(28);
  await page.getByRole('link', { name: 'Mine' }).click();
  await expect(page).toHaveURL(/weeks=4&show=mine/);
  await expect(pieces(page, 'Coffee').first()).toBeAttached();
  await page.goBack();
  await expect(page.getByRole('link', { name: 'All', exact: true })).toHaveAttribute('aria-current', 'true');

  for (const [query, sentence] of [
    ['from=banana', 'is no date such as'],
    ['from=0001-01-01', 'nothing is kept any more'],
    ['from=9999-12-31&weeks=4', 'nothing is kept any more'],
    ['weeks=7', 'Choose 1, 2 or 4 weeks'],
    ['weeks=-1&page=banana&show=nothing&view=cube', 'Choose 1, 2 or 4 weeks'],
  ] as const) {
    const answer = await page.goto(`/week?${query}`);
    expect(answer!.status()).toBe(200);
    await expect(page.locator('.notice')).toContainText(sentence);
    await expect(pieces(page, 'Coffee').first()).toBeAttached();
  }
});

test('by keyboard, the ways to other days, the names and the list are reached', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, NIGHT, 'Night Watch');
  await visit(page, '/week');
  const keyboard = new Keyboard(page, world.server.url);
  await keyboard.tabTo(page.getByRole('link', { name: 'List by day' }));
  await keyboard.press('Enter');
  await expect(page).toHaveURL(/view=list/);
  await expect(today(page)).toContainText('Wei Zhang');
  await keyboard.tabTo(today(page).getByRole('link', { name: NIGHT }));
  await keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`${rotation}$`));
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  test('the week is read in UTC, which is said, or in a zone that is chosen', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await page.goto('/week');
    await expect(page.getByText('Days are those of UTC.')).toBeVisible();
    await expect(page.locator('footer')).toHaveText('Times are in UTC.');
    await page.goto('/settings');
    await page.getByLabel('Another time zone').fill('asia/kolkata');
    await page.getByRole('button', { name: 'Use it' }).click();
    await expect(page).toHaveURL(/\/settings$/);
    await expect(page.locator('footer')).toHaveText('Times are in Asia/Kolkata, which was chosen in this browser.');
    await page.goto('/week');
    await expect(page.getByText('Days are those of Asia/Kolkata.')).toBeVisible();
    await page.goto('/settings');
    await page.getByRole('button', { name: 'Use this browser’s own' }).click();
    await expect(page.locator('footer')).toHaveText('Times are in UTC.');
  });
});

test.describe('in another zone', () => {
  test.use({ timezoneId: 'America/Santiago' });

  test('the very first byte of a page has the days of the browser’s own zone', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await page.goto('/sign-in');
    const answer = await page.request.get('/week');
    expect(await answer.text()).toContain('Days are those of America/Santiago.');
    await visit(page, '/week');
    await expect(page.locator('footer')).toHaveText('Times are in your own time zone, America/Santiago.');
  });

  test('a day on which clocks are changed is as wide as it is long', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await arrangeRotation(page, 'Coffee', []);
    // On 6 September 2026, midnight was left out in Santiago: that Sunday begins at one, and has 23 hours.
    await visit(page, '/week?from=2026-09-06');
    const lines = page.locator('.chart.days line.day');
    const places = await lines.evaluateAll((lines) => lines.map((line) => line.getAttribute('x1')));
    expect(places).toEqual(['0.00%', '14.37%', '28.74%', '43.11%', '57.48%', '71.85%', '86.22%']);
    await expect(page.locator('.chart.days .day-name').last()).toHaveText('Sun 6');
  });

  test('times are read in the zone of a schedule where somebody chooses so', async ({ page, world }) => {
    await connectAs(page, world);
    await makeBoundRotation(page, NIGHT, 'Night Watch');
    const schedule = page.getByRole('region', { name: 'Schedule' });
    const zone = await schedule.locator('.zone > span').textContent();
    expect(zone).not.toBe('America/Santiago');
    await schedule.getByRole('button', { name: 'Read times in it' }).click();
    await takenOver(page);
    await expect(page.locator('footer')).toHaveText(`Times are in ${zone}, which was chosen in this browser.`);
    await expect(page.getByText(`Days are those of ${zone}.`)).toBeVisible();
    await expect(schedule.getByRole('button', { name: 'Read times in it' })).toHaveCount(0);
    // Night Watch hands over at full hours there.
    const times = page.getByRole('region', { name: 'Coming shifts' }).locator('time');
    const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: zone! });
    const instants = await times.evaluateAll((times) => times.map((time) => time.getAttribute('datetime')!));
    const told = await times.allTextContents();
    instants.forEach((instant, place) => expect(told[place]).toContain(format.format(new Date(instant))));
  });
});

// In the second the pages are in English all the same.
for (const locale of ['en-US', 'hi-IN']) {
  test.describe(`for a reader with twelve hours, in ${locale}`, () => {
    test.use({ locale, timezoneId: 'America/New_York' });

    test('times are told with twelve hours', async ({ page, world }) => {
      await connectAs(page, world);
      await makeBoundRotation(page, 'Platform', 'Platform Primary');
      await visit(page, '/week');
      await expect(pieces(page, 'Platform').filter({ hasText: / (AM|PM)/i }).first()).toBeAttached();
      await page.getByRole('link', { name: 'List by day' }).click();
      await expect(page.locator('.week-list time').first()).toHaveText(/ (AM|PM)$/i);
    });
  });
}

test('an unknown time zone is refused with a sentence', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const answer = await page.request.post('/api/zone', {
    form: { zone: 'Mars/Olympus' },
    headers: { origin: new URL(page.url()).origin, 'sec-fetch-site': 'same-origin' },
  });
  expect(answer.status()).toBe(400);
  expect(await answer.text()).toContain('There is no time zone of that name');
});
