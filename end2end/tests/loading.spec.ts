// The code of most pages is loaded when somebody goes to one of them: no page loads
// what it does not need, and none is left empty where its code does not come.
import type { Page, Route } from '@playwright/test';
import { furnish, pages } from '../support/pages';
import { addMember, card, createRotation } from '../support/rotations';
import { SESSION_COOKIE, chooseAtSlack, signInAs } from '../support/sign-in';
import { isSameDocument, markDocument, takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

/** The names of the WebAssembly files that the page asks for from now on. */
function codeOf(page: Page): string[] {
  const files: string[] = [];
  page.on('request', (request) => {
    const file = new URL(request.url()).pathname;
    if (file.endsWith('.wasm')) files.push(file);
  });
  return files;
}

const mainNavigation = (page: Page) => page.getByRole('navigation', { name: 'Main' });

test('a page names all of the code that it needs, and loads it once', async ({ page, world }) => {
  test.slow();
  const rotation = await furnish(page, world);
  const loaded = codeOf(page);
  const parts = new Set<string>();
  for (const path of pages(rotation)) {
    loaded.length = 0;
    await visit(page, path);
    const named = await page.locator('link[rel=preload][as=fetch]').evaluateAll((links) => links.map((link) => link.getAttribute('href')!));
    expect([...loaded].sort(), path).toEqual(named.sort());
    named.forEach((file) => parts.add(file));
  }
  expect(parts.size, 'pages differ in what they need').toBeGreaterThan(3);
});

test('pointing at a link or a button, or reaching it by keyboard loads the code of its page ahead', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  await visit(page, '/rotations');
  const loaded = codeOf(page);
  await mainNavigation(page).getByRole('link', { name: 'Settings' }).hover();
  await expect.poll(() => loaded.filter((file) => file.endsWith('_split_occasional.wasm'))).toHaveLength(1);
  await card(page, 'Coffee').getByRole('link').focus();
  await expect.poll(() => loaded.filter((file) => file.endsWith('_split_rotation.wasm'))).toHaveLength(1);
  const ahead = loaded.length;
  await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  expect(loaded).toHaveLength(ahead);

  await mainNavigation(page).getByRole('link', { name: 'Rotations' }).click();
  await card(page, 'Coffee').getByRole('link').click();
  await page.getByRole('button', { name: 'Edit schedule' }).hover();
  await expect.poll(() => loaded.filter((file) => file.endsWith('_split_edit_schedule.wasm'))).toHaveLength(1);
});

/** Lets nothing of these addresses come until the function is called that this gives. */
async function holdBack(page: Page, addresses: string): Promise<() => void> {
  let letGo = () => {};
  const allowed = new Promise<void>((resolve) => (letGo = resolve));
  await page.route(addresses, async (route) => {
    await allowed;
    await route.continue();
  });
  return letGo;
}

test('a page that is left while its code is on the way stays left', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/rotations');
  const letGo = await holdBack(page, '**/*_split_occasional.wasm');
  await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveTitle('Loading… · Round Robin');
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Rotations' })).toBeVisible();
  await expect(page).toHaveTitle('Rotations · Round Robin');
  const arrived = page.waitForResponse('**/*_split_occasional.wasm');
  letGo();
  await (await arrived).finished();
  await page.goForward();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await expect(page).toHaveTitle('Settings · Round Robin');
});

test('code that stays away without a word is told, and its page is there when it comes', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await page.clock.install();
  await visit(page, '/rotations');
  await markDocument(page);
  const letGo = await holdBack(page, '**/*_split_occasional.wasm');
  await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveTitle('Loading… · Round Robin');
  await page.clock.runFor(10_000);
  await expect(page).toHaveTitle('Loading… · Round Robin');
  await page.clock.runFor(11_000);
  await expect(page.getByRole('heading', { level: 1, name: 'This page could not be loaded' })).toBeVisible();
  letGo();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  expect(await isSameDocument(page)).toBe(true);
});

test.describe('code that is served as text', () => {
  test.use({ expectedConsole: /application\/wasm/ });

  test('is taken all the same, that of every page and that of some', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    await page.route('**/pkg/*.wasm', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-type': 'text/plain' } });
    });
    await visit(page, path);
    await markDocument(page);
    await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
    expect(await isSameDocument(page)).toBe(true);
  });
});

