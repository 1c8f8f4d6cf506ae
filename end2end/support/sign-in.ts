// The way in that nearly every test starts with.
import { expect, type APIResponse, type Page } from '@playwright/test';
import { takenOver } from './takeover';

/** The session's cookie; where there is no https, its name ends with the port. */
export const SESSION_COOKIE = /^roundrobin_session(_\d+)?$/;

/**
 * Signs in as the person whose button on the sandbox's page contains the text,
 * a name or a role, and installs the app in the workspace when asked to. Sends what a
 * browser would and shows no page on the way: that is done by `signInThroughPages`.
 */
export async function signInAs(page: Page, person: string | RegExp): Promise<void> {
  await signInWithoutJavaScript(page, person);
  await takenOver(page);
}

export async function signInWithoutJavaScript(page: Page, person: string | RegExp): Promise<void> {
  let shown = await press(page, await page.request.get('/api/auth/slack/login'), person);
  if (new URL(shown.url()).pathname.startsWith('/slack/')) shown = await press(page, shown, 'Allow');
  expect(new URL(shown.url()).pathname, await shown.text()).toBe('/');
  await page.goto('/rotations');
}

/** Signs in as somebody does who has a browser. */
export async function signInThroughPages(page: Page, person: string | RegExp): Promise<void> {
  // The link works before the app does, so nothing is waited for.
  await page.goto('/', { waitUntil: 'domcontentloaded' });
  await chooseAtSlack(page, person);
  await expect(page).toHaveURL('/');
  await takenOver(page);
}

/** Sends the form of one of the sandbox's pages with the button that contains the text. */
async function press(page: Page, shown: APIResponse, wanted: string | RegExp): Promise<APIResponse> {
  const html = await shown.text();
  const action = /<form [^>]*action="([^"]+)"/.exec(html)?.[1];
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  const buttons = [...html.matchAll(/<button name="([^"]+)" value="([^"]*)">(.*?)<\/button>/g)];
  const button = buttons.find(([, , , text]) => {
    const words = plain(text!.replace(/<[^>]+>/g, ''));
    return typeof wanted === 'string' ? words.includes(wanted) : wanted.test(words);
  });
  if (!action || !button) throw new Error(`No button ${wanted} at ${shown.url()}:\n${html}`);
  const form = Object.fromEntries([...fields, button].map(([, name, value]) => [name!, plain(value!)]));
  return page.request.post(new URL(action, shown.url()).href, { form });
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function plain(html: string): string {
  return html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]!);
}

/** From the sign-in page through Slack and back to wherever that leads. */
export async function chooseAtSlack(page: Page, person: string | RegExp): Promise<void> {
  await expect(page).toHaveURL(/\/sign-in(\?|$)/);
  await page.getByRole('link', { name: 'Sign in with Slack' }).click();
  await page.getByRole('button', { name: person }).first().click();

  const allow = page.getByRole('button', { name: 'Allow' });
  const inside = page.getByRole('navigation').getByRole('link', { name: 'Rotations' });
  await expect(allow.or(inside).first()).toBeVisible();
  if (await allow.isVisible()) await allow.click();
  await expect(inside).toBeVisible();
}
