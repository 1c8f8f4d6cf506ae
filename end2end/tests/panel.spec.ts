// How the panel behaves in the hands of somebody: the timeline, times and clocks,
// names from right to left, movement, colours, messages, and what it says when
// contact, session or server are gone.
import type { Locator, Page } from '@playwright/test';
import { connectAs } from '../support/connection';
import { spoilModesBeside } from '../support/damage';
import { Keyboard } from '../support/keyboard';
import { addMember, card, createRotation, makeBoundRotation, names } from '../support/rotations';
import { chooseAtSlack, signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

const DAY_MILLISECONDS = 24 * 3600 * 1000;

function timeline(page: Page): Locator {
  return page.getByRole('listbox', { name: 'Who is on duty, along the days' });
}

/** What the timeline says below about the stretch that is chosen. */
function told(page: Page): Locator {
  return page.locator('.timeline .chosen');
}

test.describe('the timeline', () => {
  test('is read by pointing and by the arrow keys, gaps included', async ({ page, world }) => {
    await connectAs(page, world);
    await makeBoundRotation(page, 'Watch', 'Night Watch');
    const stretches = timeline(page).getByRole('option');
    const selected = timeline(page).locator('[aria-selected=true]');
    await expect(selected).toHaveAccessibleName(/^Wei Zhang, /);
    await expect(told(page)).toContainText(/^Now: Wei Zhang/);
    const accessibleNames = await stretches.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')!));
    const at = await stretches.evaluateAll((all) => all.findIndex((one) => one.getAttribute('aria-selected') === 'true'));
    const present = stretches.nth(at);
    const gap = stretches.nth(accessibleNames.findIndex((name, place) => place > at && name.startsWith('Nobody')));

    await gap.hover();
    await expect(gap).toHaveAttribute('aria-selected', 'true');
    await expect(told(page)).toContainText('Nobody');
    await expect(gap).toHaveAccessibleName(/^Nobody, .* to /);
    await present.hover();
    await expect(told(page)).toContainText(/^Now: Wei Zhang/);

    const keyboard = new Keyboard(page, world.server.url);
    await keyboard.tabTo(present);
    const count = accessibleNames.length;
    expect(count).toBeGreaterThan(at + 3);
    for (const [key, index] of [
      ['ArrowRight', at + 1],
      ['ArrowRight', at + 2],
      ['ArrowLeft', at + 1],
      ['End', count - 1],
      ['ArrowRight', 0],
      ['ArrowLeft', count - 1],
      ['Home', 0],
    ] as const) {
      await keyboard.press(key);
      await keyboard.expectAt(stretches.nth(index));
      await expect(stretches.nth(index)).toHaveAttribute('aria-selected', 'true');
      await expect(told(page)).toContainText((await stretches.nth(index).getAttribute('aria-label'))!.split(',')[0]!);
    }
    // One stop of the Tab key, however many stretches there are.
    await keyboard.press('Tab');
    await expect(timeline(page).locator(':focus')).toHaveCount(0);
  });

  test('keeps the focus where it is when now moves on', async ({ page, world }) => {
    await page.clock.install();
    await connectAs(page, world);
    await makeBoundRotation(page, 'Watch', 'Night Watch');
    const gap = timeline(page).getByRole('option', { name: /^Nobody/ }).last();
    const now = page.locator('.timeline line.now');
    const place = await now.getAttribute('x1');
    await gap.focus();
    await page.clock.runFor(3600 * 1000);
    await expect(now).not.toHaveAttribute('x1', place!);
    await expect(gap).toBeFocused();
    await expect(told(page)).toContainText('Nobody');
  });

  test.describe('where clocks show UTC', () => {
    test.use({ timezoneId: 'UTC' });

    test('names the days of the reader’s calendar and draws now in its place', async ({ page, world }) => {
      await connectAs(page, world);
      await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
      const now = new Date();
      const sinceMonday = (now.getUTCDay() + 6) % 7;
      const day = (place: number) => new Date(now.getTime() + (place - sinceMonday) * DAY_MILLISECONDS);
      const format = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', timeZone: 'UTC' });
      const days = Array.from({ length: 14 }, (_, place) => format.format(day(place)).replace(',', ''));
      const drawn = page.locator('.timeline .day-name');
      await expect(drawn).toHaveText(days);

      // Two weeks, from the Monday before on.
      const place = parseFloat((await page.locator('.timeline line.now').getAttribute('x1'))!);
      const passed = (sinceMonday * DAY_MILLISECONDS + (now.getTime() % DAY_MILLISECONDS)) / (14 * DAY_MILLISECONDS);
      expect(Math.abs(place - 100 * passed)).toBeLessThan(0.1);
      await page.setViewportSize({ width: 360, height: 740 });
      await expect(drawn.filter({ visible: true })).toHaveCount(2);
    });
  });

  test('holds names from right to left, each in its own direction', async ({ page, world }) => {
    await connectAs(page, world);
    await makeBoundRotation(page, 'Mobile', 'Mobile EU');
    const noa = 'נועה בן־דוד';
    await expect(names(page, 'Members').filter({ hasText: noa })).toHaveCSS('direction', 'rtl');
    await expect(names(page, 'Members').filter({ hasText: 'Kenji Sato' })).toHaveCSS('direction', 'ltr');
    const stretch = timeline(page).getByRole('option', { name: noa }).first();
    await stretch.hover();
    await expect(told(page).locator('bdi')).toHaveText(noa);
    await expect(told(page).locator('bdi')).toHaveCSS('direction', 'rtl');
    // The times stay behind the name, on its right.
    const name = (await told(page).locator('bdi').boundingBox())!;
    const times = (await told(page).locator('.hint').boundingBox())!;
    expect(times.x).toBeGreaterThanOrEqual(name.x + name.width);
    await expect(names(page, 'Coming shifts').filter({ hasText: noa }).first()).toHaveCSS('direction', 'rtl');
  });
});

test.describe('times', () => {
  test('go on being true while the page stays open', async ({ page }) => {
    await page.clock.install();
    await signInAs(page, 'Ada Okafor');
    await createRotation(page, 'Coffee');
    await addMember(page, 'Leila Haddad');
    await page.getByRole('button', { name: 'Rotate' }).click();
    await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
    await visit(page, '/rotations');
    const since = card(page, 'Coffee').locator('.on-duty .hint');
    await expect(since).toContainText('(just now)');
    await page.clock.fastForward('00:40');
    await expect(since).toContainText(/\(4\d s ago\)/);
    await page.clock.fastForward('05:00');
    await expect(since).toContainText('(5 minutes ago)');
    await page.clock.fastForward('03:00:00');
    await expect(since).toContainText('(3 hours ago)');
  });

  test('tell the exact moment and its zone on hover and on focus', async ({ page, world }) => {
    await connectAs(page, world);
    await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    const until = page.getByRole('region', { name: 'On duty now' }).locator('time.exact');
    const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone: 'Europe/London' });
    const moment = exact.format(new Date((await until.getAttribute('datetime'))!));
    expect(moment).toMatch(/(GMT|BST)/);
    await expect(until).toHaveAttribute('title', moment);
    const shown = () => until.evaluate((element) => getComputedStyle(element, '::after').content);
    expect(await shown()).toBe('none');
    const keyboard = new Keyboard(page, world.server.url);
    await keyboard.tabTo(until);
    expect(await shown()).toBe(JSON.stringify(moment));
    await keyboard.press('Escape');
    await expect.poll(shown).toBe('none');
  });

  for (const minutes of [10, -10]) {
    test(`follow the server where the browser's clock is ${minutes} minutes off`, async ({ page, context }) => {
      await context.addInitScript((ahead) => {
        const TrueDate = Date;
        window.Date = new Proxy(TrueDate, {
          construct: (date, given: [], target) => Reflect.construct(date, given.length === 0 ? [TrueDate.now() + ahead] : given, target),
          get: (date, name) => (name === 'now' ? () => TrueDate.now() + ahead : Reflect.get(date, name)),
        });
      }, minutes * 60_000);
      await signInAs(page, 'Ada Okafor');
      const path = await createRotation(page, 'Coffee');
      await addMember(page, 'Leila Haddad');
      await page.getByRole('button', { name: 'Rotate' }).click();
      await expect(told(page)).toContainText('Now: Leila Haddad');
      await visit(page, '/rotations');
      expect(Math.abs((await page.evaluate(() => Date.now())) - Date.now())).toBeGreaterThan(9 * 60_000);
      await expect(card(page, 'Coffee').locator('.on-duty .hint')).toContainText('(just now)');
      await visit(page, path);
      await expect(page.getByRole('region', { name: 'History' })).toContainText('Still on duty');
    });
  }
});

