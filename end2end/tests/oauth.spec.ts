// The article's second way, and every way in which it can end otherwise.
import type { Page } from '@playwright/test';
import { post } from '../support/calls';
import {
  changeConnection,
  connectedButton,
  connectWithApiKey,
  disconnect,
  expectHidden,
  fact,
  keyField,
  openIntegrations,
  pagerDutyCard,
  saveKey,
} from '../support/connection';
import {
  allowAs,
  clientId,
  clientSecret,
  connectWithOauth,
  deny,
  goToPagerDuty,
  logins,
  openOauthDialog,
  saveClient,
} from '../support/oauth';
import { card, makeBoundRotation, mode, names } from '../support/rotations';
import { SESSION_COOKIE, signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

const CALLBACK = '/api/integrations/pagerduty/login/callback';
const SCOPES = ['openid', 'schedules.read', 'teams.read', 'users.read'];

async function expectNotConnected(page: Page): Promise<void> {
  await expect(pagerDutyCard(page)).toContainText('Not connected');
  await expect(connectedButton(page)).toHaveCount(0);
}

for (const person of ['Ada Okafor – Primary Owner', 'Henrik Lindqvist – Owner', 'Priya Raman – Admin']) {
  test(`${person} connects PagerDuty with OAuth 2.0 and disconnects it again`, async ({ page, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    await signInAs(page, person);
    await openIntegrations(page);
    const dialog = await openOauthDialog(page);
    await expect(dialog).toContainText(`${world.server.url}${CALLBACK}`);
    for (const scope of SCOPES) await expect(dialog.getByText(scope, { exact: true })).toBeVisible();
    await expect(dialog).toContainText('App Registration');
    await expect(dialog).toContainText('PagerDuty admin');
    await expectHidden(clientSecret(dialog));
    await saveClient(dialog, ` ${pagerduty.client_id} `, `${pagerduty.client_secret} `);
    await allowAs(page);

    await expect(page).toHaveURL('/settings/integrations');
    await expect(connectedButton(page)).toBeVisible();
    await expect(page.getByText('The login works and was saved')).toBeVisible();
    await expect(fact(page, 'How')).toContainText('OAuth as Ada Okafor');
    await expect(fact(page, 'Service region')).toHaveText('US');
    await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();

    const bound = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    const onCall = await world.sandbox.onCall('PPLATP1');
    await expect(names(page, 'On duty now')).toHaveText(onCall);
    await openIntegrations(page);
    await disconnect(page);
    await expect(page.getByText('Revoke All Tokens').first()).toBeVisible();
    await visit(page, bound);
    await expect(mode(page)).toHaveText('Manual');
    await expect(names(page, 'On duty now')).toHaveText(onCall);
  });
}

test('what has to be copied into PagerDuty is copied by a button', async ({ page, context, world }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openOauthDialog(page);
  const copies: [string, string][] = [
    ['Copy the redirect URL', `${world.server.url}${CALLBACK}`],
    ...SCOPES.map((scope): [string, string] => [`Copy the scope ${scope}`, scope]),
  ];
  for (const [button, text] of copies) {
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(text);
  }
});

test('empty, spaced and endless values are refused at their fields', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openOauthDialog(page);
  const save = dialog.getByRole('button', { name: 'Save' });
  await save.click();
  await expect(clientId(dialog)).toHaveAccessibleDescription(/Paste the Client ID/);
  await clientId(dialog).fill('two words');
  await save.click();
  await expect(clientId(dialog)).toHaveAccessibleDescription(/no spaces/);
  await clientId(dialog).fill('client');
  await save.click();
  await expect(clientSecret(dialog)).toHaveAccessibleDescription(/Paste the Client Secret/);
  await clientSecret(dialog).fill('x'.repeat(10_240));
  await save.click();
  await expect(clientSecret(dialog)).toHaveAccessibleDescription(/too long/);
  await expect(clientId(dialog)).toHaveValue('client');
  expect((await logins(world.sandbox)).grants).toBe(0);
});

test('a denied consent changes nothing and says so where it was begun', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await goToPagerDuty(page, world.sandbox);
  await deny(page);
  await expect(page).toHaveURL('/settings/integrations');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert').first()).toContainText('Access was denied');
  await expect(clientId(dialog)).toHaveValue(pagerduty.client_id);
  await expect(clientSecret(dialog)).toHaveValue('');
  await expectNotConnected(page);

  // Old news is not told again.
  await takenOver(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await openOauthDialog(page);
  await expect(page.getByText('Access was denied')).toHaveCount(0);
  await saveClient(dialog, pagerduty.client_id, pagerduty.client_secret);
  await allowAs(page);
  await expect(connectedButton(page)).toBeVisible();
});

test('what is typed into a dialog that came open stays when the app takes over', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await goToPagerDuty(page, world.sandbox);
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Deny' }).click({ noWaitAfter: true });
  const dialog = page.getByRole('dialog');
  await clientId(dialog).fill('typed-early');
  await clientSecret(dialog).fill(pagerduty.client_secret);
  release();
  await takenOver(page);
  await expect(page.locator('dialog:modal')).toHaveCount(1);
  await expect(clientId(dialog)).toHaveValue('typed-early');
  await expect(clientSecret(dialog)).toHaveValue(pagerduty.client_secret);
  await expect(clientSecret(dialog)).toBeFocused();
});

