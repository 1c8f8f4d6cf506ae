// The server is stopped and killed; what it promised stays true.
import type { Page } from '@playwright/test';
import { post } from '../support/calls';
import { connectWithApiKey } from '../support/connection';
import { makeBoundRotation } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { expect, test } from '../support/world';

interface State {
  connected: boolean;
  modes: string[];
}

async function state(page: Page): Promise<State> {
  const integrations = (await (await page.request.get('/rpc/integrations')).json()) as { pagerduty: object | null };
  const rotations = (await (await page.request.get('/rpc/rotations')).json()) as { cards: { mode: string }[] };
  return { connected: integrations.pagerduty !== null, modes: rotations.cards.map((rotation) => rotation.mode) };
}

/** Puts everything back to where a disconnect can begin. */
async function bindAgain(page: Page, key: string, bound: Record<string, string>): Promise<void> {
  expect(await (await post(page, '/rpc/connect_with_api_key', { api_key: key })).text()).toContain('Done');
  for (const [id, schedule] of Object.entries(bound)) {
    expect(await (await post(page, '/rpc/set_schedule', { id, mode: 'pagerduty', schedule })).text()).toContain('Done');
  }
}

test('a kill in the middle of a disconnect leaves all of it or nothing', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await connectWithApiKey(page, pagerduty.api_key);
  const bound: Record<string, string> = {};
  for (const [name, id] of [
    ['Platform Primary', 'PPLATP1'],
    ['Payments', 'PPAYMN3'],
    ['Storefront', 'PSTORE5'],
  ] as const) {
    bound[(await makeBoundRotation(page, name, name)).split('/').at(-1)!] = id;
  }
  // The page would go on asking a server that is dead.
  await page.goto('/healthz');

  const seen = new Set<boolean>();
  // The moment of the kill is what this experiment varies.
  for (const milliseconds of [0, 1, 2, 3, 4, 6, 8, 12, 20, 50]) {
    const disconnecting = post(page, '/rpc/disconnect_pagerduty').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await world.server.restart('SIGKILL');
    await disconnecting;

    const { connected, modes } = await state(page);
    expect(modes, `killed after ${milliseconds} ms`).toEqual(Array(3).fill(connected ? 'PagerDuty' : 'Manual'));
    seen.add(connected);
    if (!connected) await bindAgain(page, pagerduty.api_key, bound);
  }
  expect(seen, 'the latest kills came after the disconnect').toContain(false);
});

test.describe('a restart', () => {
  // The open page loses its events and asks again until the server is back.
  test.use({ expectedConsole: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/ });

  test('SIGTERM ends within ten seconds although pages are open, and the open page follows the next server', async ({ page, openBrowser, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    const other = await openBrowser();
    await signInAs(page, 'Ada Okafor');
    await signInAs(other, 'Priya Raman');

    const asked = Date.now();
    await world.server.stop('SIGTERM');
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect(world.server.log()).toContain('stopping');
    expect(world.server.log()).not.toContain('did not finish in time');
    await world.server.start();

    // Both are still signed in, and the page that stayed open hears of what the other does.
    await other.reload();
    await connectWithApiKey(other, pagerduty.api_key);
    await makeBoundRotation(other, 'Platform on-call', 'Platform Primary');
    await expect(page.getByRole('heading', { name: 'Platform on-call' })).toBeVisible();
    await expect(page.getByText('Tomás Herrera')).toBeVisible();
  });

  test('SIGTERM lets a connect that is on its way come to its end', async ({ page, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    await signInAs(page, 'Ada Okafor');
    await world.sandbox.disturbPagerDuty({ delay_ms: 1_000 });
    const connecting = post(page, '/rpc/connect_with_api_key', { api_key: pagerduty.api_key });
    await expect.poll(async () => (await world.sandbox.pagerDutyRequests()).total).toBeGreaterThan(0);
    await world.server.stop('SIGTERM');
    expect(await (await connecting).text()).toContain('Done');
    await world.sandbox.clearFaults();
    await world.server.start();
    expect((await state(page)).connected).toBe(true);
  });
});