test.describe('movement', () => {
  async function moving(page: Page): Promise<number> {
    await visit(page, '/settings/design');
    await page.getByRole('button', { name: 'Show a toast' }).click();
    await page.getByRole('button', { name: 'Open a dialog' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    return page.evaluate(
      () => document.getAnimations().filter(({ playState, effect }) => playState === 'running' && Number(effect?.getComputedTiming().duration) > 0).length,
    );
  }

  test('is there, and none of it for those who want none', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await moving(page)).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await moving(page)).toBe(0);
  });
});

test.describe('colours', () => {
  const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  async function expectColours(page: Page, isDark: boolean): Promise<void> {
    const shades = (await background(page)).match(/\d+/g)!.slice(0, 3).map(Number);
    expect(Math.max(...shades) < 80, `the background is ${shades.join(', ')}`).toBe(isDark);
  }

  async function chooseColours(page: Page, name: string): Promise<void> {
    await page.getByRole('region', { name: 'Colours' }).getByRole('button', { name }).click();
    await expect(page.getByRole('button', { name })).toHaveAttribute('aria-pressed', 'true');
    await expect(page).toHaveURL('/settings');
  }

  async function expectChoiceToHold(page: Page): Promise<void> {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto('/settings');
    await expectColours(page, false);
    await chooseColours(page, 'Dark');
    await expectColours(page, true);
    await page.reload();
    await expectColours(page, true);
    await page.goto('/rotations');
    await expectColours(page, true);

    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto('/settings');
    await chooseColours(page, 'Light');
    await expectColours(page, false);
    await chooseColours(page, 'Like the system');
    await expectColours(page, true);
    await page.emulateMedia({ colorScheme: 'light' });
    await expectColours(page, false);
  }

  test('are chosen for this browser, survive a reload and can be left to the system', async ({ page, openBrowser }) => {
    await signInAs(page, 'Ada Okafor');
    await expectChoiceToHold(page);
    await chooseColours(page, 'Dark');
    const other = await openBrowser();
    await signInAs(other, 'Ada Okafor');
    await other.emulateMedia({ colorScheme: 'light' });
    await expectColours(other, false);
  });

  test.describe('without JavaScript', () => {
    test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

    test('are chosen and hold likewise', async ({ page }) => {
      await signInWithoutJavaScript(page, 'Ada Okafor');
      await expectChoiceToHold(page);
    });
  });

  test.describe('of a page that only says what did not work', () => {
    test.use({ expectedConsole: /status of 403/ });

    test('are the chosen ones as well', async ({ page, openBrowser }) => {
      await signInAs(await openBrowser(), 'Ada Okafor');
      await signInAs(page, 'Tomás Herrera');
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto('/settings');
      await chooseColours(page, 'Dark');
      await page.goto('/api/integrations/pagerduty/login/callback?state=x&code=y');
      await expect(page.getByRole('heading', { level: 1, name: 'This did not work' })).toBeVisible();
      await expectColours(page, true);
    });
  });
});

