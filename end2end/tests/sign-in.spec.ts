// Signing in with Slack, staying signed in, and ceasing to be.
import type { Page } from '@playwright/test';
import { post } from '../support/calls';
import { connectWithApiKey, keyField, openIntegrations, openKeyDialog, pagerDutyCard } from '../support/connection';
import { createRotation, row } from '../support/rotations';
import { SESSION_COOKIE, chooseAtSlack, signInAs, signInThroughPages } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

/** Slack is asked twice, some time apart, before an installation is given up. */
const ASKED_TWICE = 20_000;

function problem(page: Page) {
  return page.getByRole('alert');
}

async function startSignIn(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in with Slack' }).click();
}

async function openAccountMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Your account' }).click();
}

async function signOut(page: Page, how: 'Sign out' | 'Sign out everywhere' = 'Sign out'): Promise<void> {
  await openAccountMenu(page);
  await page.getByRole('menuitem', { name: how, exact: true }).click();
  await expect(page).toHaveURL('/sign-in');
}

async function sessionCookie(page: Page) {
  return (await page.context().cookies()).find((cookie) => SESSION_COOKIE.test(cookie.name));
}

test('a member of a workspace that has not installed the app is told whom to ask', async ({ page }) => {
  await startSignIn(page);
  await page.getByRole('button', { name: 'Tomás Herrera' }).click();
  await expect(page.getByText('You may not install apps in this workspace')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(problem(page)).toContainText('Ask an Owner or Admin of the workspace to sign in once');
});

test('cancelling at Slack leads back with a sentence, and signing in still works', async ({ page }) => {
  await startSignIn(page);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(problem(page)).toContainText('the sign-in was cancelled there');
  await chooseAtSlack(page, 'Ada Okafor');
  await expect(page).toHaveURL('/');
});

test('a person of a workspace that is not served is refused with a sentence', async ({ page, openBrowser }) => {
  await signInAs(await openBrowser(), 'Ada Okafor');
  await startSignIn(page);
  await page.getByRole('button', { name: 'Yuki Mori' }).click();
  await expect(problem(page)).toContainText('serves another Slack workspace');
  expect(await sessionCookie(page)).toBeUndefined();
});

test('a token that lacks the e-mail scope is renewed by the next admin who signs in', async ({ page, openBrowser, world }) => {
  await signInThroughPages(page, 'Ada Okafor');
  await world.sandbox.control('slack/token/drop-scope', { scope: 'users:read.email' });

  const other = await openBrowser();
  await startSignIn(other);
  await other.getByRole('button', { name: 'Priya Raman' }).click();
  await expect(other.getByText('users:read.email')).toBeVisible();
  await other.getByRole('button', { name: 'Allow' }).click();
  await expect(other).toHaveURL('/');

  // With the new token e-mails are there again.
  await createRotation(other, 'Platform on-call');
  await expect(row(other, 'Owners', 'Priya Raman')).toContainText('priya.raman@lighthouse-books.example');
});

test('a callback that is forged, used twice or opened in another browser signs nobody in', async ({ page, openBrowser }) => {
  await page.goto('/api/auth/slack/callback?code=guessed&state=guessed');
  await expect(problem(page)).toContainText('started too long ago, in another browser, or was already used');

  const callbacks: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/auth/slack/callback?code=')) callbacks.push(request.url());
  });
  await signInThroughPages(page, 'Ada Okafor');
  await signOut(page);
  await page.goto(callbacks[0]!);
  await expect(problem(page)).toContainText('already used');

  // A sign-in that somebody else began must not become this browser's.
  const login = await page.request.get('/api/auth/slack/login', { maxRedirects: 0 });
  const slack = new URL(login.headers().location!);
  const chosen = await page.request.post(`${slack.origin}${slack.pathname}`, {
    form: { ...Object.fromEntries(slack.searchParams), person: 'U01ADAOKAF' },
    maxRedirects: 0,
  });
  const victim = await openBrowser();
  await victim.goto(chosen.headers().location!);
  await expect(problem(victim)).toContainText('in another browser');
  expect(await sessionCookie(victim)).toBeUndefined();
});

test('the session cookie is out of reach of scripts and other sites, and new at each sign-in', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  const first = (await sessionCookie(page))!;
  expect(first).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  // The browser's own time zone is all that scripts write and read.
  expect(await page.evaluate(() => document.cookie)).toMatch(/^(roundrobin_own_zone\w*=[\w/+-]+)?$/);

  await page.goto('/api/auth/slack/login');
  await page.getByRole('button', { name: 'Ada Okafor' }).click();
  await expect(page).toHaveURL('/');
  const second = (await sessionCookie(page))!;
  expect(second.value).not.toBe(first.value);

  const thief = await openBrowser();
  await thief.context().addCookies([first]);
  await thief.goto('/rotations');
  await expect(thief).toHaveURL(/\/sign-in/);
});

test('signing out ends the session for good', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const cookie = (await sessionCookie(page))!;
  await signOut(page);
  await page.context().addCookies([cookie]);
  await page.goto('/settings');
  await expect(page).toHaveURL('/sign-in?return_to=%2Fsettings');
});