test('a wrong secret is told after the login, a wrong id and a wrong address by PagerDuty itself', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveClient(await openOauthDialog(page), pagerduty.client_id, 'not-the-secret');
  await allowAs(page);
  await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('does not accept this Client ID together with this Client Secret');
  await expectNotConnected(page);

  await saveClient(page.getByRole('dialog'), 'no-such-client', pagerduty.client_secret);
  await expect(page.getByText('No app is registered')).toBeVisible();
  await visit(page, '/settings/integrations');
  await expectNotConnected(page);

  await world.sandbox.control('oauth/app', { redirect_uris: ['https://elsewhere.example/callback'] });
  await saveClient(await openOauthDialog(page), pagerduty.client_id, pagerduty.client_secret);
  await expect(page.getByText('redirect_uri is not one of those')).toBeVisible();
  await visit(page, '/settings/integrations');
  await expectNotConnected(page);
});

test('an app without a needed scope is told which and where to add it', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await world.sandbox.control('oauth/app', { scopes: ['schedules.read', 'teams.read'] });
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await goToPagerDuty(page, world.sandbox);
  await allowAs(page);
  const alert = page.getByRole('dialog').getByRole('alert').first();
  await expect(alert).toContainText('users.read');
  await expect(alert).toContainText('App Registration');
  await expectNotConnected(page);

  await world.sandbox.control('oauth/app', { scopes: ['schedules.read', 'teams.read', 'users.read'] });
  await saveClient(page.getByRole('dialog'), pagerduty.client_id, pagerduty.client_secret);
  await allowAs(page);
  await expect(connectedButton(page)).toBeVisible();
});

test('a secret of all kinds of characters is sent as it was typed', async ({ page, world }) => {
  const secret = 'a+b&c%d=é ключ/鍵?#';
  await world.sandbox.control('oauth/app', { client_secret: secret });
  await signInAs(page, 'Ada Okafor');
  await connectWithOauth(page, world.sandbox);
  await world.sandbox.control('oauth/expire', {});
  await expect.poll(async () => (await logins(world.sandbox)).refreshes).toBe(1);
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
});

