// When a browser that has nothing of ours shows the page: from the start of the
// navigation to the first and to the largest content, in milliseconds; the median
// of five visits. Prints JSON.
import { chromium as engine } from '@playwright/test';
import { chromium, cookie, flags, median, url } from './browser.mjs';

const VISITS = 5;

// Those that were taken back have no value.
const cookies = cookie.split('; ').flatMap((pair) => {
  const [name, value] = pair.split('=', 2);
  return value ? [{ name, value, url }] : [];
});

const browser = await engine.launch({ executablePath: chromium, args: flags });
// The browser's own start is not the page's.
await visit();
const visits = [];
while (visits.length < VISITS) visits.push(await visit());
console.log(
  JSON.stringify({
    first: median(visits.map((visit) => visit.first)),
    largest: median(visits.map((visit) => visit.largest)),
  }),
);
await browser.close();

/** A context of its own has neither files nor connections of an earlier visit. */
async function visit() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addCookies(cookies);
  const page = await context.newPage();
  const answer = await page.goto(url, { waitUntil: 'load' });
  if (answer?.status() !== 200 || page.url() !== url) throw new Error(`${url} led to ${page.url()} with ${answer?.status()}`);
  const seen = await page.evaluate(
    () =>
      new Promise((resolve) => {
        // Both were painted before the page had loaded, or are painted next.
        const watched = new PerformanceObserver((list) => {
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          const largest = list.getEntries().at(-1);
          if (paint && largest) resolve({ first: paint.startTime, largest: largest.startTime });
        });
        watched.observe({ type: 'largest-contentful-paint', buffered: true });
      }),
  );
  await context.close();
  return seen;
}
