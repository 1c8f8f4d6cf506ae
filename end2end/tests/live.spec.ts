// What a page says when what it shows may be wrong: it hears nothing, nobody answers it, a shift is over, the browser
// has translated it.
import type { Page } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { post } from '../support/calls';
import { connectAs } from '../support/connection';
import { Keyboard } from '../support/keyboard';
import { bare, startNginx } from '../support/nginx';
import { furnish, pages } from '../support/pages';
import { PassingTime } from '../support/passing';
import { test, type Treatment } from '../support/proxy';
import { arrangeRotation, card, createRotation, makeBoundRotation, names, row } from '../support/rotations';
import { freePort } from '../support/server';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { translate } from '../support/translation';
import { expect, type World } from '../support/world';

const bar = (page: Page, text: string) => page.locator('.contact').filter({ hasText: text });
const notLive = (page: Page) => bar(page, 'This page is not live.');
const onDuty = (page: Page) => page.getByRole('region', { name: 'On duty now' });
const members = ['Leila Haddad', 'Kenji Sato', 'Wei Zhang', 'Jürgen Weiß'];

/** A rotation by hand whose next one can be put on duty from elsewhere. */
async function rotationOfFour(page: Page, world: World) {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Coffee', members);
  const id = path.split('/').at(-1)!;
  return { path, rotate: () => post(page, '/rpc/rotate', { id }), url: world.server.url };
}

test.describe('what changed elsewhere and could not be read at once', () => {
  test.use({ expectedConsole: /rpc\/rotation/ });

  const answers = {
    'nothing came': null,
    'a proxy answered with 404': { status: 404, contentType: 'text/plain', body: '404 page not found' },
    'a network answered with its own data': { status: 200, contentType: 'application/json', body: '{"error":"login"}' },
    'the server failed': { status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' },
  };
  for (const [what, answer] of Object.entries(answers)) {
    test(`since ${what}, is marked and read again by itself`, async ({ page, world }) => {
      const { path, rotate } = await rotationOfFour(page, world);
      await visit(page, path);
      const reading = /\/rpc\/rotation\?/;
      await page.route(reading, (route) => (answer ? route.fulfill(answer) : route.abort('connectionreset')));
      const asked = page.waitForRequest(reading);
      await rotate();
      await asked;
      await rotate();
      await expect(onDuty(page).getByText('May be old')).toBeVisible();
      await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
      await page.unroute(reading);
      await expect(names(page, 'On duty now')).toHaveText([members[1]!]);
      await expect(onDuty(page).getByText('May be old')).toHaveCount(0);
    });
  }
});

/** How often the page asked about the server and the session. */
function questions(page: Page): { count: number } {
  const counter = { count: 0 };
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/rpc/session') counter.count += 1;
  });
  return counter;
}

