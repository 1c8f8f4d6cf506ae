// Bound rotations follow their schedules, and open pages follow by themselves:
// no test here reloads a page unless it says why.
import { post } from '../support/calls';
import {
  connectAs,
  connectedButton,
  disconnect,
  fact,
  openEditDialog,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
  saveKey,
} from '../support/connection';
import { bindTo, card, chooseSchedule, createRotation, makeBoundRotation, mode, names, row } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

test.use({ serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '1' } });

test('an override made in PagerDuty shows on the open page and card', async ({ page, openBrowser, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
  const list = await openBrowser();
  await signInAs(list, 'Tomás Herrera');
  await expect(card(list, 'Platform on-call')).toContainText('Tomás Herrera');

  await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PJUERG8', seconds: 3600 });
  await expect(names(page, 'On duty now')).toHaveText(['Jürgen Weiß']);
  await expect(row(page, 'On duty now', 'Jürgen Weiß')).toContainText('override in place of Tomás Herrera');
  await expect(page.getByRole('option', { name: /Jürgen Weiß.*override in place of Tomás Herrera/ })).toBeVisible();
  await expect(row(page, 'Members', 'Jürgen Weiß')).toContainText('On duty');
  await expect(card(list, 'Platform on-call')).toContainText('Jürgen Weiß');

  await world.sandbox.control('schedules/PPLATP1/overrides/clear', {});
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
  await expect(card(list, 'Platform on-call')).toContainText('Tomás Herrera');
});

test('the end of a shift hands over on the open page, even while PagerDuty is down', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
  await expect(names(page, 'On duty now')).toHaveText(['Diego Fuentes']);

  await world.sandbox.control('schedules/PSTORE5/end-shift', { seconds: 6, next: 'POLIVI9' });
  // The hand-over has been read once it stands among the coming shifts.
  await expect(names(page, 'Coming shifts').nth(1)).toHaveText('Olivia Bennett');
  await world.sandbox.disturbPagerDuty({ status: 503 });
  await expect(names(page, 'On duty now')).toHaveText(['Olivia Bennett']);
});

test('everybody of a schedule is shown, linked to Slack or not', async ({ page, world }) => {
  test.slow();
  await connectAs(page, world);

  await makeBoundRotation(page, 'Backup', 'Platform Secondary');
  await expect(names(page, 'On duty now')).toHaveText(await world.sandbox.onCall('PPLATS2'));
  await expect(row(page, 'Members', 'Robin Ashworth')).toContainText('robin.ashworth@lighthouse-books.example');
  await expect(row(page, 'Members', 'Robin Ashworth')).toContainText('Not found in Slack');
  await expect(page.getByRole('region', { name: 'Members' })).toContainText('2 of 3 linked to Slack');

  await makeBoundRotation(page, 'Primary', 'Platform Primary');
  await expect(row(page, 'Members', 'Jürgen Weiß')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Members' }), 'an e-mail in another case').toContainText('4 of 4 linked to Slack');

  await makeBoundRotation(page, 'Payments', 'Payments');
  await expect(row(page, 'Members', 'Fatima Zahra')).toContainText('Deleted in PagerDuty');

  await makeBoundRotation(page, 'Insights', 'Data Insights');
  await expect(names(page, 'On duty now'), 'somebody who is only in an override').toHaveText(['Henrik Lindqvist']);

  await makeBoundRotation(page, 'Warehouse', 'Warehouse Asia');
  await expect(page.getByRole('region', { name: 'On duty now' })).toContainText('Nobody is on duty');
  await expect(row(page, 'Members', 'Bruno Costa')).toContainText('Deactivated in Slack');

  await makeBoundRotation(page, 'Releases', 'Release Desk');
  await expect(page.getByRole('region', { name: 'On duty now' })).toContainText('Nobody is on duty');
  await expect(page.getByRole('region', { name: 'Coming shifts' })).toContainText('plans no shifts');

  await makeBoundRotation(page, 'Mobile', 'Mobile EU');
  await expect(names(page, 'On duty now')).toHaveText(await world.sandbox.onCall('Q1MOBILEEU2026'));

  const thenNobody = /Then nobody for 24 hours, from .*Next: Kenji Sato/;
  await makeBoundRotation(page, 'Watch', 'Night Watch');
  await expect(page.getByRole('region', { name: 'On duty now' })).toContainText(thenNobody);
  await expect(page.getByRole('region', { name: 'Coming shifts' }).getByText('Nobody').first()).toBeVisible();

  await page.getByRole('navigation').getByRole('link', { name: 'Rotations' }).click();
  await expect(card(page, 'Backup')).toContainText('Robin Ashworth');
  await expect(card(page, 'Watch')).toContainText(thenNobody);
  await expect(card(page, 'Warehouse')).toContainText('Nobody is on duty');
});

test('the details of a schedule are shown before it is bound', async ({ page, world }) => {
  await connectAs(page, world);
  const path = await createRotation(page, 'Backup');
  await chooseSchedule(page, 'Platform Secondary');
  const section = page.getByRole('region', { name: 'Schedule' });
  await expect(section).toContainText('2 of 3 linked to Slack');
  await expect(section.getByRole('listitem').filter({ hasText: 'On duty now' })).toContainText('Robin Ashworth');
  await expect(section.getByRole('heading', { name: 'Next shifts' })).toBeVisible();
  await section.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(path);
  await expect(section.getByRole('button', { name: 'Edit schedule' })).toBeVisible();
  await expect(mode(page)).toHaveText('Manual');
});

test('binding to Manual again keeps the people', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  const section = page.getByRole('region', { name: 'Schedule' });
  await section.getByRole('button', { name: 'Edit schedule' }).click();
  await section.getByRole('radio', { name: 'Manual' }).check();
  await section.getByRole('button', { name: 'Save' }).click();
  await expect(mode(page)).toHaveText('Manual');
  await expect(names(page, 'Members')).toHaveText(['Tomás Herrera', 'Jürgen Weiß', 'Ada Okafor', 'Priya Raman']);
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
});

