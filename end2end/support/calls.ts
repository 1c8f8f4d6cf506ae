// Calls made by hand, past the buttons: what a person with a terminal could send.
import type { APIResponse, Page } from '@playwright/test';

/** A form as our own pages send it. */
export function post(page: Page, path: string, form: Record<string, string> = {}): Promise<APIResponse> {
  return postFrom(page, new URL(page.url()).origin, path, form);
}

/** The same form as a page of another origin would send it. */
export function postFrom(page: Page, origin: string, path: string, form: Record<string, string> = {}): Promise<APIResponse> {
  const own = new URL(page.url()).origin === origin;
  return page.request.post(path, {
    form,
    headers: {
      accept: 'application/json',
      origin,
      'sec-fetch-site': own ? 'same-origin' : 'cross-site',
      'sec-fetch-mode': 'cors',
    },
  });
}