test.describe('a page whose live events', () => {
  test.use({ expectedConsole: /api\/events|EventSource's response has a MIME type/ });

  const treatments: Treatment[] = ['kept silent', 'only greeted', 'not found', 'answered with a page', 'cut off'];
  for (const treatment of treatments) {
    test(`are ${treatment} says so, asks by itself ever less, and follows again when they come`, async ({ page, world, between }) => {
      const { path, rotate } = await rotationOfFour(page, world);
      between.treatment = treatment;
      const time = await PassingTime.of(page);
      const asked = questions(page);
      await page.goto(between.url + path);
      await takenOver(page);
      await expect(notLive(page)).toHaveCount(0);
      await time.pass(20);
      await expect(notLive(page)).toBeVisible();
      expect(asked.count, 'questions until then').toBeLessThanOrEqual(6);

      await rotate();
      await time.pass(60);
      await expect(names(page, 'On duty now')).toHaveText([members[0]!]);
      await expect(notLive(page)).toBeVisible();
      asked.count = 0;
      between.streams = 0;
      await time.pass(5 * 60);
      expect(asked.count, 'questions in five minutes').toBeGreaterThanOrEqual(4);
      expect(asked.count, 'questions in five minutes').toBeLessThanOrEqual(8);
      // Browsers repeat by themselves what was cut off.
      expect(between.streams, 'streams asked for in five minutes').toBeLessThanOrEqual(16);

      between.treatment = 'passed on';
      between.streams = 0;
      await expect.poll(async () => (await time.pass(4), between.streams)).toBe(1);
      // Longer than a greeting.
      await time.pass(6);
      await rotate();
      await expect(names(page, 'On duty now')).toHaveText([members[1]!]);
      await expect(notLive(page)).toHaveCount(0);
    });
  }

  test('are blocked by the browser says so, and asks by itself', async ({ page, world }) => {
    const { path, rotate } = await rotationOfFour(page, world);
    await page.route('**/api/events', (route) => route.abort('blockedbyclient'));
    const time = await PassingTime.of(page);
    await visit(page, path);
    await time.pass(17);
    await expect(notLive(page)).toBeVisible();
    await rotate();
    await time.pass(60);
    await expect(names(page, 'On duty now')).toHaveText([members[0]!]);
  });

  test('end again and again goes on following, and asks nothing', async ({ page, world, between }) => {
    const { path, rotate } = await rotationOfFour(page, world);
    const time = await PassingTime.of(page);
    const asked = questions(page);
    await page.goto(between.url + path);
    await takenOver(page);
    for (const [position, name] of members.entries()) {
      await time.pass(8);
      await rotate();
      await expect(names(page, 'On duty now')).toHaveText([name]);
      between.endStreams();
      await expect.poll(async () => (await time.pass(1), between.streams)).toBe(position + 2);
    }
    await expect(page.locator('.contact')).toBeEmpty();
    expect(asked.count).toBe(0);
  });

  test('are blocked reads anew when somebody comes back to its tab', async ({ page, world }) => {
    const { path, rotate } = await rotationOfFour(page, world);
    await page.route('**/api/events', (route) => route.abort('blockedbyclient'));
    await visit(page, path);
    await setHidden(page, true);
    await rotate();
    await setHidden(page, false);
    await expect(names(page, 'On duty now')).toHaveText([members[0]!]);

    // Of what this page shows nothing is told, even where live events come.
    await visit(page, '/settings/audit');
    const rows = page.getByRole('row');
    const before = await rows.count();
    await setHidden(page, true);
    await rotate();
    await setHidden(page, false);
    await expect(rows).toHaveCount(before + 1);
  });
});

/** As when somebody changes to another tab, or back. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: hidden ? 'hidden' : 'visible' });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);
}

test.describe('behind nginx as it comes', () => {
  // The page from before the server has this address asks until it is left.
  test.use({ expectedConsole: /api\/events|rpc\/(session|rotation)/ });

  test('live events pass at once', async ({ page, world, openBrowser }, testInfo) => {
    const nginx = process.env.ROUNDROBIN_NGINX;
    test.skip(nginx === undefined, 'there is no nginx');
    const port = await freePort(testInfo.parallelIndex);
    const url = `http://127.0.0.1:${port}`;
    const folder = await mkdtemp(join(tmpdir(), 'roundrobin-nginx-'));
    const proxy = await startNginx(nginx!, folder, bare(port, world.server.url), url);
    try {
      await world.server.restart('SIGTERM', { ROUNDROBIN_PUBLIC_URL: url });
      const { path } = await rotationOfFour(page, world);
      await page.goto(url + path);
      await takenOver(page);
      const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
      const stream = await fetch(`${url}/api/events`, { headers: { cookie }, signal: AbortSignal.timeout(5_000) });
      const { value: first } = await stream.body!.getReader().read();
      expect(new TextDecoder().decode(first)).toContain('"topic":null');

      const other = await openBrowser();
      await signInAs(other, 'Priya Raman');
      await visit(other, path);
      await other.getByRole('button', { name: 'Rotate' }).click();
      await expect(names(page, 'On duty now')).toHaveText([members[0]!]);
    } finally {
      await proxy.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test.describe('the known end of a shift', () => {
  test.use({ serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '1' }, expectedConsole: /api\/events|\/rpc\// });

  /** Has Diego's shift end, and Olivia's begin, in so many seconds, and waits until the open page knows. */
  async function endShift(page: Page, world: World, seconds: number): Promise<void> {
    await world.sandbox.control('schedules/PSTORE5/end-shift', { seconds, next: 'POLIVI9' });
    await expect(names(page, 'Coming shifts').nth(1)).toHaveText('Olivia Bennett');
  }

  test('is asked for where live events are blocked', async ({ page, world }) => {
    await connectAs(page, world);
    const path = await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
    await endShift(page, world, 8);
    await page.route('**/api/events', (route) => route.abort('blockedbyclient'));
    await visit(page, path);
    await expect(names(page, 'On duty now')).toHaveText(['Diego Fuentes']);
    await expect(names(page, 'On duty now')).toHaveText(['Olivia Bennett'], { timeout: 15_000 });
    await expect(page.locator('.contact')).toBeEmpty();
  });

  test('is said where nobody answers, and nobody is taken for the next, though the clock is wrong', async ({ page, world }) => {
    await connectAs(page, world);
    const path = await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
    await endShift(page, world, 50);
    const ended = /shift ended \d\d:\d\d, what came after is not known/;
    const time = await PassingTime.of(page, 3);
    const block = () => page.route('**/rpc/**', (route) => route.abort('connectionrefused'));

    await visit(page, path);
    const now = page.getByRole('region', { name: 'Coming shifts' }).getByText('Now', { exact: true });
    await expect(now).toHaveCount(1);
    await block();
    await time.pass(56);
    await expect(onDuty(page)).toContainText(ended);
    await expect(names(page, 'On duty now')).toHaveText(['Diego Fuentes']);
    await expect(row(page, 'Members', 'Diego Fuentes')).toContainText('Shift ended');
    await expect(page.getByRole('region', { name: 'Members' }).getByText('On duty', { exact: true })).toHaveCount(0);
    await expect(now).toHaveCount(0);
    await expect(page.locator('.timeline .chosen')).not.toContainText('Now:');

    // It is the server that knows: there, the shift goes on.
    await page.unroute('**/rpc/**');
    await time.pass(64);
    await expect(onDuty(page)).toContainText('until');
    await expect(onDuty(page)).not.toContainText(ended);

    await visit(page, '/rotations');
    await block();
    await time.pass(56);
    await expect(card(page, 'Storefront on-call')).toContainText(ended);
    await expect(card(page, 'Storefront on-call')).toContainText('Diego Fuentes');
    await expect(card(page, 'Storefront on-call')).toContainText('(not confirmed)');
  });
});

