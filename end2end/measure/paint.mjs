// When a browser that has nothing of ours shows the page: from the start of the
// navigation, in a window that has come to rest, to the first and to the largest
// content, in milliseconds; the median of five visits. Prints JSON.
import { setTimeout as pause } from 'node:timers/promises';
import { chromium as engine } from '@playwright/test';
import { chromium, cookies, flags, median, url } from './browser.mjs';

const VISITS = 5;

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
  const takenOver = page.waitForRequest('**/api/events');
  const answer = await page.goto(url, { waitUntil: 'load' });
  if (answer?.status() !== 200 || page.url() !== url) throw new Error(`${url} led to ${page.url()} with ${answer?.status()}`);
  // Until the page has been taken over, what was drawn may be drawn anew, and larger.
  await takenOver;
  await settled();
  const seen = await page.evaluate(
    () =>
      new Promise((resolve) => {
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

/**
 * Until all of the browser has nothing more to do: a new window loads pages of the
 * browser's own, which are none of the visit.
 */
async function settled() {
  const LOOK_MILLIS = 100;
  const IDLE_SHARE = 0.1;
  const QUIET_LOOKS = 3;
  const deadline = performance.now() + 10_000;
  let before = await processorSeconds();
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    if (performance.now() > deadline) throw new Error('the browser does not come to rest');
    await pause(LOOK_MILLIS);
    const now = await processorSeconds();
    const grown = [...now].map(([id, seconds]) => seconds - (before.get(id) ?? 0));
    const share = (grown.reduce((sum, seconds) => sum + seconds, 0) * 1000) / LOOK_MILLIS;
    quiet = share <= IDLE_SHARE ? quiet + 1 : 0;
    before = now;
  }
}

/** What each of the browser's processes has computed so far. */
async function processorSeconds() {
  const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
  return new Map(processInfo.map(({ id, cpuTime }) => [id, cpuTime]));
}
