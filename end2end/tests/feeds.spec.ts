// Calendar feeds: made and revoked on the page, and read by a reader that is not ours.
import ICAL from 'ical.js';
import { connectAs } from '../support/connection';
import { makeBoundRotation } from '../support/rotations';
import { signInWithoutJavaScript } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test, type Page } from '../support/world';

const ADDRESS = '/settings/calendars';

/** What an independent reader finds at an address. */
async function read(page: Page, address: string): Promise<{ name: unknown; events: ICAL.Event[] }> {
  const answer = await page.request.get(address);
  expect(answer.status()).toBe(200);
  const calendar = new ICAL.Component(ICAL.parse(await answer.text()) as unknown[]);
  const events = calendar.getAllSubcomponents('vevent').map((event) => new ICAL.Event(event));
  return { name: calendar.getFirstPropertyValue('x-wr-calname'), events };
}

/** The new address, as the page shows it. */
async function newAddress(page: Page): Promise<string> {
  const card = page.getByRole('region', { name: 'New address' });
  return (await card.getByRole('code').innerText()).trim();
}

test('a rotation is read in a calendar until its address is revoked', async ({ page, world }) => {
  await connectAs(page, world);
  const rotation = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await visit(page, rotation);
  await page.getByRole('link', { name: 'Calendar', exact: true }).click();
  await page.getByRole('button', { name: 'The rotation that I came from' }).click();
  await expect(page.getByRole('table', { name: 'Your calendars' }).or(page.getByRole('region', { name: 'Your calendars' })).first()).toContainText('Platform on-call');
  const address = await newAddress(page);
  const { name, events } = await read(page, address);
  expect(name).toBe('Platform on-call on duty');
  expect(events.length).toBeGreaterThan(3);
  expect(new Set(events.map((event) => event.uid)).size).toBe(events.length);
  const [first, ...rest] = events;
  let end = first!.endDate;
  for (const event of rest) {
    expect(event.startDate.compare(end), `${event.summary} begins when the one before ends, or later`).toBeGreaterThanOrEqual(0);
    expect(event.endDate.compare(event.startDate)).toBe(1);
    end = event.endDate;
  }
  expect(events.every((event) => event.summary.startsWith('Platform on-call: '))).toBe(true);

  await page.getByRole('button', { name: 'Revoke Platform on-call' }).click();
  await expect(page.getByText('Nobody can read that calendar any more.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'New address' })).toHaveCount(0);
  expect((await page.request.get(address)).status()).toBe(404);
});

test('an address that was shown is shown to nobody else, and a new one ends it', async ({ page, browser, world }) => {
  await connectAs(page, world);
  await visit(page, ADDRESS);
  await page.getByRole('button', { name: 'My shifts' }).click();
  const first = await newAddress(page);
  await page.getByRole('button', { name: 'New address My shifts' }).click();
  await expect(page.getByRole('region', { name: 'New address' }).getByRole('code')).not.toHaveText(first);
  const second = await newAddress(page);
  expect((await page.request.get(first)).status()).toBe(404);
  expect((await read(page, second)).name).toBe('My shifts');
  const elsewhere = await browser.newContext();
  const alone = await elsewhere.request.get(second);
  expect(alone.status(), 'without any cookie').toBe(200);
  expect(alone.headers()['x-robots-tag']).toBe('noindex');
  await elsewhere.close();
});

test.describe('without JavaScript', () => {
  test.use({
    javaScriptEnabled: false,
    expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/,
  });

  test('an address is made and revoked as well', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await page.goto(ADDRESS);
    await page.getByRole('button', { name: 'All rotations that I may see' }).click();
    const address = await newAddress(page);
    expect((await read(page, address)).events).toEqual([]);
    await page.getByRole('button', { name: 'Revoke' }).click();
    await expect(page.getByRole('button', { name: 'Revoke' })).toHaveCount(0);
    expect((await page.request.get(address)).status()).toBe(404);
  });
});
