// Rotations, as people make, bind and read them.
import { expect, type Locator, type Page } from '@playwright/test';
import { done } from './calls';
import { visit } from './takeover';

/** Starts anywhere, ends on the new rotation's page and gives its path. */
export async function createRotation(page: Page, name: string): Promise<string> {
  await visit(page, '/rotations/new');
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  return new URL(page.url()).pathname;
}

/** Makes a rotation by hand without its pages, for tests that are not about them, and gives its path. */
export async function arrangeRotation(page: Page, name: string, members: string[]): Promise<string> {
  const id = await done<string>(page, '/rpc/create_rotation', { 'input[name]': name });
  const found = await page.request.get(new URL('/rpc/people', page.url()).href);
  const { people } = (await found.json()) as { people: [id: string, name: string][] };
  for (const member of members) {
    const person = people.find(([, name]) => name === member)!;
    await done(page, '/rpc/add_members', { id, 'people[0]': person[0] });
  }
  return `/rotations/${id}`;
}

/** Starts on a rotation's page and ends there, bound. */
export async function bindTo(page: Page, schedule: string): Promise<void> {
  await chooseSchedule(page, schedule);
  const section = page.getByRole('region', { name: 'Schedule' });
  await section.getByRole('button', { name: 'Save' }).click();
  await expect(section.getByText(`Bound to ${schedule}`)).toBeVisible();
  await expect(section.getByRole('button', { name: 'Edit schedule' })).toBeVisible();
}

/** Opens the editor, finds the schedule and waits for its details. */
export async function chooseSchedule(page: Page, schedule: string): Promise<void> {
  const section = page.getByRole('region', { name: 'Schedule' });
  await section.getByRole('button', { name: 'Edit schedule' }).click();
  await section.getByRole('radio', { name: 'PagerDuty' }).check();
  await section.getByRole('searchbox', { name: 'Search schedules' }).fill(schedule);
  await section.getByRole('radio', { name: schedule, exact: true }).check();
  await expect(section.getByRole('heading', { level: 3, name: schedule })).toBeVisible();
}

/** Starts anywhere, ends on the page of a new rotation that is bound, and gives its path. */
export async function makeBoundRotation(page: Page, name: string, schedule: string): Promise<string> {
  const id = await done<string>(page, '/rpc/create_rotation', { 'input[name]': name });
  const found = await page.request.get(`/rpc/search_schedules?${new URLSearchParams({ search: schedule })}`);
  const { Done } = (await found.json()) as { Done: { schedules: { id: string; name: string }[] } };
  const chosen = Done.schedules.find((one) => one.name === schedule);
  await done(page, '/rpc/set_schedule', { id, mode: 'pagerduty', schedule: chosen!.id });
  const path = `/rotations/${id}`;
  await visit(page, path);
  await expect(page.getByText(`Bound to ${schedule}`)).toBeVisible();
  return path;
}

/** The form in which people are chosen for a rotation, folded up as long as nobody has opened it. */
export async function openAddition(page: Page, region: 'Members' | 'Owners' = 'Members'): Promise<Locator> {
  const addition = page.getByRole('region', { name: region }).locator('details');
  if ((await addition.getAttribute('open')) === null) await addition.locator('summary').click();
  return addition.locator('form');
}

/** Adds people of those whom the form offers. */
export async function addMembers(page: Page, ...people: string[]): Promise<void> {
  const form = await openAddition(page);
  for (const name of people) await form.getByRole('checkbox', { name, exact: true }).check();
  await form.getByRole('button', { name: /^Add / }).click();
  for (const name of people) await expect(row(page, 'Members', name)).toBeVisible();
}

export async function addMember(page: Page, name: string): Promise<void> {
  await addMembers(page, name);
}

/** Opens the page where a rotation's details and owners are changed, and where it is deleted. */
export async function openEditor(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit rotation' })).toBeVisible();
}

/** Adds owners where they are changed. */
export async function addOwners(page: Page, ...people: string[]): Promise<void> {
  const form = await openAddition(page, 'Owners');
  for (const name of people) await form.getByRole('checkbox', { name, exact: true }).check();
  await form.getByRole('button', { name: /^Add / }).click();
  for (const name of people) await expect(row(page, 'Owners', name)).toBeVisible();
}

/** Opens somebody's menu on a rotation's page. */
export async function openMenu(page: Page, name: string): Promise<Locator> {
  const member = row(page, 'Members', name);
  await member.getByRole('button', { name: `Change ${name}` }).click();
  return member.getByRole('menu', { name: `Change ${name}` });
}

/** Chooses from somebody's menu. */
export async function change(page: Page, entry: string, name: string): Promise<void> {
  const menu = await openMenu(page, name);
  await menu.getByRole('menuitem', { name: entry }).click();
}

export async function makePrivate(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('radio', { name: 'Private' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Private', { exact: true })).toBeVisible();
}

/** The names that a section of a rotation's page lists, in their order. */
export function names(page: Page, section: string): Locator {
  return page.getByRole('region', { name: section }).locator('.person-name');
}

/** Somebody's row in a section of a rotation's page. */
export function row(page: Page, section: string, name: string): Locator {
  const rows = page.getByRole('region', { name: section }).locator('.people').getByRole('listitem');
  return rows.filter({ hasText: name });
}

/** A rotation's card on the list of all rotations. */
export function card(page: Page, name: string): Locator {
  return page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2, name, exact: true }) });
}

/** The badge below the heading of a rotation's page: `Manual` or `PagerDuty`. */
export function mode(page: Page): Locator {
  return page.locator('.page-head .badge').first();
}
