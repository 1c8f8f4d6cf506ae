// The help article in every browser that people have: with the engines of all three
// makers, with browsers that know nothing of `command` or know its name alone, and with
// scripts and without them. Other tests walk through it in Chromium as it is.
import { walkThroughTheArticle } from '../support/browsers/article';
import type { Browser } from '../support/browsers/browser';
import { chromium } from '../support/browsers/chromium';
import { withInertCommand, withoutCommand, withoutPopover } from '../support/browsers/damage';
import { firefox } from '../support/browsers/firefox';
import { Visitor } from '../support/browsers/visitor';
import { webkit } from '../support/browsers/webkit';
import { METRICS, takeoverFailures } from '../support/metrics';
import { expect, test, type World } from '../support/world';

test.use({ serverEnv: METRICS });

// The whole article at the pace of somebody who types.
test.describe.configure({ timeout: 120_000 });

async function walk(browser: Browser, world: World, scripts: boolean, popovers = true): Promise<void> {
  try {
    const visitor = new Visitor(browser);
    await walkThroughTheArticle({ visitor, world, scripts, popovers });
    await visitor.seesALivePage();
    // Nor was any that has gone since.
    expect(await takeoverFailures(world.server), 'pages that said that they are not live').toEqual([]);
    expect(await browser.complaints(), 'what the browser complained about').toEqual([]);
  } finally {
    await browser.close();
  }
}

const DAMAGED: [string, () => void][] = [
  ['a Chromium without `command`', withoutCommand],
  ['a Chromium whose `command` does nothing', withInertCommand],
  ['a Chromium without popovers', withoutPopover],
];

for (const [name, damage] of DAMAGED) {
  test(`the article is walked through in ${name}`, async ({ page, world }) => {
    await page.addInitScript(damage);
    await walk(chromium(page), world, true, damage !== withoutPopover);
  });
}

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  test('the article is walked through in a Chromium without scripts', async ({ page, world }) => {
    await walk(chromium(page), world, false);
  });
});

test('the article is walked through in Firefox', async ({ world }) => {
  const program = process.env.ROUNDROBIN_FIREFOX;
  test.skip(!program, 'Firefox is not here');
  await walk(await firefox(program!), world, true);
});

for (const scripts of [true, false]) {
  test(`the article is walked through in WebKitGTK ${scripts ? 'with scripts' : 'without scripts'}`, async ({ world }, testInfo) => {
    const { ROUNDROBIN_WEBKIT_DRIVER: driver, ROUNDROBIN_XVFB: display } = process.env;
    test.skip(!driver || !display, 'WebKitGTK is not here');
    const programs = { driver: driver!, display: display! };
    await walk(await webkit(programs, testInfo.parallelIndex, scripts), world, scripts);
  });
}
