// Keys, client secrets and tokens appear nowhere but sealed, and PagerDuty is
// only ever read.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  changeConnection,
  connectWithApiKey,
  disconnect,
  openEditDialog,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
  saveKey,
} from '../support/connection';
import { allowAs, connectWithOauth, logins, openOauthDialog, saveClient } from '../support/oauth';
import { makeBoundRotation } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test, type World } from '../support/world';

test.use({
  serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '1', RUST_LOG: 'debug' },
});

/** A key in every shape in which it could have been written down. */
function shapes(key: string): string[] {
  return [
    key,
    encodeURIComponent(key),
    Buffer.from(key).toString('hex'),
    // In base64 a text looks different at each of three offsets; the ends depend on what is around it.
    ...['', '-', '--'].map((before) => btoa(before + key).slice(before.length === 0 ? 0 : before.length + 1, -4)),
  ];
}

async function filesOf(world: World): Promise<Map<string, string>> {
  const folder = dirname(world.server.databasePath);
  const files = new Map<string, string>();
  for (const name of await readdir(folder)) {
    files.set(name, (await readFile(join(folder, name))).toString('latin1'));
  }
  return files;
}

function expectNoneOf(secrets: string[], text: string, where: string): void {
  for (const secret of secrets) {
    expect(text.includes(secret), `${where} holds the key as ${secret}`).toBe(false);
  }
}

test('the key is nowhere to be read: not in files, logs, pages, answers or the audit log', async ({ page, world }) => {
  test.slow();
  const { pagerduty } = await world.sandbox.credentials();
  const refusedKey = 'u+NeverGoodKey_9Zz9';
  const keys = [pagerduty.api_key, refusedKey];
  const answers: { url: string; body: Promise<string> }[] = [];
  page.on('response', (response) => {
    // A redirect has no body, and the stream of events does not end.
    const readable = response.ok() && response.url().startsWith(world.server.url) && !response.url().endsWith('/api/events');
    if (readable) answers.push({ url: response.url(), body: response.text().catch(() => '') });
  });

  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openKeyDialog(page);
  await saveKey(dialog, refusedKey);
  await expect(dialog.getByRole('alert')).toContainText('does not accept this key');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await connectWithApiKey(page, pagerduty.api_key);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');

  await openIntegrations(page);
  await saveKey(await openEditDialog(page), pagerduty.api_key);
  await expect(page.getByText('The new key works')).toBeVisible();
  await world.sandbox.disturbPagerDuty({ status: 500 });
  await expect(pagerDutyCard(page).getByText('Needs attention')).toBeVisible();
  await world.sandbox.clearFaults();
  const { api_key: replacement } = await world.sandbox.control<{ api_key: string }>('pagerduty/keys/rotate', {});
  await expect(pagerDutyCard(page).getByText('Needs reconnection')).toBeVisible();
  await saveKey(await openEditDialog(page), replacement);
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
  keys.push(replacement);

  const secrets = keys.flatMap(shapes);
  for (const path of ['/rotations', rotation, `${rotation}/schedule`, '/settings', '/settings/integrations', '/settings/audit']) {
    await visit(page, path);
    expectNoneOf(secrets, await page.content(), path);
  }
  await expect(page.getByRole('row').filter({ hasText: '••••K7Qa' }).first()).toBeVisible();
  const connected = await filesOf(world);
  expect([...connected.keys()]).toContain('roundrobin.db');
  for (const [name, content] of connected) expectNoneOf(secrets, content, name);

  await openIntegrations(page);
  await disconnect(page);
  await world.server.stop();
  for (const [name, content] of await filesOf(world)) expectNoneOf(secrets, content, `${name} after disconnecting`);
  expect(world.server.log()).toContain('synced');
  expectNoneOf(secrets, world.server.log(), 'the log');

  expect(answers.filter(({ url }) => url.includes('/rpc/')).length).toBeGreaterThan(5);
  for (const { url, body } of answers) expectNoneOf(secrets, await body, url);
});

test('neither the client secret nor any token of a login is to be read anywhere', async ({ page, world }) => {
  test.slow();
  const { sandbox } = world;
  const { pagerduty } = await sandbox.credentials();
  const answers: Promise<string>[] = [];
  page.on('response', (response) => {
    const readable = response.ok() && response.url().startsWith(world.server.url) && !response.url().endsWith('/api/events');
    if (readable) answers.push(response.text().catch(() => ''));
  });
  await sandbox.control('oauth/lifetimes', { access_seconds: 3 });
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveClient(await openOauthDialog(page), pagerduty.client_id, 'WrongSecret+&7Hq');
  await allowAs(page);
  await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('does not accept this Client ID');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await connectWithOauth(page, sandbox);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await expect.poll(async () => (await logins(sandbox)).refreshes, { timeout: 20_000 }).toBeGreaterThan(1);
  // Somebody who goes to PagerDuty and never comes back leaves something sealed behind.
  await openIntegrations(page);
  await changeConnection(page, 'Reconnect');
  await expect(page.getByLabel('Log in as')).toBeVisible();
  const state = new URL(page.url()).searchParams.get('state')!;
  await sandbox.control('faults', { side: 'identity', path: '/oauth/token', status: 500 });
  await visit(page, '/settings/integrations');
  await expect(pagerDutyCard(page).getByText('Needs attention')).toBeVisible({ timeout: 15_000 });
  await sandbox.clearFaults();

  const { issued } = await sandbox.control<{ issued: string[] }>('oauth/tokens');
  expect(issued.length).toBeGreaterThan(5);
  const secrets = [pagerduty.client_secret, 'WrongSecret+&7Hq', state, ...issued].flatMap(shapes);
  for (const path of ['/rotations', rotation, '/settings/integrations', '/settings/audit']) {
    await visit(page, path);
    expectNoneOf(secrets, await page.content(), path);
  }
  for (const [name, content] of await filesOf(world)) expectNoneOf(secrets, content, name);
  await world.server.stop();
  for (const [name, content] of await filesOf(world)) expectNoneOf(secrets, content, `${name} after the end`);
  expect(world.server.log()).toContain('renewed the login');
  expectNoneOf(secrets, world.server.log(), 'the log');
  // The browser itself has to carry the state to PagerDuty.
  const secretsOfOurs = secrets.filter((secret) => !shapes(state).includes(secret));
  for (const body of answers) expectNoneOf(secretsOfOurs, await body, 'an answer');
});

test('PagerDuty receives nothing but GET requests, whatever is done here', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await connectWithApiKey(page, pagerduty.api_key);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText('Synced:')).toBeVisible();
  await saveKey(await openEditDialog(page), pagerduty.api_key);
  await expect(page.getByText('The new key works')).toBeVisible();
  await disconnect(page);

  const { total, by_method } = await world.sandbox.pagerDutyRequests();
  expect(total).toBeGreaterThan(5);
  expect(by_method).toEqual({ GET: total });
});