test.describe('code that does not come', () => {
  test.use({ expectedConsole: /_split_(edit_schedule|occasional|rotation)\.wasm|rpc\/session|INTERNET_DISCONNECTED|Failed to (fetch|execute 'compile')/ });

  const unavailable = 'This page could not be loaded';

  /** Nothing that matches is answered, nor is the question whether the server is there. */
  async function cutOff(page: Page, files: string) {
    const refused = (route: Route) => route.abort('connectionrefused');
    await page.route(files, refused);
    await page.route('**/rpc/session', refused);
    return async () => {
      await page.unroute(files);
      await page.unroute('**/rpc/session');
    };
  }

  test('is told where the page would be, with a way to it', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await visit(page, '/rotations');
    await markDocument(page);
    const settings = page.getByRole('heading', { level: 1, name: 'Settings' });
    const reconnect = await cutOff(page, '**/*_split_occasional.wasm');
    await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { level: 1, name: unavailable })).toBeVisible();
    await expect(page).toHaveTitle(/This page could not be loaded/);

    await mainNavigation(page).getByRole('link', { name: 'Rotations' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Rotations' })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole('heading', { level: 1, name: unavailable })).toBeVisible();
    await reconnect();
    await page.getByRole('link', { name: 'load the page anew' }).click();
    await expect(settings).toBeVisible();
    await takenOver(page);
    expect(await isSameDocument(page)).toBe(false);
  });

  test('is tried again when its page is', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    await visit(page, '/rotations');
    await markDocument(page);
    const reconnect = await cutOff(page, '**/*_split_occasional.wasm');
    await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { level: 1, name: unavailable })).toBeVisible();
    await mainNavigation(page).getByRole('link', { name: 'Rotations' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Rotations' })).toBeVisible();
    await reconnect();
    await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
    expect(await isSameDocument(page)).toBe(true);
  });

  test('is told with the whole address of the page', async ({ page, world }) => {
    const rotation = await furnish(page, world);
    await cutOff(page, '**/*_split_edit_schedule.wasm');
    await visit(page, rotation);
    await page.getByRole('button', { name: 'Edit schedule' }).click();
    const anew = page.getByRole('alert').getByRole('link', { name: 'load the page anew' });
    await expect(anew).toHaveAttribute('href', `${rotation}/schedule?schedule=PPLATS2`);
  });

  test('because the server has another version by now makes the browser load the page anew', async ({ page, world }) => {
    const rotation = await furnish(page, world);
    await visit(page, rotation);
    await markDocument(page);
    const old = '**/*_split_edit_schedule.wasm';
    await page.route(old, (route) => route.fulfill({ status: 404 }));
    await page.getByRole('button', { name: 'Edit schedule' }).click();
    await expect(page).toHaveURL(/\/schedule\?schedule=PPLATS2$/);
    await expect(page.getByRole('heading', { level: 1, name: /schedule/i })).toBeVisible();
    expect(await isSameDocument(page)).toBe(false);
    await page.unroute(old);
    await takenOver(page);
    await page.goBack();
    await expect(page.getByRole('button', { name: 'Edit schedule' })).toBeVisible();
  });

  test('is there by itself once the browser is online again', async ({ page, context }) => {
    await signInAs(page, 'Ada Okafor');
    await visit(page, '/rotations');
    await markDocument(page);
    await context.setOffline(true);
    await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { level: 1, name: unavailable })).toBeVisible();
    await context.setOffline(false);
    await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
    expect(await isSameDocument(page)).toBe(true);
  });

  test('after the session ended leads to the sign-in, and back', async ({ page, context }) => {
    await signInAs(page, 'Ada Okafor');
    await visit(page, '/rotations');
    // The browser still has the cookie of a session that is none any more.
    const [session] = (await context.cookies()).filter(({ name }) => SESSION_COOKIE.test(name));
    await context.addCookies([{ ...session!, value: 'x'.repeat(43) }]);
    await page.route('**/*_split_occasional.wasm', (route) => route.fulfill({ status: 404 }));
    await mainNavigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(page).toHaveURL(/\/sign-in\?return_to=%2Fsettings/);
    await chooseAtSlack(page, 'Ada Okafor');
    await expect(page).toHaveURL('/settings');
  });

  test('leaves a page that works as it does without JavaScript, until it comes', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Coffee');
    for (const name of ['Leila Haddad', 'Kenji Sato']) await addMember(page, name);
    const gone = '**/*_split_rotation.wasm';
    await page.route(gone, (route) => route.abort('connectionrefused'));
    await page.goto(path);
    await page.getByRole('button', { name: 'Rotate' }).click();
    await expect(page.getByRole('region', { name: 'On duty now' })).toContainText('Leila Haddad');
    expect(await page.evaluate(() => window.takenOver)).toBeUndefined();
    await page.unroute(gone);
    await takenOver(page);
  });
});
