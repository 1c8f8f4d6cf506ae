// What makes the sync one that can be trusted: how old the data is, what each sync did, who is who, what binding costs,
// and the way back after a disconnect.
import { bindTo, chooseSchedule, createRotation, makeBoundRotation, mode, names, row } from '../support/rotations';
import { connectAs, connectWithApiKey, disconnect, fact, openIntegrations, pagerDutyCard } from '../support/connection';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

test.use({ serverEnv: { ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '1' } });

test('schedules of both kinds are found and bound, and an upgrade goes unnoticed', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Commanders', 'Incident Command');
  const commanders = await world.sandbox.onCall('Q3INCIDENTCMD1');
  expect(commanders).toHaveLength(2);
  await expect(names(page, 'On duty now')).toHaveText(commanders.sort(), { useInnerText: true });
  await makeBoundRotation(page, 'Watch', 'Night Watch');
  await expect(names(page, 'On duty now')).toHaveText(await world.sandbox.onCall('Q3NIGHTWATCH02'));

  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await world.sandbox.control('schedules/PPLATP1/upgrade', {});
  await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PJUERG8', seconds: 3600 });
  await expect(names(page, 'On duty now')).toHaveText(['Jürgen Weiß']);
  await expect(page.getByText('cannot be confirmed')).toBeHidden();
});

test('each sync is listed with what it changed or why it failed', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await page.getByRole('link', { name: 'Sync history' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sync history' })).toBeVisible();
  const syncs = page.getByRole('region', { name: 'Syncs' }).getByRole('row');

  await world.sandbox.control('schedules/PPLATP1/overrides', { user: 'PJUERG8', seconds: 3600 });
  const changed = syncs.filter({ hasText: 'On duty: Tomás Herrera → Jürgen Weiß' });
  await expect(changed.first()).toContainText('Changed');
  await expect(changed.first().getByRole('link', { name: 'Platform on-call' })).toBeVisible();

  await world.sandbox.disturbPagerDuty({ status: 503 });
  const failed = syncs.filter({ hasText: 'status 503' });
  await expect(failed.first()).toContainText('Failed');
});

test('the card tells how old the data is and what cannot be read', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
  await openIntegrations(page);
  await expect(fact(page, 'Account')).toContainText('lighthouse');
  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText(/2 schedules were confirmed/)).toBeVisible();
  await world.sandbox.control('schedules/PSTORE5/hide', { hidden: true });
  await expect(pagerDutyCard(page)).toContainText('1 schedule cannot be read');
  await expect(pagerDutyCard(page).getByRole('listitem').filter({ hasText: 'Storefront' })).toContainText('does not show this schedule any more');
  await expect(pagerDutyCard(page)).toContainText('The other one was confirmed');
  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText(/Synced in part: what could be read had not changed\. 1 schedule was confirmed; 1 schedule could not be read/)).toBeVisible();
  await page.getByRole('link', { name: 'Sync history' }).click();
  const incomplete = page.getByRole('region', { name: 'Syncs' }).getByRole('row').filter({ hasText: 'Incomplete' });
  await expect(incomplete.first().getByRole('listitem')).toContainText('Storefront: PagerDuty does not show this schedule any more');
});

test('a clock that is wrong is named, and duty follows the one of PagerDuty', async ({ page, world }) => {
  await world.sandbox.control('clock', { ahead_seconds: 600 });
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await expect(pagerDutyCard(page)).toContainText('10 minutes behind');
});