test.describe('the callback', () => {
  test('without a state, with an unknown, a used and somebody else’s changes nothing', async ({ page, openBrowser, world }) => {
    const other = await openBrowser();
    await signInAs(other, 'Henrik Lindqvist');
    await signInAs(page, 'Ada Okafor');
    const unknown = 'This login was already used';
    for (const query of ['', '?code=abc', '?state=&code=abc', '?code=abc&state=nobody-knows-this', '?state=x&error=access_denied']) {
      await visit(page, `${CALLBACK}${query}`);
      await expect(page).toHaveURL('/settings/integrations');
      await expect(page.getByRole('alert').filter({ hasText: unknown })).toBeVisible();
      await expectNotConnected(page);
    }

    // PagerDuty documents its denial without a state.
    await visit(page, `${CALLBACK}?error=access_denied&error_description=No`);
    await expect(page.getByRole('alert').filter({ hasText: 'Access was denied' })).toBeVisible();

    await openIntegrations(page);
    await goToPagerDuty(page, world.sandbox);
    // PagerDuty lets somebody in, and another browser comes to the callback first.
    const asked = new URL(page.url()).searchParams;
    const { redirect_to: callback } = await world.sandbox.control<{ redirect_to: string }>('oauth/authorise', {
      redirect_uri: asked.get('redirect_uri'),
      scope: asked.get('scope'),
      code_challenge: asked.get('code_challenge'),
      state: asked.get('state'),
    });
    await visit(other, callback);
    await expect(other.getByRole('alert').filter({ hasText: unknown })).toBeVisible();
    await expectNotConnected(other);

    // More parameters than anybody expects do no harm.
    await visit(page, `${callback}&iss=https%3A%2F%2Fapp.pagerduty.com&foo=bar&foo=baz`);
    await expect(connectedButton(page)).toBeVisible();
    const { grants } = await logins(world.sandbox);
    await visit(page, callback);
    await expect(page.getByRole('alert').filter({ hasText: unknown })).toBeVisible();
    await expect(connectedButton(page)).toBeVisible();
    expect(await logins(world.sandbox)).toMatchObject({ grants, reused: 0 });
  });

  test('with a code that PagerDuty never made says so', async ({ page, world }) => {
    await signInAs(page, 'Ada Okafor');
    for (const [code, sentence] of [
      ['x'.repeat(10_240), 'without an answer that makes sense'],
      ['', 'without an answer that makes sense'],
      ['never-made', 'did not accept its own answer'],
    ] as const) {
      await visit(page, '/settings/integrations');
      await goToPagerDuty(page, world.sandbox);
      const state = new URL(page.url()).searchParams.get('state')!;
      expect(state.length).toBeGreaterThanOrEqual(43);
      await visit(page, `${CALLBACK}?state=${state}&code=${code}`);
      await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText(sentence);
      await expectNotConnected(page);
    }
  });

  test('goes on to its end when the browser leaves', async ({ page, openBrowser, world }) => {
    const other = await openBrowser();
    await signInAs(page, 'Ada Okafor');
    await signInAs(other, 'Henrik Lindqvist');
    await openIntegrations(other);
    await openIntegrations(page);
    await goToPagerDuty(page, world.sandbox);
    await world.sandbox.control('faults', { side: 'identity', path: '/oauth/token', delay_ms: 2_000, times: 1 });
    await page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
    // The code is on its way to PagerDuty.
    await expect.poll(async () => (await world.sandbox.control<{ faults: object[] }>('faults')).faults).toEqual([]);
    await page.close();
    await expect(connectedButton(other)).toBeVisible();
    await expect(fact(other, 'How')).toContainText('OAuth as Ada Okafor');
  });

  test.describe('of an admin', () => {
    test.use({ serverEnv: { ROUNDROBIN_SLACK_DIRECTORY_SECONDS: '1' }, expectedConsole: /status of 403/ });

    test('who was demoted meanwhile changes nothing', async ({ page, world }) => {
      await signInAs(page, 'Priya Raman');
      await openIntegrations(page);
      await goToPagerDuty(page, world.sandbox);
      await world.sandbox.control('slack/people/U03PRIYARA/role', { role: 'member' });
      const panel = () => page.request.get('/rpc/integrations');
      await expect.poll(async () => (await panel()).text()).toContain('"may_manage":false');
      await allowAs(page);
      await expect(page.getByText('Only a Primary Owner, Owner or Admin')).toBeVisible();
      expect((await logins(world.sandbox)).grants).toBe(0);
    });
  });

  test('with another reason than a denial tells the reason as text', async ({ page, world }) => {
    await signInAs(page, 'Ada Okafor');
    await openIntegrations(page);
    await goToPagerDuty(page, world.sandbox);
    const state = new URL(page.url()).searchParams.get('state')!;
    await visit(page, `${CALLBACK}?state=${state}&error=%3Cb%3Eserver_error%3C%2Fb%3E`);
    await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('<b>server_error</b>');
  });

  test('of somebody whose session ended leads to the sign-in and back', async ({ page, context, world }) => {
    await signInAs(page, 'Ada Okafor');
    await openIntegrations(page);
    await goToPagerDuty(page, world.sandbox);
    await context.clearCookies({ domain: '127.0.0.1', name: SESSION_COOKIE });
    await allowAs(page);
    await expect(page).toHaveURL(/\/sign-in\?.*return_to=%2Fsettings%2Fintegrations/);
    await expect(page.getByText('Your session has ended')).toBeVisible();
  });
});

