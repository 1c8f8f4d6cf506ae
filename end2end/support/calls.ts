// Calls made by hand, past the buttons: what a person with a terminal could send, and what
// tests send that are about something else.
import type { APIResponse, Page } from '@playwright/test';

/** A form as our own pages send it. */
export function post(page: Page, path: string, form: Record<string, string> = {}): Promise<APIResponse> {
  const { origin } = new URL(page.url());
  return send(page, origin, 'same-origin', origin + path, form);
}

/** The same form as a page of another origin would send it. */
export function postFrom(page: Page, origin: string, path: string, form: Record<string, string> = {}): Promise<APIResponse> {
  const own = new URL(page.url()).origin === origin;
  return send(page, origin, own ? 'same-origin' : 'cross-site', path, form);
}

/** Sends a form that has to be done, and gives what came of it. */
export async function done<Answer>(page: Page, path: string, form: Record<string, string>): Promise<Answer> {
  const response = await post(page, path, form);
  const outcome = (await response.json()) as { Done?: Answer };
  if (!('Done' in outcome)) throw new Error(`${path} was answered ${response.status()}: ${await response.text()}`);
  return outcome.Done!;
}

function send(page: Page, origin: string, site: string, path: string, form: Record<string, string>): Promise<APIResponse> {
  return page.request.post(path, {
    form,
    headers: { accept: 'application/json', origin, 'sec-fetch-site': site, 'sec-fetch-mode': 'cors' },
  });
}