test.describe('messages', () => {
  test('say what was done, once, and go by themselves or when they are told to', async ({ page }) => {
    await page.clock.install();
    await signInAs(page, 'Ada Okafor');
    await createRotation(page, 'Coffee');
    const toasts = page.getByRole('log', { name: 'What was done' }).locator('.toast');
    await expect(toasts).toHaveText(['The rotation was created.']);
    await toasts.getByRole('button', { name: 'Dismiss' }).click();
    await addMember(page, 'Leila Haddad');
    await expect(toasts).toHaveText(['Leila Haddad was added.']);
    await page.getByRole('button', { name: 'Rotate' }).click();
    await expect(toasts).toHaveText(['Leila Haddad was added.', 'Leila Haddad is on duty now.Undo']);
    await toasts.first().getByRole('button', { name: 'Dismiss' }).press('Enter');
    await expect(toasts).toHaveText(['Leila Haddad is on duty now.Undo']);
    await page.clock.runFor(100);
    await expect(page.getByRole('main')).toBeFocused();
    await page.clock.fastForward('00:08');
    await expect(toasts, 'what offers something stays for longer').toHaveCount(1);
    await page.clock.fastForward('00:22');
    await expect(toasts).toHaveCount(0);
  });

  test('outlive the page on which it was done, and are not about what was refused', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    const toasts = page.getByRole('log', { name: 'What was done' }).locator('.toast');
    for (const [edit, said] of [
      [page.getByRole('link', { name: 'Edit', exact: true }), 'The rotation was saved.'],
      [page.getByRole('button', { name: 'Edit schedule' }), 'The rotation is Manual. Its members and whoever is on duty stayed as they were.'],
    ] as const) {
      await visit(page, path);
      await edit.click();
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page).toHaveURL(path);
      await expect(toasts).toHaveText([said]);
    }
    await visit(page, `${path}/edit`);
    await page.getByRole('textbox', { name: 'Name' }).fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('textbox', { name: 'Name' })).toHaveAccessibleDescription(/Give the rotation a name/);
    await expect(toasts).toHaveCount(0);

    await visit(page, `${path}/edit`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
    await expect(page).toHaveURL('/rotations');
    await expect(toasts).toHaveText(['The rotation was deleted.']);
  });

  test('a button says that it is at work, keeps the focus and does nothing twice', async ({ page, world }) => {
    await signInAs(page, 'Ada Okafor');
    await createRotation(page, 'Coffee');
    await addMember(page, 'Leila Haddad');
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    let calls = 0;
    await page.route('**/rpc/rotate', async (route) => {
      calls += 1;
      await answered;
      await route.continue();
    });
    const keyboard = new Keyboard(page, world.server.url);
    await keyboard.use(page.getByRole('button', { name: 'Rotate' }));
    const busy = page.getByRole('button', { name: 'Rotating…' });
    await expect(busy).toHaveAttribute('aria-busy', 'true');
    await keyboard.expectAt(busy);
    await keyboard.press('Enter', 'Space');
    answer();
    await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
    await keyboard.expectAt(page.getByRole('button', { name: 'Rotate' }));
    await expect(busy).toHaveCount(0);
    expect(calls).toBe(1);
  });
});