test.describe('roles', () => {
  test.use({ expectedConsole: /status of 403/ });

  test('a member cannot begin, renew or finish a login, and an admin can read about it', async ({ page, openBrowser, world }) => {
    const admin = await openBrowser();
    await signInAs(admin, 'Ada Okafor');
    await signInAs(page, 'Tomás Herrera');
    await openIntegrations(page);
    await expect(page.getByRole('button', { name: 'Login using OAuth 2.0' })).toHaveCount(0);
    const { pagerduty } = await world.sandbox.credentials();
    const client = { client_id: pagerduty.client_id, client_secret: pagerduty.client_secret };
    for (const path of ['connect_with_oauth', 'switch_to_oauth', 'reconnect_oauth', 'switch_account']) {
      expect((await post(page, `/rpc/${path}`, client)).status(), path).toBe(403);
    }
    const refused = await page.goto(`${CALLBACK}?state=x&code=y`);
    expect(refused!.status()).toBe(403);
    await expect(page.getByText('Only a Primary Owner, Owner or Admin')).toBeVisible();
    await visit(admin, '/settings/audit');
    await expect(admin.getByRole('row').filter({ hasText: 'Tomás Herrera' }).filter({ hasText: 'Refused' })).toHaveCount(5);
  });
});

test.describe('bad weather at PagerDuty’s login', () => {
  test('an error, a page and silence are each told in words', async ({ page, world }) => {
    test.slow();
    await signInAs(page, 'Ada Okafor');
    for (const [fault, sentence] of [
      [{ status: 500 }, 'status 500'],
      [{ status: 200, body: 'html' }, "is not what PagerDuty's API sends"],
      [{ status: 429, headers: { 'retry-after': '7' } }, 'Wait 7 seconds'],
      [{ body: 'truncated' }, 'could not be understood'],
      [{ body: 'wrong_types' }, 'could not be understood'],
      [{ delay_ms: 12_000 }, 'did not answer within 10 seconds'],
    ] as const) {
      await visit(page, '/settings/integrations');
      await goToPagerDuty(page, world.sandbox);
      await world.sandbox.control('faults', { side: 'identity', path: '/oauth/token', ...fault });
      await allowAs(page);
      await expect(page).toHaveURL('/settings/integrations', { timeout: 20_000 });
      await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText(sentence);
      await expectNotConnected(page);
      await world.sandbox.clearFaults();
    }
    await visit(page, '/settings/integrations');
    await connectWithOauth(page, world.sandbox);
  });

  test('a login that PagerDuty’s API does not accept is not saved', async ({ page, world }) => {
    await signInAs(page, 'Ada Okafor');
    await openIntegrations(page);
    await goToPagerDuty(page, world.sandbox);
    await world.sandbox.disturbPagerDuty({ status: 401 });
    await allowAs(page);
    await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('did not accept the login it gave');
    await expectNotConnected(page);
  });
});

test('the region is the one of PagerDuty’s answer, whichever shape it has', async ({ page, world }) => {
  test.slow();
  await signInAs(page, 'Ada Okafor');
  for (const [region, shape] of [
    ['eu', 'list'],
    ['eu', 'string'],
    ['us', 'string'],
    // Without one, each region is asked.
    ['eu', 'none'],
    ['us', 'foreign'],
  ] as const) {
    await world.sandbox.control('oauth/audience', { region, shape });
    await connectWithOauth(page, world.sandbox, region === 'eu' ? 'Marta Kowalczyk' : 'Ada Okafor');
    await expect(fact(page, 'Service region')).toHaveText(region.toUpperCase());
    await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
    await disconnect(page);
  }
});

