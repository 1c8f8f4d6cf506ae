// Firefox, through Puppeteer, which speaks WebDriver BiDi with it: a Firefox as it
// comes from its makers, which Playwright's is not.
import puppeteer, { type ConsoleMessage } from 'puppeteer-core';
import type { Browser } from './browser';

/** Leaving a page aborts what it was still loading. Code that could not be loaded for another reason takes no page over. */
const ABORTED = /NetworkError when attempting to fetch resource|error loading dynamically imported module|The operation was aborted|its page was left/;

export async function firefox(program: string): Promise<Browser> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: program });
  const page = await browser.newPage();
  const complaints: Promise<string>[] = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(written(message));
  });
  page.on('pageerror', (error) => complaints.push(Promise.resolve(String(error))));
  const evaluate: Browser['evaluate'] = async (work, ...given) =>
    (await page.evaluate(`(${work.toString()})(...${JSON.stringify(given)})`)) as ReturnType<typeof work>;
  // A page that moves on between looking and clicking is clicked elsewhere, which Puppeteer does not notice.
  const click = async (selector: string): Promise<void> => {
    const { x, y } = await evaluate(awaitClick, selector);
    await page.mouse.click(x, y);
    if (await evaluate(wasMissed)) throw new Error(`the click missed ${selector}`);
  };
  return {
    goTo: async (url) => {
      await page.goto(url);
    },
    evaluate,
    click,
    type: async (selector, text) => {
      await click(selector);
      await page.keyboard.type(text);
    },
    press: (key) => page.keyboard.press(key),
    complaints: async () => (await Promise.all(complaints)).filter((complaint) => !ABORTED.test(complaint)),
    close: () => browser.close(),
  };
}

/** An error is told as an object of its page, which may be gone by the time that it is read. */
async function written(message: ConsoleMessage): Promise<string> {
  const parts = message.args().map((part) => part.evaluate(String));
  return Promise.all(parts).then((texts) => texts.join(' '), () => 'its page was left');
}

declare global {
  interface Window {
    /** Whether a click that is awaited has not come. Another document knows nothing of it. */
    clickMissed?: boolean;
  }
}

// What follows runs in the page, so each stands alone.

/** Where a hand would click, if nothing is in front. */
function awaitClick(selector: string): { x: number; y: number } {
  const element = document.querySelector(selector)!;
  element.scrollIntoView({ block: 'center', behavior: 'instant' });
  const { left, top, width, height } = element.getBoundingClientRect();
  const middle = { x: left + width / 2, y: top + height / 2 };
  if (!element.contains(document.elementFromPoint(middle.x, middle.y))) throw new Error(`${selector} is covered`);
  window.clickMissed = true;
  element.addEventListener('click', () => (window.clickMissed = false), { capture: true, once: true });
  return middle;
}

function wasMissed(): boolean {
  return window.clickMissed === true;
}