test('signing out everywhere ends the sessions in other browsers too', async ({ page, openBrowser }) => {
  const other = await openBrowser();
  await signInAs(other, 'Ada Okafor');
  const third = await openBrowser();
  await signInAs(third, 'Priya Raman');
  await signInAs(page, 'Ada Okafor');

  await signOut(page, 'Sign out everywhere');
  await other.goto('/settings');
  await expect(other).toHaveURL(/\/sign-in/);
  await visit(third, '/settings');
  await expect(third.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('somebody who follows a link signs in and arrives where the link leads', async ({ page }) => {
  await page.goto('/rotations?mode=manual&search=a%26b');
  await chooseAtSlack(page, 'Ada Okafor');
  await expect(page).toHaveURL('/rotations?mode=manual&search=a%26b');
});

test('an address of another site is never returned to', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  const elsewhere = ['https://evil.example/', '//evil.example', '/\\evil.example', '/\t/evil.example', 'javascript:alert(1)'];
  const addresses = elsewhere.map((address) => `/api/auth/slack/login?return_to=${encodeURIComponent(address)}`);
  for (const address of [...addresses, '/sign-in?return_to=%2F%2Fevil.example']) {
    await page.context().clearCookies({ name: SESSION_COOKIE });
    await page.goto(address);
    const link = page.getByRole('link', { name: 'Sign in with Slack' });
    if (await link.isVisible()) await link.click();
    await page.getByRole('button', { name: 'Ada Okafor' }).click();
    await expect(page, address).toHaveURL(`${world.server.url}/`);
    await takenOver(page);
  }
});

test.describe('a session that ended while a page was open', () => {
  // The page asks, is told 401, and Chromium writes that down.
  test.use({ expectedConsole: /status of 401/ });

  test('Save in an open dialog says so, and signing in leads back to the panel', async ({ page, context }) => {
    await signInAs(page, 'Ada Okafor');
    await openIntegrations(page);
    const dialog = await openKeyDialog(page);
    await keyField(dialog).fill('a-key-that-was-typed');

    const otherTab = await context.newPage();
    await otherTab.goto('/rotations');
    await signOut(otherTab);

    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toContainText('Your session has ended');
    await expect(keyField(dialog)).toHaveValue('a-key-that-was-typed');
    await dialog.getByRole('link', { name: 'Sign in again' }).click();
    await chooseAtSlack(page, 'Ada Okafor');
    await expect(page).toHaveURL('/settings/integrations');
    await expect(page.getByRole('button', { name: 'Login using an API Key' })).toBeVisible();
  });
});

test.describe('what changes in Slack', () => {
  // A page that was let in may find its session gone when it asks for more.
  test.use({ serverEnv: { ROUNDROBIN_SLACK_DIRECTORY_SECONDS: '1' }, expectedConsole: /status of 401/ });

  test('an admin who is demoted can no longer manage integrations', async ({ page, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    await signInAs(page, 'Priya Raman');
    await connectWithApiKey(page, pagerduty.api_key);

    await world.sandbox.control('slack/people/U03PRIYARA/role', { role: 'member' });
    await expect(async () => {
      await page.reload();
      await expect(pagerDutyCard(page)).toContainText('Only a Primary Owner, Owner or Admin', { timeout: 500 });
    }).toPass();
    await expect(page.getByRole('button', { name: 'Edit API Key' })).toHaveCount(0);
    expect((await post(page, '/rpc/disconnect_pagerduty')).status()).toBe(403);
  });

  test('a person who is deactivated is signed out', async ({ page, openBrowser, world }) => {
    await signInAs(await openBrowser(), 'Ada Okafor');
    await signInAs(page, 'Tomás Herrera');
    await world.sandbox.control('slack/people/U05TOMASHE/deactivate', {});
    await expect(async () => {
      await page.goto('/rotations');
      await expect(page).toHaveURL(/\/sign-in/, { timeout: 500 });
    }).toPass();
    expect((await post(page, '/rpc/create_rotation', { 'input[name]': 'Late' })).status()).toBe(401);
  });

  test('one refusal of the token signs nobody out', async ({ page, world }) => {
    await signInAs(page, 'Ada Okafor');
    const fields = { ok: false, error: 'invalid_auth' };
    await world.sandbox.control('faults', { side: 'slack', path: '/api/users.list', fields, times: 1 });
    await expect.poll(async () => (await world.sandbox.control<{ faults: unknown[] }>('faults')).faults).toEqual([]);
    await page.goto('/rotations');
    await expect(page).toHaveURL('/rotations');
  });

  test('after the app was removed from Slack open pages say so, people read on, and signing in adds it again', async ({
    page,
    world,
    openBrowser,
  }) => {
    await signInAs(page, 'Ada Okafor');
    await createRotation(page, 'Platform on-call');
    await page.goto('/rotations');
    const elsewhere = await openBrowser();
    await signInAs(elsewhere, 'Tomás Herrera');

    await world.sandbox.control('slack/uninstall', {});
    const ended = 'Round Robin is not installed in Slack any more';
    const notice = page.getByText(ended);
    await expect(notice).toBeVisible({ timeout: ASKED_TWICE });
    await expect(elsewhere.getByText('Ask an Owner or Admin to sign in again')).toBeVisible();
    await page.reload();
    await expect(notice).toBeVisible();
    await expect(page.getByRole('link', { name: 'Platform on-call' })).toBeVisible();
    expect((await post(page, '/rpc/create_rotation', { 'input[name]': 'Late' })).status()).toBe(403);

    await page.getByRole('link', { name: 'Sign in again and add Round Robin' }).click();
    await page.getByRole('button', { name: 'Ada Okafor' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await expect(page).toHaveURL('/');
    await expect(notice).toHaveCount(0);
    await expect(elsewhere.getByText(ended)).toHaveCount(0);
  });
});