test('a schedule that is deleted flags its rotation and touches nothing else', async ({ page, world }) => {
  await connectAs(page, world);
  const other = await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');

  await world.sandbox.control('schedules/PPLATP1/delete', {});
  const section = page.getByRole('region', { name: 'Schedule' });
  await expect(section).toContainText('PagerDuty does not show this schedule any more');
  await expect(section).toContainText('The rotation keeps what it last had');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
  await expect(names(page, 'Members')).toHaveCount(4);

  // The other one goes on being synced.
  await visit(page, other);
  await world.sandbox.control('schedules/PSTORE5/overrides', { user: 'POLIVI9', seconds: 3600 });
  await expect(names(page, 'On duty now')).toHaveText(['Olivia Bennett']);
  await expect(section).not.toContainText('does not show this schedule any more');

  await page.getByRole('navigation').getByRole('link', { name: 'Rotations' }).click();
  await expect(card(page, 'Platform on-call')).toContainText('Needs attention');
  await expect(card(page, 'Storefront on-call')).not.toContainText('Needs attention');
  await openIntegrations(page);
  await expect(pagerDutyCard(page).getByText('Needs attention')).toBeVisible();
});

test('a revoked key asks for a new one, and the new one heals without losing a binding', async ({ page, openBrowser, world }) => {
  await connectAs(page, world);
  const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  const panel = await openBrowser();
  await signInAs(panel, 'Priya Raman');
  await openIntegrations(panel);
  await expect(pagerDutyCard(panel).getByText('Healthy')).toBeVisible();

  const { api_key } = await world.sandbox.control<{ api_key: string }>('pagerduty/keys/rotate', {});
  await expect(pagerDutyCard(panel).getByText('Needs reconnection')).toBeVisible();
  await expect(pagerDutyCard(panel)).toContainText('no longer accepts the stored key');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
  await expect(page.getByRole('region', { name: 'Schedule' })).toContainText('The rotation keeps what it last had');

  const dialog = await openEditDialog(panel);
  await saveKey(dialog, 'u+NoSuchKey_0000');
  await expect(dialog.getByRole('alert')).toContainText('does not accept this key');
  await saveKey(dialog, api_key);
  await expect(dialog).toBeHidden();
  await expect(panel.getByText('The new key works and is in use')).toBeVisible();
  await expect(fact(panel, 'How')).toContainText(`••••${api_key.slice(-4)}`);
  await expect(pagerDutyCard(panel).getByText('Healthy')).toBeVisible();

  await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PADAOK1', seconds: 3600 });
  await expect(names(page, 'On duty now')).toHaveText(['Ada Okafor']);
  await expect(page).toHaveURL(path);
  await expect(mode(page)).toHaveText('PagerDuty');
});

