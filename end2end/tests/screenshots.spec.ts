// Pictures of every page, for the documentation: `cargo xtask screenshots`.
import type { Page } from '@playwright/test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { done } from '../support/calls';
import {
  changeConnection,
  connectAs,
  connectedButton,
  connectWithApiKey,
  disconnect,
  keyField,
  openDisconnectDialog,
  openIntegrations,
  openKeyDialog,
  pagerDutyCard,
} from '../support/connection';
import { addMember, chooseSchedule, createRotation, makeBoundRotation, names } from '../support/rotations';
import { allowAs, goToPagerDuty, openOauthDialog } from '../support/oauth';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

const VARIANTS = [
  { name: 'desktop', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: 'phone', viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
] as const;

for (const { name: variant, viewport, colorScheme } of VARIANTS) {
  test.describe(`${variant} @screenshots`, () => {
    test.use({ viewport, colorScheme, expectedConsole: /status of 404/ });

    test('every page and dialog', async ({ page, world }) => {
      test.slow();
      const { pagerduty } = await world.sandbox.credentials();
      const take = await photographer(page, variant);

      await page.goto('/sign-in');
      await take('sign-in');
      await page.goto('/sign-in?problem=not-installed');
      await take('sign-in-refused');
      await signInAs(page, 'Ada Okafor');
      await take('home-empty');
      await visit(page, '/rotations');
      await take('rotations-empty');

      await openIntegrations(page);
      await take('integrations-not-connected');
      await openOauthDialog(page);
      await take('integrations-oauth-dialog');
      await page.keyboard.press('Escape');
      const dialog = await openKeyDialog(page);
      await keyField(dialog).fill('u+NoSuchKey_0000');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await expect(dialog.getByRole('alert')).toContainText('does not accept this key');
      await take('integrations-dialog');
      await keyField(dialog).fill(pagerduty.api_key);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await expect(pagerDutyCard(page).getByText('Healthy')).toBeVisible();
      await take('integrations-connected');

      await createRotation(page, 'Coffee machine');
      for (const name of ['Leila Haddad', 'Wei Zhang', 'Kenji Sato']) await addMember(page, name);
      await page.getByRole('button', { name: 'Rotate' }).click();
      await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
      await take('rotation-manual');
      await page.getByRole('link', { name: 'Edit', exact: true }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Edit rotation' })).toBeVisible();
      await expect(page.getByRole('textbox', { name: 'Name' })).toBeVisible();
      await take('rotation-edit');
      await makeBoundRotation(page, 'Warehouse systems', 'Warehouse Asia');
      await makeBoundRotation(page, 'כוננות נתונים', 'Data Insights');
      await makeBoundRotation(page, 'Mobile on-call', 'Mobile EU');
      await createRotation(page, 'Platform backup');
      await chooseSchedule(page, 'Platform Secondary');
      await take('rotation-schedule');
      await page.getByRole('region', { name: 'Schedule' }).getByRole('button', { name: 'Save' }).click();
      await expect(page.getByText('Bound to Platform Secondary')).toBeVisible();
      await take('rotation-bound');
      await visit(page, '/rotations');
      await expect(page.getByText('Robin Ashworth')).toBeVisible();
      await take('rotations');
      await visit(page, '/week');
      await expect(page.getByText('Warehouse systems').filter({ visible: true }).first()).toBeVisible();
      await take('week');
      await visit(page, '/');
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await take('home');
      await visit(page, '/settings/calendars');
      await page.getByRole('button', { name: 'My shifts' }).click();
      await expect(page.getByRole('region', { name: 'New address' })).toBeVisible();
      await take('calendars');
      await visit(page, '/rotations/new');
      await take('rotation-new');
      await visit(page, '/nowhere');
      await take('not-found');

      await openIntegrations(page);
      await take('integrations-people');
      await page.getByRole('button', { name: 'Link to Slack… Robin Ashworth' }).click();
      await expect(page.getByRole('dialog', { name: 'Link to Slack' })).toBeVisible();
      await take('integrations-link');
      await page.keyboard.press('Escape');
      await visit(page, '/settings/integrations/syncs');
      await expect(page.getByRole('region', { name: 'Syncs' })).toBeVisible();
      await take('sync-history');
      await openIntegrations(page);
      await disconnect(page);
      await connectWithApiKey(page, pagerduty.api_key);
      await expect(page.getByRole('button', { name: 'Bind them back' })).toBeVisible();
      await take('integrations-bind-back');
      await page.getByRole('button', { name: 'Bind them back' }).click();
      await expect(page.getByText('follow PagerDuty again.')).toBeVisible();
      await connectedButton(page).click();
      await take('integrations-menu');
      await page.keyboard.press('Escape');
      await openDisconnectDialog(page);
      await take('integrations-disconnect');
      await page.keyboard.press('Escape');
      await goToPagerDuty(page, world.sandbox);
      await allowAs(page);
      await expect(page.getByText('The login works and was saved')).toBeVisible();
      await take('integrations-oauth');
      await changeConnection(page, 'Login using an API Key');
      await keyField(page.getByRole('dialog')).fill(pagerduty.eu_api_key);
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await expect(page.getByText('This is another PagerDuty account')).toBeVisible();
      await take('integrations-other-account');
      await page.getByRole('button', { name: 'Keep the present account' }).click();
      await world.sandbox.control('oauth/revoke', {});
      await expect(pagerDutyCard(page).getByText('Needs reconnection')).toBeVisible({ timeout: 15_000 });
      await take('integrations-needs-reconnection');
      await visit(page, '/rotations');
      await expect(page.getByText('PagerDuty needs reconnection')).toBeVisible();
      await take('rotations-needs-reconnection');
      await visit(page, '/settings');
      await take('settings');
      await visit(page, '/settings/audit');
      await take('audit');
    });
  });
}

test.describe('@screenshots', () => {
  test.use({ viewport: VARIANTS[0].viewport });

  test('the way of a shift into Slack, and schedules of our own', async ({ page, world }) => {
    test.slow();
    const take = await photographer(page, VARIANTS[0].name);
    await connectAs(page, world);
    const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    await visit(page, `${rotation}/slack`);
    const group = page.getByRole('region', { name: 'On-duty group' });
    const told = { rotation: rotation.split('/').pop()!, channel: 'C02PLATFORM' };
    await done(page, '/rpc/add_slack_channel', told);
    await done(page, '/rpc/set_topic', { ...told, template: 'On duty: %USER% until %UNTIL%' });
    for (const name of ['On-duty group', 'Announcements', 'Channel topic']) {
      await visit(page, `${rotation}/slack`);
      const heading = page.getByRole('heading', { name, exact: true });
      const card = page.locator('form, section').filter({ has: heading });
      await card.getByRole('link', { name: 'allow it at Slack' }).click();
      await page.getByRole('button', { name: /Ada Okafor/ }).click();
      await page.getByRole('button', { name: 'Allow' }).click();
      await takenOver(page);
    }
    await visit(page, `${rotation}/slack?group=S01PLATFORM`);
    await expect(group.getByText('Taken out')).toBeVisible();
    await take('slack-group');
    await group.getByRole('button', { name: 'Connect group' }).click();
    await expect(group.locator('bdi').filter({ hasText: 'Tomás Herrera' })).toBeVisible();
    await take('slack');
    await world.sandbox.control('schedules/PPLATP1/end-shift', { seconds: 2, next: 'PADAOK1' });
    await page.request.post('/rpc/sync_now');
    const posted = async () => {
      const channel = await world.sandbox.control<{ messages: unknown[] }>('slack/channels/C02PLATFORM');
      return channel.messages.length;
    };
    await expect.poll(posted, { timeout: 15_000 }).toBeGreaterThan(1);
    await page.goto(`${world.sandbox.url}/slack/client`);
    await page.getByRole('button', { name: /Ada Okafor/ }).click();
    await page.goto(`${world.sandbox.url}/slack/client/T01LIGHTHSE/C02PLATFORM`);
    await page.screenshot({ path: join(folderOf(VARIANTS[0].name), 'slack-channel.png') });

    await visit(page, '/settings/notifications');
    await take('notifications');
    await createRotation(page, 'Support desk');
    for (const name of ['Leila Haddad', 'Wei Zhang', 'Kenji Sato']) await addMember(page, name);
    await page.getByRole('button', { name: 'Rotate' }).click();
    await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
    await page.getByRole('button', { name: 'Edit schedule' }).click();
    await page.getByRole('radio', { name: 'Scheduled' }).check();
    await page.getByRole('button', { name: 'Preview' }).click();
    await expect(page.getByRole('heading', { name: 'The next eight weeks' })).toBeVisible();
    await take('schedule-own');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Override or ask for cover' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Override in Support desk');
    await page.getByLabel('In the place of').selectOption('Leila Haddad');
    await page.getByLabel('On duty instead', { exact: true }).selectOption('Kenji Sato');
    await take('override');

    await done(page, '/rpc/set_schedule', {
      id: new URL(page.url()).pathname.split('/')[2]!,
      mode: 'scheduled',
      'rota[kind]': 'daily',
      'rota[times]': '09:00',
      'rota[zone]': 'Europe/Berlin',
      'rota[starts_on]': '2026-01-01',
      'rota[holidays]': 'DE',
    });
    await visit(page, '/settings/holidays');
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('Day', { exact: true }).fill(soon);
    await page.getByLabel('Name').fill('Company day');
    await page.getByRole('button', { name: 'Preview' }).click();
    await expect(page.getByRole('region', { name: 'What this changes' })).toBeVisible();
    await take('holidays');
    await visit(page, '/settings/slack');
    await take('settings-slack');
  });
});

function folderOf(variant: string): string {
  return join(process.env.ROUNDROBIN_SCREENSHOTS ?? 'test-results/screenshots', variant);
}

async function photographer(page: Page, variant: string): Promise<(name: string) => Promise<void>> {
  const folder = folderOf(variant);
  await mkdir(folder, { recursive: true });
  const viewport = page.viewportSize()!;
  return async (name) => {
    // What stands still while the page scrolls is seen once, as high as the page; what was done a moment ago is
    // not what a page is about.
    const height = await page.evaluate(() => {
      document.querySelector<HTMLElement>('.toasts')!.style.visibility = 'hidden';
      return document.documentElement.scrollHeight;
    });
    await page.setViewportSize({ ...viewport, height: Math.max(viewport.height, height) });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' });
    await page.setViewportSize(viewport);
    await page.evaluate(() => (document.querySelector<HTMLElement>('.toasts')!.style.visibility = ''));
  };
}
