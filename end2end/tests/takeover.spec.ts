// Pages whose code does not take them over, because the document was changed on its way or
// the code does not come or breaks off: they say so, work as without scripts, and load
// themselves anew.
import type { Locator, Page } from '@playwright/test';
import { post } from '../support/calls';
import { METRICS, takeoverFailures } from '../support/metrics';
import { furnish, pages } from '../support/pages';
import { test } from '../support/proxy';
import { REWRITINGS, rewrite } from '../support/rewriting';
import { arrangeRotation, card, names } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { isSameDocument, markDocument, takenOver, visit } from '../support/takeover';
import { expect } from '../support/world';

declare global {
  interface Window {
    wholly?: true;
  }
}

const turns = ['Leila Haddad', 'Wei Zhang'];
const WRAPPED = REWRITINGS['a translation wraps each text']!;

test.use({
  serverEnv: METRICS,
  expectedConsole: /panicked|unreachable|[Hh]ydration|closure|RuntimeError|page error|\/pkg\/|MIME|CompileError|rpc\/session|ERR_(CONNECTION|INTERNET)/,
});

const notice = (page: Page) => page.getByRole('status').filter({ hasText: 'This page is not live' });

/** Waits until the page is another document than the one that was marked. */
async function loadedAnew(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sameDocument === undefined);
}

/** How long ago something was, which goes on. */
const AGES = /just now|(in )?\d+ \w+( ago)?/g;

/** What is said, but for ages, numbers and white space. */
async function words(part: Locator): Promise<string> {
  const text = await part.innerText();
  return text.replace(AGES, '').replace(/[\d\s]+/g, '');
}

/** Has the turn pass on: the name changes in its place, and all `around` stays, unless the page says that it is not live. */
async function expectToFollow(page: Page, turn: () => Promise<unknown>, onDuty: Locator, around: Locator[]): Promise<void> {
  const said = () => Promise.all(around.map(words));
  const before = await said();
  const [last] = await onDuty.allTextContents();
  await turn();
  const next = turns.filter((name) => name !== last);
  const ends = async () => ((await notice(page).isVisible()) ? next : onDuty.allTextContents());
  await expect.poll(ends).toEqual(next);
  if (!(await notice(page).isVisible())) expect(await said()).toEqual(before);
}

/** Code that makes `f` of a module, which may call an imported `m.g`. */
const instantiated = (module: string, imports = '{}'): string => `
  const bytes = Uint8Array.from('${module}'.match(/../g), (byte) => parseInt(byte, 16));
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes), ${imports}).exports;`;
const UNREACHABLE = instantiated('0061736d0100000001040160000003020100070501016600000a05010300000b');
const CALLING_BACK = '0061736d01000000010401600000020701016d016700000302010007050101660001' + '0a0601040010000b';

/** Does what a panic ends with. */
async function breakOff(page: Page): Promise<void> {
  await page.evaluate(`(() => {${UNREACHABLE} queueMicrotask(f); })()`);
}

/** Has the page run this as a file at `path`. */
async function run(page: Page, path: string, body: string): Promise<void> {
  await page.route(`**${path}`, (route) => route.fulfill({ contentType: 'text/javascript', body: `{ ${body} }` }));
  await page.evaluate((src) => document.head.append(Object.assign(document.createElement('script'), { src })), path);
}

/** Opens a rotation by hand in which two people take turns, as a translation makes it. */
async function openWrapped(page: Page): Promise<() => Promise<void>> {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Coffee', turns);
  const stop = await rewrite(page, WRAPPED);
  await page.clock.install();
  await page.goto(path);
  await expect(notice(page)).toBeVisible();
  await markDocument(page);
  return stop;
}