test.describe('without contact', () => {
  test.use({ expectedConsole: /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/ });

  const bar = (page: Page) => page.getByRole('status').filter({ hasText: 'No connection to Round Robin.' });
  const again = (page: Page) => page.getByRole('log').getByText('Connected again.');

  test('a browser that was offline says so and catches up', async ({ page, context, openBrowser }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    const other = await openBrowser();
    await signInAs(other, 'Priya Raman');
    await visit(other, path);
    await context.setOffline(true);
    await expect(bar(page)).toBeVisible();
    await addMember(other, 'Leila Haddad');
    await expect(names(page, 'Members')).toHaveCount(0);
    await context.setOffline(false);
    await expect(names(page, 'Members')).toHaveText(['Leila Haddad']);
    await expect(again(page)).toBeVisible();
    await expect(bar(page)).toHaveCount(0);
  });

  test('a server that is gone is missed, and found again when it is back', async ({ page, openBrowser, world }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    const other = await openBrowser();
    await signInAs(other, 'Priya Raman');
    await world.server.stop();
    await expect(bar(page)).toBeVisible();
    await page.getByRole('button', { name: 'Add people' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'it may have been done' })).toBeVisible();
    await world.server.start();
    await visit(other, path);
    await addMember(other, 'Leila Haddad');
    await expect(again(page)).toBeVisible({ timeout: 20_000 });
    await expect(names(page, 'Members')).toHaveText(['Leila Haddad']);
    await expect(bar(page)).toHaveCount(0);
  });
});

