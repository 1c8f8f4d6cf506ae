// Calendar feeds: made and revoked on the page, and read by a reader that is not ours.
import ICAL from 'ical.js';
import { done } from '../support/calls';
import { connectAs } from '../support/connection';
import { arrangeRotation, change, makeBoundRotation, row } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
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

/** Who has which stretch in a calendar, as it stands, by start; what was cancelled is left out. */
function standing(events: ICAL.Event[]): ICAL.Event[] {
  const confirmed = events.filter((event) => event.component.getFirstPropertyValue('status') !== 'CANCELLED');
  return confirmed.sort((one, other) => one.startDate.compare(other.startDate));
}

/** Every event once, and never two at a time where one is on duty at a time. */
function expectEachOnce(events: ICAL.Event[]): void {
  expect(new Set(events.map((event) => event.uid)).size).toBe(events.length);
  const stands = standing(events);
  stands.slice(1).forEach((event, before) => {
    expect(event.startDate.compare(stands[before]!.endDate), `${event.summary} does not begin before ${stands[before]!.summary} ends`).toBeGreaterThanOrEqual(0);
  });
}

const byId = (events: ICAL.Event[]) => new Map(events.map((event) => [event.uid, event]));

test('an override, another name and a change of member change events in their place, none twice, and nothing else', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, 'Ops', ['Ada Okafor', 'Wei Zhang', 'Kenji Sato']);
  const id = path.split('/').pop()!;
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await done(page, '/rpc/set_schedule', {
    id,
    mode: 'scheduled',
    'rota[kind]': 'daily',
    'rota[times]': '09:00',
    'rota[zone]': 'UTC',
    'rota[starts_on]': day(1),
  });
  await visit(page, `${ADDRESS}?rotation=${id}`);
  await page.getByRole('button', { name: 'The rotation that I came from' }).click();
  const address = await newAddress(page);
  const bytes = async () => (await page.request.get(address)).text();
  const first = await bytes();
  expect(await bytes(), 'nothing changed').toBe(first);
  const { events: before } = await read(page, address);
  expectEachOnce(before);
  expect(standing(before).length).toBeGreaterThan(10);

  // Henrik has four hours of the third shift.
  const third = before.find((event) => event.startDate.toJSDate().toISOString().startsWith(day(3)))!;
  const ids = { 'Ada Okafor': 'U01ADAOKAF', 'Wei Zhang': 'U07WEIZHAN', 'Kenji Sato': 'U12KENJISA' };
  const holder = Object.entries(ids).find(([name]) => third.summary.includes(name))!;
  await done(page, '/rpc/make_override', {
    rotation: id,
    kind: 'replace',
    of: `slack:${holder[1]}`,
    person: 'U02HENRIKL',
    'span[from]': `${day(3)}T12:00`,
    'span[until]': `${day(3)}T16:00`,
  });
  const { events: overridden } = await read(page, address);
  expectEachOnce(overridden);
  const hours = standing(overridden).find((event) => event.startDate.toJSDate().toISOString().startsWith(`${day(3)}T12:00`));
  expect(hours!.summary).toContain('Henrik Lindqvist');
  expect(hours!.endDate.toJSDate().toISOString()).toContain(`${day(3)}T16:00`);
  // Of what was there, at most the one stretch is another now.
  const changed = before.filter((event) => {
    const now = byId(overridden).get(event.uid);
    return now === undefined || now.toString() !== event.toString();
  });
  expect(changed.map((event) => event.startDate.toJSDate().toISOString().slice(0, 10))).toEqual([day(3)]);
  const shortened = byId(overridden).get(third.uid);
  expect(shortened?.sequence, 'a calendar takes the change over').toBeGreaterThan(third.sequence);

  await done(page, '/rpc/edit_rotation', { id, 'input[name]': 'Operations', 'input[duty_size]': '1' });
  const { name, events: renamed } = await read(page, address);
  expect(name).toBe('Operations on duty');
  expectEachOnce(renamed);
  expect(renamed.map((event) => event.uid).sort()).toEqual(overridden.map((event) => event.uid).sort());
  for (const event of standing(renamed)) {
    expect(event.summary).toContain('Operations: ');
    expect(event.sequence).toBeGreaterThan(byId(overridden).get(event.uid)!.sequence);
  }

  await visit(page, path);
  await change(page, 'Remove', 'Wei Zhang');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page).toHaveURL(path);
  await expect(row(page, 'Members', 'Wei Zhang')).toHaveCount(0);
  const { events: without } = await read(page, address);
  expectEachOnce(without);
  expect(standing(without).length).toBeGreaterThan(10);
  expect(standing(without).filter((event) => event.summary.includes('Wei Zhang'))).toEqual([]);
  const last = await bytes();
  expect(await bytes(), 'nothing changed').toBe(last);
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
