// The help article's two walkthroughs that need no OAuth: connecting PagerDuty
// with an API key, and disconnecting it.
import { post } from '../support/calls';
import {
  connectedButton,
  connectWithApiKey,
  disconnect,
  expectHidden,
  fact,
  keyField,
  openDisconnectDialog,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
} from '../support/connection';
import { bindTo, card, createRotation, makeBoundRotation, mode, names } from '../support/rotations';
import { signInAs, signInThroughPages } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

const PLATFORM_PEOPLE = ['Tomás Herrera', 'Jürgen Weiß', 'Ada Okafor', 'Priya Raman'];

for (const person of ['Ada Okafor – Primary Owner', 'Priya Raman – Admin']) {
  test(`${person} connects PagerDuty with a key, binds a rotation and sees who is on duty`, async ({ page, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    const [onCall] = await world.sandbox.onCall('PPLATP1');
    await signInThroughPages(page, person);

    await openIntegrations(page);
    const dialog = await openKeyDialog(page);
    await expectHidden(keyField(dialog));
    await keyField(dialog).fill(pagerduty.api_key);
    await dialog.getByRole('button', { name: 'Show' }).click();
    await expectHidden(keyField(dialog), false);
    await dialog.getByRole('button', { name: 'Save' }).click();

    await expect(connectedButton(page)).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(fact(page, 'How')).toContainText('••••K7Qa');
    await expect(fact(page, 'Since')).toContainText(person.split(' – ')[0]!);
    await expect(fact(page, 'Service region')).toHaveText('US');
    await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();

    const path = await createRotation(page, 'Platform on-call');
    await bindTo(page, 'Platform Primary');
    await expect(mode(page)).toHaveText('PagerDuty');
    await expect(names(page, 'On duty now')).toHaveText([onCall!]);
    await expect(names(page, 'Members')).toHaveText(PLATFORM_PEOPLE);
    await expect(page.getByRole('region', { name: 'Members' })).toContainText('4 of 4 linked to Slack');
    await expect(names(page, 'Coming shifts')).toHaveText(PLATFORM_PEOPLE.slice(0, 3));

    await page.getByRole('navigation').getByRole('link', { name: 'Rotations' }).click();
    await expect(card(page, 'Platform on-call')).toContainText('PagerDuty');
    await expect(card(page, 'Platform on-call')).toContainText(onCall!);
    await expect(card(page, 'Platform on-call')).toContainText('until');
    await card(page, 'Platform on-call').getByRole('link').click();
    await expect(page).toHaveURL(path);
  });

  test(`${person} disconnects PagerDuty and the bound rotations revert to Manual with everybody in place`, async ({ page, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    await signInThroughPages(page, person);
    await connectWithApiKey(page, pagerduty.api_key);
    const bound = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    await makeBoundRotation(page, 'Platform backup', 'Platform Secondary');
    await createRotation(page, 'Coffee');

    await openIntegrations(page);
    const dialog = await openDisconnectDialog(page);
    await expect(dialog).toContainText('2 rotations revert to Manual');
    await expect(dialog.getByRole('listitem')).toHaveText(['Platform backup', 'Platform on-call']);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await expect(connectedButton(page)).toBeVisible();

    await disconnect(page);
    await expect(page.getByRole('status').getByText('2 rotations reverted to Manual')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Login using an API Key' })).toBeVisible();

    await page.getByRole('navigation').getByRole('link', { name: 'Rotations' }).click();
    for (const name of ['Platform on-call', 'Platform backup', 'Coffee']) {
      await expect(card(page, name)).toContainText('Manual');
    }
    await visit(page, bound);
    await expect(mode(page)).toHaveText('Manual');
    await expect(names(page, 'Members')).toHaveText(PLATFORM_PEOPLE);
    await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
    await expect(page.getByRole('button', { name: 'Rotate' })).toBeVisible();
  });
}

test('a member reads the state of the connection and why it is not theirs to change', async ({ page, openBrowser, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const admin = await openBrowser();
  await signInAs(admin, 'Ada Okafor');
  await signInAs(page, 'Tomás Herrera');

  await openIntegrations(page);
  const reason = 'Only a Primary Owner, Owner or Admin of the Slack workspace may manage integrations.';
  await expect(pagerDutyCard(page)).toContainText('Not connected');
  await expect(pagerDutyCard(page)).toContainText(reason);
  await expect(pagerDutyCard(page).getByRole('button')).toHaveCount(0);

  await connectWithApiKey(admin, pagerduty.api_key);
  await expect(pagerDutyCard(page)).toContainText('Connected to PagerDuty');
  await expect(pagerDutyCard(page)).toContainText('••••K7Qa');
  await expect(pagerDutyCard(page)).toContainText(reason);
  await expect(connectedButton(page)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Edit API Key' })).toHaveCount(0);
});

test('a member who calls connect, edit and disconnect by hand is refused, and an admin can read about it', async ({ page, openBrowser, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const admin = await openBrowser();
  await signInAs(admin, 'Ada Okafor');
  await connectWithApiKey(admin, pagerduty.api_key);
  await signInAs(page, 'Tomás Herrera');

  for (const path of ['/rpc/connect_with_api_key', '/rpc/edit_api_key', '/rpc/disconnect_pagerduty']) {
    const answer = await post(page, path, { api_key: pagerduty.api_key });
    expect(answer.status(), path).toBe(403);
  }

  await expect(connectedButton(admin)).toBeVisible();
  await visit(admin, '/settings/audit');
  const attempts = admin.getByRole('row').filter({ hasText: 'Tomás Herrera' }).filter({ hasText: 'Refused' });
  await expect(attempts).toHaveCount(3);
  for (const action of [/Connected PagerDuty/, /Replaced the PagerDuty API key/, /Disconnected PagerDuty/]) {
    await expect(attempts.filter({ hasText: action })).toHaveCount(1);
  }
});

test('the panel says at the choice what a key means and what acting as a person means', async ({ page }) => {
  await signInAs(page, 'Henrik Lindqvist – Owner');
  await openIntegrations(page);
  await expect(pagerDutyCard(page)).toContainText('A read-only key is enough');
  await expect(pagerDutyCard(page)).toContainText('PagerDuty admin');
  for (const way of ['Login using an API Key', 'Login using OAuth 2.0']) {
    await expect(page.getByRole('button', { name: way })).toBeEnabled();
  }
});