test.describe('a session that ended elsewhere', () => {
  test.use({ expectedConsole: /status of 401/ });

  // How long the server goes on telling events before it looks whether the session still counts.
  const NOTICED = 30_000;

  test('is said by itself, with the way to sign in and back to the same page', async ({ page, context }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    await visit(page, `${path}/schedule`);
    const other = await context.newPage();
    await other.goto('/rotations');
    await other.getByRole('button', { name: 'Your account' }).click();
    await other.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
    await expect(other).toHaveURL('/sign-in');
    await other.close();

    const said = page.getByRole('status').filter({ hasText: 'Your session has ended.' });
    await expect(said).toBeVisible({ timeout: NOTICED });
    await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
    await said.getByRole('link', { name: 'Sign in again' }).click();
    await chooseAtSlack(page, 'Ada Okafor');
    await expect(page).toHaveURL(`${path}/schedule`);
    await takenOver(page);
    await expect(said).toHaveCount(0);
  });
});

test.describe('a server that fails', () => {
  test.use({ expectedConsole: /status of 500/ });

  test('says so with the request’s id, on a whole page and within one, and goes on with the rest', async ({ page, world }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    await world.server.stop();
    await spoilModesBeside('Coffee', world.server.databasePath);
    await world.server.start();
    const failure = page.getByText(/Something went wrong on our side\. .* report request \S+\./);
    for (const broken of [path, '/rotations']) {
      const answer = await page.goto(broken);
      expect(answer!.status()).toBe(500);
      await expect(failure).toContainText(answer!.headers()['x-request-id']!);
      await takenOver(page);
      await expect(failure).toContainText(answer!.headers()['x-request-id']!);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    }

    await visit(page, '/settings');
    const answering = page.waitForResponse(/\/rpc\/rotations/);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rotations' }).click();
    const answer = await answering;
    expect(answer.status()).toBe(500);
    await expect(failure).toContainText(answer.headers()['x-request-id']!);
    expect(world.server.log()).toContain(answer.headers()['x-request-id']!);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('region', { name: 'General' })).toContainText('Ada Okafor');
    await expect(failure).toHaveCount(0);
  });
});

test.describe('a page that loads', () => {
  /** What a reader just does not notice; the field's own limit for good is 0.1. */
  const MOST_SHIFT = 0.02;

  for (const viewport of [
    { width: 360, height: 740 },
    { width: 1440, height: 900 },
  ]) {
    test(`stays where it is, at ${viewport.width} px`, async ({ page, context, world }) => {
      await context.addInitScript(() => {
        const shifts: string[] = [];
        Object.assign(window, { shifts, shifted: 0 });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const { value, sources } = entry as PerformanceEntry & { value: number; sources: { node: Element | null }[] };
            (window as unknown as { shifted: number }).shifted += value;
            shifts.push(...sources.map(({ node }) => `${value.toFixed(4)} <${node?.nodeName} class="${node?.className}">`));
          }
        }).observe({ type: 'layout-shift', buffered: true });
      });
      await connectAs(page, world);
      await createRotation(page, 'Coffee');
      await addMember(page, 'Leila Haddad');
      const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
      await page.setViewportSize(viewport);
      for (const path of ['/rotations', rotation, '/settings/integrations']) {
        await visit(page, path);
        // Local times have taken the place of the server's.
        await expect(page.locator('main time').first()).not.toContainText('UTC');
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        const { shifted, shifts } = await page.evaluate(() => {
          const { shifted, shifts } = window as unknown as { shifted: number; shifts: string[] };
          return { shifted, shifts };
        });
        expect(shifted, `${path}: ${shifts.join(', ')}`).toBeLessThanOrEqual(MOST_SHIFT);
      }
    });
  }
});