test('a document that was changed on its way is taken over as it was meant, or says that it is not live, on every page', async ({ page, context, world, between }) => {
  test.setTimeout(240_000);
  const rotation = await furnish(page, world);
  const paths = pages(rotation);
  // Asking for live events is no sign of it: what comes after that may fail.
  await context.addInitScript(() => addEventListener('takeover', () => (window.wholly = true)));
  between.rewrite = (html, { headers }) => REWRITINGS[String(headers['x-rewriting'])]?.(html) ?? html;
  const live: Record<string, string[]> = {};
  const wrong: string[] = [];
  const openTab = async (name: string) => {
    const tab = await context.newPage();
    await tab.setExtraHTTPHeaders({ 'x-rewriting': name });
    return tab;
  };
  const isTakenOver = async (tab: Page, path: string) => {
    await tab.goto(between.url + path);
    const end = await tab.waitForFunction(() => (document.querySelector('.not-live') ? 'said' : window.wholly && 'live'));
    return (await end.jsonValue()) === 'live';
  };
  /** What each page says that was taken over after this was done to it. */
  const opened = async (name: string, meant?: Map<string, string>) => {
    const said = new Map<string, string>();
    const tab = await openTab(name);
    for (const path of paths) {
      if (!(await isTakenOver(tab, path))) continue;
      said.set(path, await words(tab.locator('#app')));
      // The list of syncs grows meanwhile, and work in the background goes on.
      const same = said.get(path) === meant?.get(path) || /\/(syncs|background)$/.test(path);
      if (meant && !same && !(await notice(tab).isVisible())) wrong.push(`${name}: ${path}`);
    }
    live[name] = [...said.keys()];
    await tab.close();
    return said;
  };
  const rewritten = ['nothing', ...Object.keys(REWRITINGS)];
  const [nothing, ...waiting] = rewritten;
  const meant = await opened(nothing!);
  const openNext = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await opened(next, meant);
  };
  await Promise.all([openNext(), openNext(), openNext()]);
  expect(wrong).toEqual([]);
  for (const name of ['nothing', 'a proxy hides e-mail addresses that are not fenced', 'an element is the first of the body']) {
    expect(live[name], name).toEqual(paths);
  }

  // What is taken over is also written to in the right places.
  const tea = await arrangeRotation(page, 'Tea', turns);
  const rotate = () => post(page, '/rpc/rotate', { id: tea.split('/').at(-1)! });
  await rotate();
  for (const name of rewritten) {
    const tab = await openTab(name);
    if (live[name]!.includes('/rotations') && (await isTakenOver(tab, '/rotations'))) {
      const around = [tab.locator('.bar'), card(tab, 'Coffee'), card(tab, 'Platform on-call')];
      await expectToFollow(tab, rotate, card(tab, 'Tea').locator('.on-duty .person-name'), around);
    }
    if (live[name]!.includes(rotation) && (await isTakenOver(tab, tea))) {
      const around = [tab.locator('.page-head'), ...['Schedule', 'Owners'].map((name) => tab.getByRole('region', { name }))];
      const press = () => tab.getByRole('button', { name: 'Rotate' }).click();
      await markDocument(tab);
      for (const turn of [rotate, press]) await expectToFollow(tab, turn, names(tab, 'On duty now'), around);
      expect((await isSameDocument(tab)) || (await notice(tab).isVisible()), name).toBe(true);
    }
    await tab.close();
  }
});

test('a page that is not live works as without scripts, is counted, and is live again after it was loaded anew', async ({ page, world }) => {
  const stop = await openWrapped(page);
  await expect.poll(() => takeoverFailures(world.server)).toEqual(['broken 1']);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  expect(await isSameDocument(page), 'the browser sent the form').toBe(false);
  await page.goto(page.url());
  await expect(notice(page)).toBeVisible();
  await expect.poll(() => takeoverFailures(world.server)).toEqual(['broken 2']);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rotations' }).click();
  await expect(page).toHaveURL('/rotations');
  await expect(notice(page)).toBeVisible();
  await stop();
  await page.getByRole('link', { name: 'Load it anew' }).click();
  await takenOver(page);
  await expect(notice(page)).toHaveCount(0);
});

