// A page works before our code has loaded, but differently: a form is then sent
// by the browser. Tests that are about the running app wait for the moment at
// which it takes over, which is when it asks for the live events.
import type { BrowserContext, Page } from '@playwright/test';

declare global {
  interface Window {
    takenOver?: true;
    sameDocument?: true;
  }
}

export async function watchTakeover(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.EventSource = class extends EventSource {
      constructor(address: string | URL) {
        super(address);
        window.takenOver = true;
      }
    };
  });
}

export async function takenOver(page: Page): Promise<void> {
  await page.waitForFunction(() => window.takenOver);
}

/** Marks the document, to tell later whether the page was loaded anew. */
export async function markDocument(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.sameDocument = true;
  });
}

export async function isSameDocument(page: Page): Promise<boolean> {
  return page.evaluate(() => window.sameDocument === true);
}

/** Opens a page of somebody who is signed in, with a document of its own. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await takenOver(page);
}