test('tokens are renewed by themselves, and an ended login asks for a reconnection that keeps everything', async ({ page, openBrowser, world }) => {
  test.slow();
  const { sandbox } = world;
  const member = await openBrowser();
  await sandbox.control('oauth/lifetimes', { access_seconds: 5 });
  await signInAs(page, 'Ada Okafor');
  await connectWithOauth(page, sandbox);
  const bound = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  const onCall = await sandbox.onCall('PPLATP1');
  await expect.poll(async () => (await logins(sandbox)).refreshes, { timeout: 20_000 }).toBeGreaterThan(1);
  await sandbox.control('oauth/expire', {});
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'Integrations (Manage & Connect)' }).click();
  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText('Synced:')).toBeVisible();
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();

  await sandbox.control('oauth/revoke', {});
  await expect(pagerDutyCard(page).getByText('Needs reconnection')).toBeVisible({ timeout: 15_000 });
  await expect(pagerDutyCard(page)).toContainText('PagerDuty has ended the login');
  await visit(page, '/rotations');
  await expect(page.getByRole('status').filter({ hasText: 'PagerDuty needs reconnection' })).toBeVisible();
  await expect(card(page, 'Platform on-call')).toContainText(onCall[0]!);
  await expect(card(page, 'Platform on-call')).toContainText('Needs reconnection');
  await expect(card(page, 'Platform on-call')).toContainText('As PagerDuty last said');
  const list = await openBrowser();
  await signInAs(list, 'Henrik Lindqvist');
  await expect(card(list, 'Platform on-call')).toContainText('Needs reconnection');
  await visit(page, bound);
  await expect(page.getByRole('region', { name: 'Schedule' })).toContainText('Needs reconnection. PagerDuty has ended the login');
  await expect(page.getByRole('region', { name: 'Schedule' })).toContainText('Last confirmed');
  await expect(names(page, 'On duty now')).toHaveText(onCall);
  await signInAs(member, 'Tomás Herrera');
  await expect(card(member, 'Platform on-call')).toBeVisible();
  await expect(member.getByText('PagerDuty needs reconnection')).toHaveCount(0);

  await openIntegrations(page);
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await deny(page);
  await expect(page.getByRole('alert').filter({ hasText: 'Access was denied' })).toBeVisible();
  await expect(pagerDutyCard(page).getByText('Needs reconnection')).toBeVisible();
  await takenOver(page);
  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText('Access was denied')).toHaveCount(0);
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await allowAs(page);
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
  // A list that stayed open follows.
  await expect(card(list, 'Platform on-call')).not.toContainText('Needs reconnection');
  await visit(page, bound);
  await expect(page.getByText('Bound to Platform Primary')).toBeVisible();
  await expect(page.getByText('PagerDuty needs reconnection')).toHaveCount(0);
  expect((await logins(sandbox)).reused).toBe(0);
});

test('a secret that was replaced in PagerDuty is asked for again', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await connectWithOauth(page, world.sandbox);
  await world.sandbox.control('oauth/app', { client_secret: 'a-new-secret' });
  await world.sandbox.control('oauth/expire', {});
  await expect(pagerDutyCard(page)).toContainText('no longer accepts the Client ID and Client Secret', { timeout: 15_000 });
  await saveClient(await openOauthDialog(page), pagerduty.client_id, 'a-new-secret');
  await allowAs(page);
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
});

test('a schedule that the person may not see any more keeps its rotation as it was', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  await connectWithOauth(page, world.sandbox);
  const bound = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await makeBoundRotation(page, 'Payments', 'Payments');
  const onCall = await world.sandbox.onCall('PPLATP1');
  await world.sandbox.control('schedules/PPLATP1/hide', { hidden: true });
  await visit(page, bound);
  await expect(page.getByRole('region', { name: 'Schedule' })).toContainText('does not show this schedule any more');
  await expect(mode(page)).toHaveText('PagerDuty');
  await expect(names(page, 'On duty now')).toHaveText(onCall);
  await openIntegrations(page);
  // The connection itself works; never is it healthy while a schedule cannot be read.
  await expect(pagerDutyCard(page).getByText(/^(Asking again|Needs attention)$/)).toBeVisible();
});

test('switching between key and login keeps the bindings', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await connectWithApiKey(page, pagerduty.api_key);
  const bound = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await goToPagerDuty(page, world.sandbox);
  await allowAs(page);
  await expect(fact(page, 'How')).toContainText('OAuth as Ada Okafor');
  await expect(fact(page, 'Bound rotations')).toHaveText('1');

  await changeConnection(page, 'Login using an API Key');
  const dialog = page.getByRole('dialog');
  await expect(keyField(dialog)).toBeVisible();
  await saveKey(dialog, pagerduty.api_key);
  await expect(fact(page, 'How')).toContainText('••••K7Qa');
  await connectedButton(page).click();
  await expect(page.getByRole('menuitem', { name: 'Edit API Key' })).toBeVisible();
  await visit(page, bound);
  await expect(page.getByText('Bound to Platform Primary')).toBeVisible();
  await visit(page, '/settings/audit');
  for (const action of ['Switched PagerDuty to OAuth 2.0', 'Switched PagerDuty to an API key']) {
    await expect(page.getByRole('row').filter({ hasText: action })).toHaveCount(1);
  }
});