test('a page that is not live loads itself anew after 30 seconds, again and again, and leaves the focus where it was', async ({ page }) => {
  const stop = await openWrapped(page);
  const button = page.getByRole('button', { name: 'Rotate' });
  await button.focus();
  await page.clock.runFor(29_000);
  expect(await isSameDocument(page)).toBe(true);
  await page.clock.runFor(2_000);
  await loadedAnew(page);
  await expect(notice(page)).toBeVisible();
  await expect(button).toBeFocused();
  await markDocument(page);
  await stop();
  await page.clock.runFor(31_000);
  await loadedAnew(page);
  await takenOver(page);
  await expect(notice(page)).toHaveCount(0);
});

test('a page that is not live does not load itself anew while something is typed or a dialog is open', async ({ page }) => {
  await openWrapped(page);
  const search = page.getByRole('searchbox').or(page.getByRole('textbox')).first();
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  // It may be on a page of its own, as without scripts.
  await expect(notice(page)).toBeVisible();
  await markDocument(page);
  await page.clock.runFor(65_000);
  expect(await isSameDocument(page)).toBe(true);
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(notice(page)).toBeVisible();
  await markDocument(page);
  await page.clock.runFor(31_000);
  await loadedAnew(page);

  await page.goto('/rotations/new');
  await expect(notice(page)).toBeVisible();
  await markDocument(page);
  await search.fill('Half a name');
  await page.clock.runFor(65_000);
  expect(await isSameDocument(page)).toBe(true);
  await expect(search).toHaveValue('Half a name');
});

test('whoever comes back to a page that is not live finds it loaded anew', async ({ page }) => {
  await openWrapped(page);
  await markDocument(page);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  await loadedAnew(page);
});

test('what was searched for before the code broke off keeps no page from being loaded anew', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await arrangeRotation(page, 'Coffee', turns);
  await page.clock.install();
  await visit(page, '/rotations');
  await page.getByRole('searchbox').fill('Cof');
  await page.clock.runFor(1_000);
  await expect(page).toHaveURL(/search=Cof/);
  await breakOff(page);
  await expect(notice(page)).toBeVisible();
  await markDocument(page);
  await page.clock.runFor(31_000);
  await loadedAnew(page);
  await expect(page.getByRole('searchbox')).toHaveValue('Cof');
});

test('a page that is not live stays as long as the server is gone', async ({ page, world }) => {
  await openWrapped(page);
  await world.server.stop();
  const asked = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/rpc/session'));
  await page.clock.runFor(31_000);
  await asked;
  expect(await isSameDocument(page)).toBe(true);
  await expect(notice(page)).toBeVisible();
  await world.server.start();
  await page.clock.runFor(31_000);
  await loadedAnew(page);
});

test('code that breaks off later is noticed as well', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/rotations');
  await breakOff(page);
  await expect(notice(page)).toBeVisible();
  await expect(notice(page)).toContainText('Its code stopped working');
  await expect.poll(() => takeoverFailures(world.server)).toEqual(['broken 1']);
  await markDocument(page);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  expect(await isSameDocument(page), 'the browser followed the link').toBe(false);
});

test('code that broke off is called by nothing any more: neither time nor the server nor somebody who types wakes it', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Coffee', turns);
  const rotate = () => post(page, '/rpc/rotate', { id: path.split('/').at(-1)! });
  await page.clock.install();
  await visit(page, path);
  await rotate();
  await expect(names(page, 'On duty now')).toHaveText([turns[0]!]);
  await breakOff(page);
  await expect(notice(page)).toBeVisible();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await rotate();
  await page.getByRole('link', { name: 'Change owners' }).focus();
  await page.clock.runFor(29_000);
  expect(asked).toEqual([]);
  await expect(names(page, 'On duty now')).toHaveText([turns[0]!]);
  await markDocument(page);
  await page.getByRole('button', { name: 'Rotate' }).click();
  // The browser sent the form.
  await loadedAnew(page);
  await expect(names(page, 'On duty now')).toHaveText([turns[0]!]);
});

