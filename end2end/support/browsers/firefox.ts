// Firefox, through Puppeteer, which speaks WebDriver BiDi with it: a Firefox as it
// comes from its makers, which Playwright's is not.
import puppeteer from 'puppeteer-core';
import type { Browser } from './browser';

export async function firefox(program: string): Promise<Browser> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: program });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    // Leaving a page aborts what it was still loading.
    if (!String(error).includes('NetworkError when attempting to fetch resource')) complaints.push(`page error: ${String(error)}`);
  });
  const evaluate: Browser['evaluate'] = async (work, ...given) =>
    (await page.evaluate(`(${work.toString()})(...${JSON.stringify(given)})`)) as ReturnType<typeof work>;
  // Puppeteer would click where the element was before the page moved on.
  const click = async (selector: string): Promise<void> => {
    const { x, y } = await evaluate(middleOf, selector);
    await page.mouse.click(x, y);
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
    complaints: () => complaints,
    close: () => browser.close(),
  };
}

/** Runs in the page: where a hand would click, if nothing is in front. */
function middleOf(selector: string): { x: number; y: number } {
  const element = document.querySelector(selector)!;
  element.scrollIntoView({ block: 'center', behavior: 'instant' });
  const { left, top, width, height } = element.getBoundingClientRect();
  const middle = { x: left + width / 2, y: top + height / 2 };
  if (!element.contains(document.elementFromPoint(middle.x, middle.y))) throw new Error(`${selector} is covered`);
  return middle;
}
