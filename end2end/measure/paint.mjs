// When a browser that has nothing of ours shows the page: from the start of the
// navigation to the first and to the largest content, in milliseconds; the median
// of five visits. Prints JSON.
import { setTimeout as pause } from 'node:timers/promises';
import { chromium as engine } from '@playwright/test';
import { chromium, cookie, flags, median, url } from './browser.mjs';

const VISITS = 5;

// Those that were taken back have no value.
const cookies = cookie.split('; ').flatMap((pair) => {
  const [name, value] = pair.split('=', 2);
  return value ? [{ name, value, url }] : [];
});

const browser = await engine.launch({ executablePath: chromium, args: flags });
const processes = await browser.newBrowserCDPSession();
// The first visit also warms up what the browser keeps for all pages, such as fonts.
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
  await settled();
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

/** A new window loads pages of the browser's own, which are none of the visit. */
async function settled() {
  const QUIET_MILLIS = 200;
  const IDLE_SHARE = 0.05;
  let before = await processorSeconds();
  for (let share = 1; share > IDLE_SHARE; ) {
    await pause(QUIET_MILLIS);
    const now = await processorSeconds();
    share = ((now - before) * 1000) / QUIET_MILLIS;
    before = now;
  }
}

/** What the browser has computed so far, in all of its processes. */
async function processorSeconds() {
  const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