test('a page that is not live does not load itself anew while a menu is open, or a form or another page is on its way', async ({ page }) => {
  await openWrapped(page);
  await page.locator('.account').getByRole('button').click();
  await expect(page.getByRole('menu')).toBeVisible();
  await page.clock.runFor(31_000);
  expect(await isSameDocument(page)).toBe(true);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();

  for (const [address, way] of [
    ['**/rpc/rotate', page.getByRole('button', { name: 'Rotate' })],
    ['**/settings', page.getByRole('link', { name: 'Settings' })],
  ] as const) {
    // What is answered so leaves the page where it is.
    await page.route(address, (route) => route.fulfill({ status: 204 }));
    const answered = page.waitForResponse(address);
    await way.click();
    await answered;
    await page.clock.runFor(40_000);
    expect(await isSameDocument(page)).toBe(true);
  }
  await page.clock.runFor(40_000);
  await loadedAnew(page);
});

test('whatever breaks off in our code is noticed, and what is not ours leaves our page live', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/rotations');
  const ways = [
    ['a panic', `${UNREACHABLE} f();`],
    ['an overflow of the stack', 'const f = () => 1 + f(); f();'],
    ['what an import throws through the module', `${instantiated(CALLING_BACK, "{ m: { g() { throw new TypeError('gone'); } } }")} Promise.resolve().then(f);`],
  ] as const;
  for (const [position, [, body]] of ways.entries()) {
    const failed = page.waitForEvent('pageerror');
    await run(page, `/coupons/${position}.js`, body);
    await failed;
  }
  await expect(notice(page)).toHaveCount(0);
  expect(await takeoverFailures(world.server)).toEqual([]);
  for (const [position, [what, body]] of ways.entries()) {
    await test.step(what, async () => {
      await visit(page, '/rotations');
      await run(page, `/pkg/${position}.js`, body);
      await expect(notice(page)).toContainText('Its code stopped working');
    });
  }
});

test('a page says that its code could not be loaded, and takes it when it comes', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Coffee', []);
  const ways = [
    ['the script is gone', '**/pkg/*.js', { status: 404 }],
    ['the main module is gone', '**/pkg/*_bg.wasm', { status: 404 }],
    ['the main module is a page of a network', '**/pkg/*_bg.wasm', { status: 200, contentType: 'text/html', body: '<h1>Accept the terms</h1>' }],
    ['the chunk of the page is gone', '**/pkg/*_split_rotation.wasm', { status: 404 }],
  ] as const;
  for (const [position, [what, files, answer]] of ways.entries()) {
    await test.step(what, async () => {
      await page.route(files, (route) => route.fulfill(answer));
      await page.goto(path);
      await expect(notice(page)).toContainText('Its code could not be loaded');
      await expect.poll(() => takeoverFailures(world.server)).toEqual([`missing ${position + 1}`]);
      await page.unroute(files);
      await visit(page, path);
      await expect(notice(page)).toHaveCount(0);
    });
  }
});

test('code that is late is said to be late, takes the page over when it is there, and is noticed when it breaks off after that', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  let letGo = () => {};
  const allowed = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/pkg/*_bg.wasm', async (route) => {
    await allowed;
    await route.continue();
  });
  await page.clock.install();
  await page.goto('/rotations');
  await page.clock.runFor(19_000);
  await expect(notice(page)).toHaveCount(0);
  await page.clock.runFor(2_000);
  await expect(notice(page)).toContainText('Its code has not arrived yet');
  await markDocument(page);
  letGo();
  await takenOver(page);
  await expect(notice(page)).toHaveCount(0);
  expect(await isSameDocument(page)).toBe(true);
  await breakOff(page);
  await expect(notice(page)).toContainText('Its code stopped working');
});

test('code that is late is said to be late though something else never ends to load', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await page.route('**/pkg/*_bg.wasm', () => {});
  await page.route('**/never', () => {});
  await rewrite(page, (html) => html.replace('<body>', '<body><img src="/never" alt="">'));
  await page.clock.install();
  await page.goto('/rotations', { waitUntil: 'domcontentloaded' });
  await page.clock.runFor(29_000);
  await expect(notice(page)).toHaveCount(0);
  await page.clock.runFor(2_000);
  await expect(notice(page)).toContainText('Its code has not arrived yet');
});