test('another account is asked about first, whichever way it comes', async ({ page, openBrowser, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const other = await openBrowser();
  await signInAs(other, 'Henrik Lindqvist');
  await signInAs(page, 'Ada Okafor');
  await connectWithApiKey(page, pagerduty.api_key);
  const bound = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');

  await openIntegrations(page);
  await changeConnection(page, 'Edit API Key');
  await saveKey(page.getByRole('dialog'), pagerduty.eu_api_key);
  const question = page.getByRole('alert').filter({ hasText: 'This is another PagerDuty account' });
  await expect(question).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(fact(page, 'How')).toContainText('••••K7Qa');
  // The question is for who brought the key.
  await openIntegrations(other);
  await expect(connectedButton(other)).toBeVisible();
  await expect(other.getByText('This is another PagerDuty account')).toHaveCount(0);
  await page.getByRole('button', { name: 'Keep the present account' }).click();
  await expect(question).toHaveCount(0);
  await expect(page.getByText('The connection stayed as it was')).toBeVisible();

  await world.sandbox.control('oauth/audience', { region: 'eu' });
  await goToPagerDuty(page, world.sandbox);
  await allowAs(page, 'Marta Kowalczyk');
  await expect(question).toBeVisible();
  await expect(fact(page, 'Service region')).toHaveText('US');
  await page.getByRole('button', { name: 'Switch accounts' }).click();
  await expect(fact(page, 'Service region')).toHaveText('EU');
  await expect(fact(page, 'How')).toContainText('OAuth as Marta Kowalczyk');
  await expect(question).toHaveCount(0);
  await visit(page, bound);
  await expect(page.getByRole('region', { name: 'Schedule' })).toContainText('does not show this schedule any more');
  await expect(mode(page)).toHaveText('PagerDuty');
});

test('of two who connect at once the one who comes back later is told', async ({ page, openBrowser, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const other = await openBrowser();
  await signInAs(other, 'Henrik Lindqvist');
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await goToPagerDuty(page, world.sandbox);
  await connectWithApiKey(other, pagerduty.api_key);
  await allowAs(page);
  await expect(page.getByRole('alert').filter({ hasText: 'Henrik Lindqvist connected PagerDuty in the meantime' })).toBeVisible();
  await expect(fact(page, 'How')).toContainText('••••K7Qa');
});

test('a disconnect while somebody is at PagerDuty stays a disconnect', async ({ page, openBrowser, world }) => {
  const other = await openBrowser();
  await signInAs(page, 'Ada Okafor');
  await connectWithOauth(page, world.sandbox);
  await changeConnection(page, 'Reconnect');
  await expect(page.getByLabel('Log in as')).toBeVisible();
  await signInAs(other, 'Henrik Lindqvist');
  await openIntegrations(other);
  await disconnect(other);
  await allowAs(page);
  await expect(page.getByRole('alert').filter({ hasText: 'This login was already used' })).toBeVisible();
  await expectNotConnected(page);
});

test('disconnecting works while PagerDuty is down and the login is dead', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  await connectWithOauth(page, world.sandbox);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await world.sandbox.control('oauth/revoke', {});
  await world.sandbox.disturbPagerDuty({ status: 503 });
  await world.sandbox.control('faults', { side: 'identity', status: 503 });
  await openIntegrations(page);
  await disconnect(page);
  await expect(page.getByText('1 rotation reverted to Manual').first()).toBeVisible();
});

test('the panel is live while somebody else logs in', async ({ page, openBrowser, world }) => {
  const other = await openBrowser();
  await signInAs(page, 'Ada Okafor');
  await signInAs(other, 'Tomás Herrera');
  await openIntegrations(other);
  await connectWithOauth(page, world.sandbox);
  await expect(pagerDutyCard(other)).toContainText('Connected to PagerDuty');
  await expect(pagerDutyCard(other)).toContainText('OAuth as Ada Okafor');
});