test('somebody whom no e-mail links is linked by hand, and stays linked', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Backup', 'Platform Secondary');
  await expect(row(page, 'Members', 'Robin Ashworth')).toContainText('Not found in Slack');
  await openIntegrations(page);
  const unlinked = page.getByRole('region', { name: 'People not linked to Slack' });
  await expect(unlinked.getByRole('listitem').filter({ hasText: 'Robin Ashworth' })).toContainText('Not found in Slack');
  await unlinked.getByRole('button', { name: 'Link to Slack… Robin Ashworth' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link to Slack' });
  await dialog.getByLabel('Person in Slack').selectOption({ label: 'Leila Haddad' });
  await dialog.getByRole('button', { name: 'Link', exact: true }).click();
  await expect(dialog).toBeHidden();
  const byHand = page.getByRole('region', { name: 'People linked by hand' });
  await expect(byHand).toContainText('Leila Haddad');

  await page.getByRole('button', { name: 'Sync now' }).click();
  await expect(page.getByText(/1 schedule was confirmed/)).toBeVisible();
  await visit(page, rotation);
  await expect(row(page, 'Members', 'Leila Haddad')).toContainText('Linked by hand');
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);

  await row(page, 'Members', 'Leila Haddad').getByRole('link', { name: 'Change link' }).click();
  await byHand.getByRole('button', { name: /Undo link/ }).click();
  await expect(byHand).toHaveCount(0);
  await visit(page, rotation);
  await expect(names(page, 'On duty now')).toHaveText(['Robin Ashworth']);
});

test('who may not administer sees the reason, not the button', async ({ page, openBrowser, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Backup', 'Platform Secondary');
  const member = await openBrowser();
  await signInAs(member, 'Tomás Herrera');
  await visit(member, rotation);
  await expect(row(member, 'Members', 'Robin Ashworth')).toContainText('Not found in Slack');
  await expect(member.getByRole('button', { name: /Link/ })).toHaveCount(0);
});

test('the preview says what binding brings and what the rotation loses', async ({ page, world }) => {
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await chooseSchedule(page, 'Platform Secondary');
  const section = page.getByRole('region', { name: 'Schedule' });
  await expect(section).toContainText('Goes on duty now: Robin Ashworth');
  await expect(section).toContainText('Matched by e-mail to Henrik Lindqvist');
  await expect(section.getByRole('heading', { name: 'What the rotation loses' })).toBeVisible();
  await expect(section).toContainText('Goes off duty: Tomás Herrera');
  await expect(section).toContainText('Its present schedule: Platform Primary');
});

test('what a disconnect reverted is bound back with one click', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await makeBoundRotation(page, 'Storefront on-call', 'Storefront');
  await openIntegrations(page);
  await disconnect(page);
  await visit(page, rotation);
  await expect(mode(page)).toHaveText('Manual');
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);

  await connectWithApiKey(page, pagerduty.api_key);
  const offer = pagerDutyCard(page);
  await expect(offer).toContainText('Platform on-call');
  await expect(offer).toContainText('Storefront on-call');
  await page.getByRole('button', { name: 'Bind them back' }).click();
  await expect(page.getByText('2 rotations follow PagerDuty again.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Bind them back' })).toBeHidden();
  await visit(page, rotation);
  await expect(mode(page)).toHaveText('PagerDuty');
});

test('another account is offered nothing, and what was offered can be given up', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await connectAs(page, world);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await openIntegrations(page);
  await disconnect(page);
  await connectWithApiKey(page, pagerduty.eu_api_key);
  await expect(page.getByRole('button', { name: 'Bind them back' })).toBeHidden();
  await disconnect(page);
  await connectWithApiKey(page, pagerduty.api_key);
  await page.getByRole('button', { name: 'Leave them Manual' }).click();
  await expect(page.getByRole('button', { name: 'Bind them back' })).toBeHidden();
});

test('who was on duty is kept, once for each shift', async ({ page, world }) => {
  await connectAs(page, world);
  await createRotation(page, 'Storefront on-call');
  await bindTo(page, 'Storefront');
  const history = page.getByRole('region', { name: 'History' });
  const holders = history.locator('.person-name');
  await expect(holders).toHaveText(['Diego Fuentes']);
  await world.sandbox.control('schedules/PSTORE5/end-shift', { seconds: 3, next: 'POLIVI9' });
  await expect(names(page, 'On duty now')).toHaveText(['Olivia Bennett']);
  await expect(holders).toHaveText(['Olivia Bennett', 'Diego Fuentes']);
  await expect(history.getByText('override in place of Diego Fuentes')).toHaveCount(1);
});