test.describe('the known end of a shift of a schedule that is only previewed', () => {
  test.use({ expectedConsole: /\/rpc\// });

  const preview = (page: Page) => page.locator('.preview');
  const previewed = (path: string) => `${path}/schedule?schedule=PSTORE5`;

  async function endSoon(page: Page, world: World, seconds: number): Promise<string> {
    await connectAs(page, world);
    const path = await createRotation(page, 'Coffee');
    await world.sandbox.control('schedules/PSTORE5/end-shift', { seconds, next: 'POLIVI9' });
    return previewed(path);
  }

  test('is asked for', async ({ page, world }) => {
    await visit(page, await endSoon(page, world, 8));
    await expect(preview(page)).toContainText('Goes on duty now: Diego Fuentes.');
    await expect(preview(page)).toContainText('Goes on duty now: Olivia Bennett.', { timeout: 15_000 });
    await expect(preview(page).getByRole('listitem').filter({ hasText: 'On duty now' })).toContainText('Olivia Bennett');
    await expect(preview(page).locator('.shifts .current')).toContainText('Olivia Bennett');
  });

  test('is said where nobody answers, and nobody is taken for the next', async ({ page, world }) => {
    const address = await endSoon(page, world, 50);
    const time = await PassingTime.of(page, 3);
    await visit(page, address);
    await expect(preview(page)).toContainText('Goes on duty now: Diego Fuentes.');
    await page.route('**/rpc/session', (route) => route.abort('connectionrefused'));
    await time.pass(56);
    await expect(preview(page)).toContainText(/Duty changed \d\d:\d\d, what came after is not known\./);
    await expect(preview(page)).not.toContainText('On duty now');
    await expect(preview(page).locator('.current')).toHaveCount(0);

    // It is the server that knows: there, the shift goes on.
    await page.unroute('**/rpc/session');
    await time.pass(64);
    await expect(preview(page)).toContainText('Goes on duty now: Diego Fuentes.');
  });
});

test.describe('a page without contact', () => {
  // Coming to a link by keyboard loads the code of its page ahead.
  test.use({ expectedConsole: /ERR_INTERNET_DISCONNECTED|rpc\/session|Failed to fetch/ });

  for (const viewport of [
    { width: 320, height: 640 },
    { width: 1280, height: 800 },
  ]) {
    test(`says so wherever it is scrolled to, covers no focus and marks what may be old, at ${viewport.width} px`, async ({ page, context, world }) => {
      await page.setViewportSize(viewport);
      const { path, url } = await rotationOfFour(page, world);
      await visit(page, path);
      await page.getByRole('button', { name: 'Rotate' }).click();
      await expect(names(page, 'On duty now')).toHaveText([members[0]!]);
      await page.locator('.toast').getByRole('button', { name: 'Dismiss' }).click();
      await expect(page.locator('.toast')).toHaveCount(0);
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
      const before = await page.evaluate(() => window.scrollY);
      expect(before).toBeGreaterThan(100);
      await context.setOffline(true);
      const said = bar(page, 'No connection to Round Robin.');
      await expect(said).toBeInViewport({ ratio: 1 });
      await expect(said).toContainText(/What you see is from \d\d:\d\d/);
      await expect(onDuty(page)).toContainText('May be old');
      const keyboard = new Keyboard(page, url);
      await page.getByRole('link', { name: 'Change owners' }).focus();
      await keyboard.tabTo(page.getByRole('link', { name: 'Edit', exact: true }), 'Shift+Tab');
      await context.setOffline(false);
      await expect(said).toHaveCount(0);
      await expect(onDuty(page)).not.toContainText('May be old');

      await visit(page, '/rotations');
      await context.setOffline(true);
      await expect(card(page, 'Coffee')).toContainText('May be old');
    });
  }
});

test.describe('a page that the browser translated', () => {
  test.use({ serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '1' }, expectedConsole: /api\/events/ });

  test('follows, since what changes is marked as not to be translated', async ({ page, world }) => {
    const { path, rotate } = await rotationOfFour(page, world);
    await visit(page, path);
    for (const name of members.slice(0, 2)) {
      await translate(page, { heedsMarks: true });
      await rotate();
      await expect(names(page, 'On duty now')).toHaveText([name]);
    }
    await visit(page, '/rotations');
    await translate(page, { heedsMarks: true });
    await rotate();
    await expect(card(page, 'Coffee')).toContainText(members[2]!);
    await expect(page.locator('.contact')).toBeEmpty();
  });

  test('goes on saying how PagerDuty is, and writes nothing where nobody sees it', async ({ page, context, world }) => {
    await connectAs(page, world);
    const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
    const tabs = new Map<string, Page>();
    for (const address of [path, `${path}/schedule?schedule=PPLATP1`, '/rotations', '/settings/integrations']) {
      const tab = await context.newPage();
      await visit(tab, address);
      await translate(tab, { heedsMarks: true });
      tabs.set(address, tab);
    }
    const panel = tabs.get('/settings/integrations')!.locator('.health').first();
    await expect(panel).toContainText('Healthy');
    await world.sandbox.control('schedules/PSTORE5/hide', { hidden: true });
    await expect(panel).toContainText('Needs attention');
    await world.sandbox.control('pagerduty/keys/rotate', {});
    await expect(panel).toContainText('Needs reconnection');
    await expect(panel).not.toContainText('Needs attention');
    await expect(tabs.get(path)!.getByRole('region', { name: 'Schedule' })).toContainText('Needs reconnection.');
    for (const [address, tab] of tabs) {
      expect(await tab.evaluate(() => window.writtenInVain), address).toEqual([]);
      await expect(tab.locator('.contact'), address).toBeEmpty();
    }
  });

  test('without an element of its own, or against its marks, says so until it is said that it is not live', async ({ page, world }) => {
    const { path } = await rotationOfFour(page, world);
    await page.route('**/api/events', (route) => route.abort('blockedbyclient'));
    for (const elements of [[], ['font', 'font']]) {
      const time = await PassingTime.of(page);
      await visit(page, path);
      await translate(page, { heedsMarks: false, elements });
      await time.pass(2);
      await expect(bar(page, 'translated by your browser')).toBeVisible();
      await translate(page, { heedsMarks: false, elements });
      await time.pass(17);
      await expect(notLive(page)).toBeVisible();
      await expect(bar(page, 'translated by your browser')).toHaveCount(0);
    }
  });

  test('against its marks says so, and that who is on duty may be old', async ({ page, world }) => {
    const { path } = await rotationOfFour(page, world);
    const said = bar(page, 'translated by your browser');
    for (const [address, part] of [
      [path, onDuty(page)],
      ['/rotations', card(page, 'Coffee')],
    ] as const) {
      await visit(page, address);
      await translate(page, { heedsMarks: false });
      await expect(said).toBeVisible();
      await expect(part).toContainText('May be old');
    }
  });

  test('keeps every name, code, key, address, scope and time as it was', async ({ page, world }) => {
    test.slow();
    const rotation = await furnish(page, world);
    for (const path of pages(rotation)) {
      await test.step(path, async () => {
        await visit(page, path);
        expect(await page.evaluate(translatable), path).toEqual([]);
      });
    }
  });
});

/** Runs in the page: texts that a translation would change, and must not. */
function translatable(): string[] {
  const kept = [
    /Ada Okafor|Leila Haddad|Robin Ashworth|Henrik Lindqvist|Priya Raman|Tomás Herrera|Jürgen Weiß/,
    /Platform (on-call|Primary|Secondary)|Coffee|Lighthouse/i,
    /\.example\b|https?:\/\//,
    /••••|schedules\.read|users\.read/,
    /\b\d\d:\d\d\b/,
  ];
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const within = node.parentElement!;
    if (within.closest('script, style, noscript')) continue;
    const marked = within.closest('[translate]')?.getAttribute('translate') === 'no';
    if (!marked && kept.some((pattern) => pattern.test(node.textContent ?? ''))) {
      found.push(`<${within.tagName.toLowerCase()} class="${within.className}"> “${node.textContent}”`);
    }
  }
  return found;
}
