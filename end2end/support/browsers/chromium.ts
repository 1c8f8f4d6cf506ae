// Chromium, through Playwright. What it complains about is heard by the test's own page.
import type { Page } from '@playwright/test';
import type { Browser } from './browser';

export function chromium(page: Page): Browser {
  return {
    goTo: async (url) => {
      await page.goto(url);
    },
    evaluate: (work, ...given) => page.evaluate(`(${work.toString()})(...${JSON.stringify(given)})`),
    click: (selector) => page.locator(selector).first().click(),
    type: (selector, text) => page.locator(selector).first().pressSequentially(text),
    press: (key) => page.keyboard.press(key),
    complaints: async () => [],
    close: async () => {},
  };
}
