// Bad input and bad weather: a clear sentence at the right place, nothing saved
// and nothing typed lost.
import type { Locator, Page } from '@playwright/test';
import { post, postFrom } from '../support/calls';
import {
  connectedButton,
  fact,
  keyField,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
  saveKey,
} from '../support/connection';
import { card, createRotation } from '../support/rotations';
import type { Fault } from '../support/sandbox';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

async function expectRefused(dialog: Locator, key: string, sentence: string | RegExp): Promise<void> {
  await saveKey(dialog, key);
  await expect(dialog.getByRole('alert')).toContainText(sentence);
  await expect(keyField(dialog)).toHaveAccessibleDescription(sentence instanceof RegExp ? sentence : new RegExp(sentence));
  await expect(keyField(dialog)).toHaveValue(key);
}

/** Nothing was saved: the panel offers to connect, and nobody is said to have. */
async function expectNotConnected(page: Page): Promise<void> {
  await page.reload();
  await expect(page.getByRole('button', { name: 'Login using an API Key' })).toBeVisible();
  await visit(page, '/settings/audit');
  await expect(page.getByRole('row').filter({ hasText: 'Signed in' }).first()).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Connected PagerDuty' })).toHaveCount(0);
  await expect(page.getByRole('row').filter({ hasText: 'Tried a PagerDuty API key' }).first()).toContainText('Refused');
}

test('a key that cannot be right is refused at its field', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openKeyDialog(page);

  await expectRefused(dialog, '', 'Paste the API key here');
  await expectRefused(dialog, '   ', 'Paste the API key here');
  await expectRefused(dialog, 'two words', 'An API key has no spaces');
  await expectRefused(dialog, 'x'.repeat(10 * 1024), 'This is too long for an API key');
  expect((await world.sandbox.pagerDutyRequests()).total, 'requests to PagerDuty so far').toBe(0);

  await expectRefused(dialog, 'u+NoSuchKey_0000', 'PagerDuty does not accept this key in either of its regions');
  await expectRefused(dialog, pagerduty.no_api_access_key, 'has no access to the API');
  await expectRefused(dialog, pagerduty.forbidden_key, 'PagerDuty knows this credential but denies it access');
  await expectNotConnected(page);
});

const WEATHER: { name: string; fault: Fault; sentence: string | RegExp }[] = [
  { name: 'an error of its own', fault: { status: 500 }, sentence: 'PagerDuty answered with an error (status 500)' },
  { name: 'a gateway in its place', fault: { status: 503, body: 'html' }, sentence: 'PagerDuty answered with an error (status 503)' },
  { name: 'a web page', fault: { body: 'html' }, sentence: "what came from 127.0.0.1 (status 200) is not what PagerDuty's API sends" },
  { name: 'half of an answer', fault: { body: 'truncated' }, sentence: "PagerDuty's answer could not be understood" },
  { name: 'a connection that breaks', fault: { body: 'cut_off' }, sentence: /PagerDuty('s answer could not be understood| broke off)/ },
  { name: 'a limit', fault: { status: 429, headers: { 'ratelimit-reset': '7' } }, sentence: 'Wait 7 seconds' },
];

test("PagerDuty's bad weather is told at the field, each kind in its own words", async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openKeyDialog(page);
  for (const { name, fault, sentence } of WEATHER) {
    await test.step(name, async () => {
      await world.sandbox.disturbPagerDuty(fault);
      await saveKey(dialog, pagerduty.api_key);
      await expect(dialog.getByRole('alert')).toContainText(sentence);
      await expect(keyField(dialog)).toHaveValue(pagerduty.api_key);
      await world.sandbox.clearFaults();
    });
  }
  await expectNotConnected(page);
});

test('a PagerDuty that takes more than ten seconds is not waited for', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await world.sandbox.disturbPagerDuty({ delay_ms: 30_000 });
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openKeyDialog(page);
  await saveKey(dialog, pagerduty.api_key);
  await expect(dialog.getByRole('button', { name: 'Saving…' })).toBeVisible();
  await expect(dialog.getByRole('alert')).toContainText('did not answer within 10 seconds', { timeout: 12_000 });
  await expect(keyField(dialog)).toHaveValue(pagerduty.api_key);
  await expectNotConnected(page);
});

test('a PagerDuty that cannot be reached is told at the field', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  // Port 9 discards; nobody listens there.
  await world.server.restart('SIGTERM', {
    ROUNDROBIN_PAGERDUTY_API_URL: 'http://127.0.0.1:9',
    ROUNDROBIN_PAGERDUTY_EU_API_URL: 'http://127.0.0.1:9',
  });
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await expectRefused(await openKeyDialog(page), pagerduty.api_key, 'PagerDuty could not be reached');
  await expectNotConnected(page);
});

test('a key with spaces around it is taken without them', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveKey(await openKeyDialog(page), `  ${pagerduty.api_key}\t`);
  await expect(connectedButton(page)).toBeVisible();
  await expect(fact(page, 'How')).toContainText('••••K7Qa');
});

test('a key of the EU region is recognised, and the card says so', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  await saveKey(await openKeyDialog(page), pagerduty.eu_api_key);
  await expect(connectedButton(page)).toBeVisible();
  await expect(fact(page, 'Service region')).toHaveText('EU');
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
});

