// What holds on every page: no complaints of the browser (which every test
// checks at its end), no new document for a link, true status codes, and headers
// that keep strangers out.
import { expectHidden, openIntegrations } from '../support/connection';
import { furnish, pages } from '../support/pages';
import { signInAs } from '../support/sign-in';
import { isSameDocument, markDocument, takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

test('every page comes whole from the server and is taken over without a complaint', async ({ page, world }) => {
  test.slow();
  const rotation = await furnish(page, world);
  for (const path of pages(rotation)) {
    const html = await (await page.request.get(path, { headers: { accept: 'text/html' } })).text();
    expect(html, path).not.toContain('Loading…');
    await visit(page, path);
    const heading = await page.getByRole('heading', { level: 1 }).innerText();
    const sent = /<h1[^>]*>(.*?)<\/h1>/s.exec(html)![1]!.replaceAll(/<[^>]*>/g, '');
    expect(sent, path).toBe(heading);
  }
});

test('following a link loads no new document, and Back and Forward work', async ({ page, world }) => {
  const rotation = await furnish(page, world);
  await visit(page, '/rotations');
  await markDocument(page);
  const navigation = page.getByRole('navigation');

  const steps: [string, () => Promise<void>][] = [
    [rotation, () => page.getByRole('link', { name: 'Platform on-call' }).click()],
    [`${rotation}/schedule?schedule=PPLATS2`, () => page.getByRole('button', { name: 'Edit schedule' }).click()],
    [rotation, () => page.getByRole('link', { name: 'Back to the rotation' }).click()],
    [`${rotation}/edit`, () => page.getByRole('link', { name: 'Edit', exact: true }).click()],
    ['/settings', () => navigation.getByRole('link', { name: 'Settings' }).click()],
    ['/settings/integrations', () => page.getByRole('link', { name: 'Integrations (Manage & Connect)' }).click()],
    ['/rotations', () => navigation.getByRole('link', { name: 'Rotations' }).click()],
    ['/rotations/new', () => page.getByRole('link', { name: 'New rotation' }).click()],
  ];
  const visited = ['/rotations', ...steps.map(([path]) => path)];
  for (const [path, follow] of steps) {
    await follow();
    await expect(page).toHaveURL(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await expect(page.getByRole('main')).toBeFocused();

  for (const path of visited.slice(0, -1).reverse()) {
    await page.goBack();
    await expect(page).toHaveURL(path);
  }
  await expect(page.getByRole('heading', { level: 1, name: 'Rotations' })).toBeVisible();
  await page.goForward();
  await expect(page).toHaveURL(rotation);
  await expect(page.getByRole('heading', { level: 1, name: 'Platform on-call' })).toBeVisible();
  expect(await isSameDocument(page)).toBe(true);
});

test('the account menu and the dialogs can be used with the keyboard alone', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'New rotation' })).toBeFocused();

  const account = page.getByRole('button', { name: 'Your account' });
  await account.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Sign out', exact: true })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Sign out everywhere' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Sign out', exact: true })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(account).toBeFocused();
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu', { name: 'Your account' });
  await expect(menu).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(menu, 'Tab leads on from the button').toBeHidden();

  await openIntegrations(page);
  const opener = page.getByRole('button', { name: 'Login using an API Key' });
  await opener.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('API Key', { exact: true })).toBeFocused();
  await page.keyboard.type('half a key');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(opener).toBeFocused();
  await page.keyboard.press('Enter');
  const key = page.getByLabel('API Key', { exact: true });
  await expect(key, 'a dialog keeps no secret').toHaveValue('');
  await page.getByRole('dialog').getByRole('button', { name: 'Show' }).click();
  await expectHidden(key, false);
  await page.keyboard.press('Escape');
  await opener.press('Enter');
  // Nor does it go on showing one.
  await expectHidden(key);

  await world.sandbox.disturbPagerDuty({ status: 500, delay_ms: 1_000, times: 1 });
  await key.fill((await world.sandbox.credentials()).pagerduty.api_key);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog').getByRole('alert'), 'Escape hides no answer that is awaited').toContainText('status 500');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'The key works' })).toBeFocused();
});

test.describe('an address that leads nowhere', () => {
  test.use({ expectedConsole: /status of 404/ });

  test('says so, with the status that machines read', async ({ page }) => {
    await signInAs(page, 'Ada Okafor');
    for (const path of ['/nowhere', '/rotations/of/nobody', '/rotations/new/schedule', '/settings/nothing']) {
      const response = await page.goto(path);
      expect(response!.status(), path).toBe(404);
      await takenOver(page);
      await expect(page.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
    }
    const response = await page.goto('/rotations/no-such-rotation');
    expect(response!.status()).toBe(404);
    await expect(page.getByText('This does not exist, or you are not allowed to see it')).toBeVisible();
    await page.getByRole('link', { name: 'Go to the start page' }).click();
    await expect(page).toHaveURL('/');

    expect((await page.request.get('/rpc/no_such_function')).status()).toBe(404);
    expect((await page.request.get('/pkg/no-such-file.js')).status()).toBe(404);
  });
});

test('pages carry headers that keep strangers out', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const nonces = new Set<string>();
  for (const path of ['/rotations', '/settings/integrations']) {
    const headers = (await page.request.get(path)).headers();
    expect(headers).toMatchObject({
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    const policy = headers['content-security-policy']!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).not.toMatch(/'unsafe-(inline|eval)'/);
    nonces.add(/'nonce-([^']+)'/.exec(policy)![1]!);
  }
  expect(nonces.size, 'a nonce is used once').toBe(2);
});

test('a slash at the end of an address is left out', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await page.goto('/rotations/?search=a');
  await expect(page).toHaveURL('/rotations?search=a');
  await expect(page.getByRole('heading', { level: 1, name: 'Rotations' })).toBeVisible();
});

test('what is not signed in is let in nowhere', async ({ page }) => {
  for (const path of ['/', '/rotations', '/rotations/new', '/settings', '/settings/integrations', '/settings/audit', '/settings/background']) {
    await page.goto(path);
    await expect(page).toHaveURL(/\/sign-in/);
  }
  for (const path of ['/rpc/rotations', '/rpc/integrations', '/rpc/people', '/rpc/audit', '/rpc/background_work', '/api/events']) {
    expect((await page.request.get(path)).status(), path).toBe(401);
  }
});
