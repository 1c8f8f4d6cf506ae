// Pages whose code does not take them over, because the document was changed on its way or
// the code does not come or breaks off: they say so, work as without scripts, and load
// themselves anew.
import type { Page } from '@playwright/test';
import { furnish, pages } from '../support/pages';
import { REWRITINGS, rewrite, type Rewriting } from '../support/rewriting';
import { addMember, createRotation, names } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { isSameDocument, markDocument, takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

declare global {
  interface Window {
    wholly?: true;
  }
}

const TOKEN = 'metrics-token';
const WRAPPED = REWRITINGS['a translation wraps each text']!;

test.use({
  serverEnv: { ROUNDROBIN_METRICS_TOKEN: TOKEN },
  expectedConsole: /panicked|unreachable|[Hh]ydration|closure|RuntimeError|page error|\/pkg\/|MIME|CompileError|rpc\/session|ERR_(CONNECTION|INTERNET)/,
});

const notice = (page: Page) => page.getByRole('status').filter({ hasText: 'This page is not live' });

/** Waits until the page is another document than the one that was marked. */
async function loadedAnew(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sameDocument === undefined);
}

/** How often pages said that they are not live, for this cause. */
async function counted(page: Page, cause: string): Promise<number> {
  const answer = await page.request.get('/metrics', { headers: { authorization: `Bearer ${TOKEN}` } });
  const [, count] = new RegExp(`takeover_failures_total{cause="${cause}"} (\\d+)`).exec(await answer.text()) ?? [];
  return Number(count ?? 0);
}

/** What the page says, but for numbers, which count on, and white space. */
async function words(page: Page): Promise<string> {
  const text = await page.locator('#app').innerText();
  return text.replace(/[\d\s]+/g, '');
}

/** Does what a panic ends with. */
async function breakOff(page: Page): Promise<void> {
  await page.evaluate(() => {
    // A module with one function, which cannot go on.
    const code = '0061736d010000000104016000000302010007050101660000 0a05010300000b'.replaceAll(' ', '');
    const bytes = new Uint8Array(code.match(/../g)!.map((byte) => parseInt(byte, 16)));
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { f: () => void };
    queueMicrotask(f);
  });
}

/** Opens a rotation by hand in which two people take turns, as a translation makes it. */
async function openWrapped(page: Page): Promise<() => Promise<void>> {
  await signInAs(page, 'Ada Okafor');
  const path = await createRotation(page, 'Coffee');
  for (const name of ['Leila Haddad', 'Wei Zhang']) await addMember(page, name);
  const stop = await rewrite(page, WRAPPED);
  await page.clock.install();
  await page.goto(path);
  await expect(notice(page)).toBeVisible();
  await markDocument(page);
  return stop;
}

test('a document that was changed on its way is taken over as it was meant, or says that it is not live, on every page', async ({ page, context, world }) => {
  test.setTimeout(180_000);
  const rotation = await furnish(page, world);
  const paths = pages(rotation);
  // Asking for live events is no sign of it: what comes after that may fail.
  await context.addInitScript(() => addEventListener('takeover', () => (window.wholly = true)));
  const live: Record<string, number> = {};
  const wrong: string[] = [];
  /** What each page says that was taken over after this was done to it. */
  const opened = async (name: string, rewriting: Rewriting, meant?: Map<string, string>) => {
    const said = new Map<string, string>();
    const tab = await context.newPage();
    await rewrite(tab, rewriting);
    for (const path of paths) {
      await tab.goto(path);
      const end = await tab.waitForFunction(() => (document.querySelector('.not-live') ? 'said' : window.wholly && 'live'));
      if ((await end.jsonValue()) === 'said') continue;
      said.set(path, await words(tab));
      // The list of syncs grows meanwhile.
      const same = said.get(path) === meant?.get(path) || path.endsWith('/syncs');
      if (meant && !same && !(await notice(tab).isVisible())) wrong.push(`${name}: ${path}`);
    }
    live[name] = said.size;
    await tab.close();
    return said;
  };
  const meant = await opened('nothing is changed', (html) => html);
  const waiting = Object.entries(REWRITINGS);
  const openNext = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await opened(...next, meant);
  };
  await Promise.all([openNext(), openNext(), openNext()]);
  expect(wrong).toEqual([]);
  for (const name of ['nothing is changed', 'a proxy hides e-mail addresses that are not fenced', 'an element is the first of the body']) {
    expect(live[name], name).toBe(paths.length);
  }
});

test('a page that is not live works as without scripts, is counted, and is live again after it was loaded anew', async ({ page }) => {
  const stop = await openWrapped(page);
  await expect.poll(() => counted(page, 'broken')).toBe(1);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  expect(await isSameDocument(page), 'the browser sent the form').toBe(false);
  await page.goto(page.url());
  await expect(notice(page)).toBeVisible();
  await expect.poll(() => counted(page, 'broken')).toBe(2);
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

test('code that breaks off later is noticed as well', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/rotations');
  await breakOff(page);
  await expect(notice(page)).toBeVisible();
  await expect(notice(page)).toContainText('Its code stopped working');
  await expect.poll(() => counted(page, 'broken')).toBe(1);
  await markDocument(page);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  expect(await isSameDocument(page), 'the browser followed the link').toBe(false);
});

for (const [what, files, answer] of [
  ['the script is gone', '**/pkg/*.js', { status: 404 }],
  ['the main module is gone', '**/pkg/*_bg.wasm', { status: 404 }],
  ['the main module is a page of a network', '**/pkg/*_bg.wasm', { status: 200, contentType: 'text/html', body: '<h1>Accept the terms</h1>' }],
  ['the chunk of the page is gone', '**/pkg/*_split_rotation.wasm', { status: 404 }],
] as const) {
  test(`a page says that its code could not be loaded when ${what}, and takes it when it comes`, async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    await page.route(files, (route) => route.fulfill(answer));
    await page.goto(path);
    await expect(notice(page)).toContainText('Its code could not be loaded');
    await expect.poll(() => counted(page, 'missing')).toBe(1);
    await page.unroute(files);
    await page.reload();
    await takenOver(page);
    await expect(notice(page)).toHaveCount(0);
  });
}

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