test('of two admins who connect at once one wins, and the other is told who', async ({ page, openBrowser, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const other = await openBrowser();
  const admins = [
    { page, name: 'Ada Okafor' },
    { page: other, name: 'Priya Raman' },
  ];
  const dialogs: Locator[] = [];
  for (const admin of admins) {
    await signInAs(admin.page, admin.name);
    await openIntegrations(admin.page);
    const dialog = await openKeyDialog(admin.page);
    await keyField(dialog).fill(pagerduty.api_key);
    dialogs.push(dialog);
  }
  // Both keys are on their way to PagerDuty before either is answered.
  await world.sandbox.disturbPagerDuty({ delay_ms: 1_000, times: 2 });
  await Promise.all(dialogs.map((dialog) => dialog.getByRole('button', { name: 'Save' }).click()));

  await expect(connectedButton(page)).toBeVisible();
  await expect(connectedButton(other)).toBeVisible();
  const told = (winner: string) => `${winner} connected PagerDuty in the meantime. What you entered was not saved`;
  await expect(fact(page, 'Since')).toContainText(/Ada Okafor|Priya Raman/);
  const adaWon = (await fact(page, 'Since').innerText()).includes('Ada Okafor');
  const [winner, loser] = adaWon ? admins : [...admins].reverse();
  await expect(loser!.page.getByText(told(winner!.name))).toBeVisible();
  await expect(winner!.page.getByText('in the meantime')).toHaveCount(0);
});

test('a double click on Save connects once and complains about nothing', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await openIntegrations(page);
  const dialog = await openKeyDialog(page);
  await keyField(dialog).fill(pagerduty.api_key);
  await dialog.getByRole('button', { name: 'Save' }).dblclick();
  await expect(connectedButton(page)).toBeVisible();
  await expect(page.getByText('in the meantime')).toHaveCount(0);
  await visit(page, '/settings/audit');
  await expect(page.getByRole('row').filter({ hasText: 'Connected PagerDuty' })).toHaveCount(1);
});

test('a form that another site sends is refused, and so is one that is too large', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  const forged = await postFrom(page, 'https://evil.example', '/rpc/connect_with_api_key', { api_key: pagerduty.api_key });
  expect(forged.status()).toBe(403);
  expect((await page.request.post('/rpc/disconnect_pagerduty')).status(), 'a request that does not say where it comes from').toBe(403);
  expect((await postFrom(page, 'https://evil.example', '/api/auth/slack/logout')).status()).toBe(403);

  const huge = await post(page, '/rpc/create_rotation', { 'input[name]': 'Huge', 'input[description]': 'x'.repeat(2_000_000) });
  expect(huge.status()).toBe(413);
  expect(await huge.text()).toContain('larger than 512 KB');

  await visit(page, '/rotations');
  await expect(page.getByRole('heading', { name: 'Nobody takes turns yet' })).toBeVisible();
  await openIntegrations(page);
  await expect(page.getByRole('button', { name: 'Login using an API Key' })).toBeVisible();
});

test('what is wrong with a rotation is said at each field, and what was typed stays', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Platform');
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Code' }).fill('ops-1');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('OPS-1')).toBeVisible();

  await visit(page, '/rotations/new');
  const name = page.getByRole('textbox', { name: 'Name' });
  const code = page.getByRole('textbox', { name: 'Code' });
  const dutySize = page.getByRole('textbox', { name: 'Duty size' });
  const create = page.getByRole('button', { name: 'Create Rotation' });

  await page.getByRole('textbox', { name: 'Description' }).fill('Night shifts');
  await code.fill('no spaces');
  await dutySize.fill('none');
  await create.click();
  await expect(name).toHaveAccessibleDescription(/Give the rotation a name/);
  await expect(code).toHaveAccessibleDescription(/letters A to Z, digits and hyphens only/);
  await expect(dutySize).toHaveAccessibleDescription(/whole number from 1 to 50/);

  await name.fill('x'.repeat(10_000));
  await create.click();
  await expect(name).toHaveAccessibleDescription(/10000 characters long; at most 120 fit/);
  await expect(name).toHaveValue('x'.repeat(10_000));

  await name.fill('Nights');
  await code.fill('OPS-1');
  await dutySize.fill('2');
  await create.click();
  await expect(code).toHaveAccessibleDescription(/Another rotation already has this code/);
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Night shifts');

  await code.fill('OPS-2');
  await create.click();
  await expect(page.getByRole('heading', { level: 1, name: 'Nights' })).toBeVisible();
  await expect(page.getByText('Night shifts')).toBeVisible();
});

test('a name with HTML or from right to left is shown as it was written', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const html = '</title><img src=x onerror="document.title=1">&amp;</script>';
  const hebrew = 'כוננות פלטפורמה';
  for (const name of [html, hebrew]) {
    await createRotation(page, name);
    await expect(page).toHaveTitle(`${name} · Round Robin`);
    const sent = await (await page.request.get(page.url())).text();
    const title = await page.evaluate((html) => new DOMParser().parseFromString(html, 'text/html').title, sent);
    expect(title, 'in the page as it is sent').toBe(`${name} · Round Robin`);
    await page.reload();
    await takenOver(page);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
    await expect(page).toHaveTitle(`${name} · Round Robin`);
  }
  await expect(page.getByRole('heading', { level: 1, name: hebrew })).toHaveCSS('direction', 'rtl');

  await visit(page, '/rotations');
  await expect(card(page, html)).toBeVisible();
  await expect(card(page, hebrew).getByRole('heading')).toHaveCSS('direction', 'rtl');
  await expect(card(page, hebrew).getByRole('heading'), 'where the others stand').toHaveCSS('text-align', 'left');
});