test('a PagerDuty that fails is shown as failing, keeps the last state and recovers by itself', async ({ page, openBrowser, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  const panel = await openBrowser();
  await signInAs(panel, 'Priya Raman');
  await openIntegrations(panel);

  await world.sandbox.disturbPagerDuty({ status: 503, body: 'html' });
  await expect(pagerDutyCard(panel).getByText('Needs attention')).toBeVisible();
  await expect(pagerDutyCard(panel)).toContainText('PagerDuty answered with an error (status 503)');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
  await panel.getByRole('button', { name: 'Sync now' }).click();
  await expect(pagerDutyCard(panel).getByRole('alert')).toContainText('status 503');

  await world.sandbox.clearFaults();
  await expect(pagerDutyCard(panel).getByText('Healthy')).toBeVisible();
});

test.describe('between two polls', () => {
  test.use({ serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '3600' } });

  test('Sync now brings what has changed and says so', async ({ page, openBrowser, world }) => {
    await connectAs(page, world);
    await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    const panel = await openBrowser();
    // Everybody may ask for a sync.
    await signInAs(panel, 'Tomás Herrera');
    await openIntegrations(panel);
    await expect(pagerDutyCard(panel).getByText('Healthy')).toBeVisible();

    const sync = panel.getByRole('button', { name: 'Sync now' });
    await sync.click();
    await expect(panel.getByText('Synced: nothing had changed.')).toBeVisible();
    await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PJUERG8', seconds: 3600 });
    await sync.click();
    await expect(panel.getByText('Synced: 1 rotation changed.')).toBeVisible();
    await expect(names(page, 'On duty now')).toHaveText(['Jürgen Weiß']);
  });
});

test('a disconnect while a sync is running stays a disconnect', async ({ page, world }) => {
  await connectAs(page, world);
  const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();

  const before = (await world.sandbox.pagerDutyRequests()).total;
  await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PJUERG8', seconds: 3600 });
  await world.sandbox.disturbPagerDuty({ delay_ms: 2_000 });
  await expect.poll(async () => (await world.sandbox.pagerDutyRequests()).total).toBeGreaterThan(before);
  const syncing = post(page, '/rpc/sync_now');
  await disconnect(page);
  // It waits for the run that was on its way, so after it no run can come any more.
  await syncing;

  await visit(page, '/settings/integrations');
  await expect(page.getByRole('button', { name: 'Login using an API Key' })).toBeVisible();
  await visit(page, path);
  await expect(mode(page)).toHaveText('Manual');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
});

test.describe('with a directory that is read every second', () => {
  test.use({ serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '1', ROUNDROBIN_SLACK_DIRECTORY_SECONDS: '1' } });

  test('a person who is deactivated in Slack is marked, and stays in the rotation', async ({ page, world }) => {
    await connectAs(page, world);
    await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    await expect(page.getByRole('region', { name: 'Members' })).toContainText('4 of 4 linked to Slack');
    await world.sandbox.control('slack/people/U03PRIYARA/deactivate', {});
    await expect(row(page, 'Members', 'Priya Raman')).toContainText('Deactivated in Slack');
    await expect(page.getByRole('region', { name: 'Members' })).toContainText('3 of 4 linked to Slack');
    await world.sandbox.control('slack/people/U03PRIYARA/deactivate', { deactivated: false });
    await expect(page.getByRole('region', { name: 'Members' })).toContainText('4 of 4 linked to Slack');
  });
});

test('two open browsers follow each other', async ({ page, openBrowser, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  const other = await openBrowser();
  await signInAs(page, 'Ada Okafor');
  await signInAs(other, 'Priya Raman');
  await openIntegrations(page);
  await openIntegrations(other);

  await saveKey(await openKeyDialog(page), pagerduty.api_key);
  await expect(connectedButton(other)).toBeVisible();
  await expect(fact(other, 'Since')).toContainText('Ada Okafor');

  const path = await createRotation(page, 'Platform on-call');
  await visit(other, path);
  await bindTo(page, 'Platform Primary');
  await expect(other.getByText('Bound to Platform Primary')).toBeVisible();
  await expect(names(other, 'On duty now')).toHaveText(['Tomás Herrera']);

  await openIntegrations(page);
  await disconnect(page);
  await expect(mode(other)).toHaveText('Manual');
  await expect(names(other, 'On duty now')).toHaveText(['Tomás Herrera']);
  await other.getByRole('button', { name: 'Rotate' }).click();
  await visit(page, path);
  await expect(names(page, 'On duty now')).toHaveText(['Jürgen Weiß']);
});
