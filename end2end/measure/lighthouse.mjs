// Lighthouse's scores of a page for somebody who is signed in, at a desk or with a
// telephone: the median of five runs by category, and what cost points in the last
// one. Prints JSON.
import { chromium as engine } from '@playwright/test';
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium, cookies, flags, median, url } from './browser.mjs';

const RUNS = 5;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];

const config = process.argv[2] === 'desktop' ? desktopConfig : undefined;
const runs = [];
while (runs.length < RUNS) runs.push(await run());
const scores = Object.fromEntries(
  CATEGORIES.map((category) => [category, Math.round(100 * median(runs.map((run) => run.categories[category].score)))]),
);
console.log(JSON.stringify({ scores, cost: cost(runs.at(-1)) }));

/** With a browser that has nothing but the session. Pages set cookies too, so it has to be one of the browser's own. */
async function run() {
  const browser = await launch({ chromePath: chromium, chromeFlags: ['--headless=new', ...flags] });
  const result = await measured(browser.port).finally(() => browser.kill());
  const { finalDisplayedUrl, runtimeError } = result.lhr;
  if (runtimeError) throw new Error(runtimeError.message);
  if (finalDisplayedUrl !== url) throw new Error(`${url} led to ${finalDisplayedUrl}`);
  return result.lhr;
}

async function measured(port) {
  const browser = await engine.connectOverCDP(`http://127.0.0.1:${port}`);
  await browser.contexts()[0].addCookies(cookies);
  await browser.close();
  const options = { port, output: 'json', logLevel: 'error', onlyCategories: CATEGORIES, disableStorageReset: true };
  return lighthouse(url, options, config);
}

/** The audits that were not passed in full, and whose weight makes that count. */
function cost({ categories, audits }) {
  return CATEGORIES.flatMap((category) =>
    categories[category].auditRefs
      .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1)
      .map(({ id }) => `${category}: ${audits[id].title} (${audits[id].displayValue ?? Math.round(audits[id].score * 100)})`),
  );
}
