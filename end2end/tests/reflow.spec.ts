// Small screens, large type and coarse fingers: a page scrolls in one direction
// only, nothing on it is cut off, and what is to be hit is large enough.
import type { Page } from '@playwright/test';
import { connectedButton, disconnect, openDisconnectDialog, openIntegrations, openKeyDialog, saveKey } from '../support/connection';
import { openOauthDialog } from '../support/oauth';
import { furnish, pages } from '../support/pages';
import { createRotation, makeBoundRotation } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

/** The narrowest width of WCAG 1.4.10, and a screen of 1280 × 800 at 200 %. */
const SCREENS = [
  { width: 320, height: 640 },
  { width: 640, height: 400 },
];

/** A name that no break makes shorter, and one of many words. */
const LONG_NAMES = ['Donaudampfschifffahrtselektrizitätenhauptbetriebswerk', 'Those who look after what nobody else looks after at night'];

test.use({ contextOptions: { reducedMotion: 'reduce' } });
test.beforeEach(() => test.slow());

for (const screen of [...SCREENS, { width: 1280, height: 800 }]) {
  test(`every page scrolls in one direction only and cuts nothing off at ${screen.width} × ${screen.height}`, async ({ page, world }) => {
    await page.setViewportSize(screen);
    await page.goto('/sign-in?problem=misconfigured');
    await expectToFit(page);
    await expectLargeTargets(page);
    const rotation = await furnish(page, world);
    for (const name of LONG_NAMES) await createRotation(page, name);
    const longest = new URL(page.url()).pathname;
    for (const path of [...pages(rotation), longest, '/settings/design']) {
      await test.step(path, async () => {
        await visit(page, path);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        await expectToFit(page);
        await expectLargeTargets(page);
      });
    }
  });
}

test('every dialog and menu fits a small screen and a large type', async ({ page, world }) => {
  await signInAs(page, 'Ada Okafor');
  for (const screen of SCREENS) {
    await page.setViewportSize(screen);
    await openIntegrations(page);
    const dialog = await openKeyDialog(page);
    await saveKey(dialog, 'u+NoSuchKey_0000');
    await expect(dialog.getByRole('alert')).toContainText('does not accept this key');
    await expectToFit(page);
    await expectLargeTargets(page);
    await page.keyboard.press('Escape');
    await openOauthDialog(page);
    await expectToFit(page);
    await expectLargeTargets(page);
    await page.keyboard.press('Escape');
    await saveKey(await openKeyDialog(page), (await world.sandbox.credentials()).pagerduty.api_key);
    for (const open of [
      () => connectedButton(page).click(),
      () => openDisconnectDialog(page),
      () => page.getByRole('button', { name: 'Your account' }).click(),
    ]) {
      await open();
      await expectToFit(page);
      await expectLargeTargets(page);
      await page.keyboard.press('Escape');
    }
    await disconnect(page);
  }
});

test('wider spacing of the text cuts nothing off', async ({ page, world }) => {
  const rotation = await furnish(page, world);
  await makeBoundRotation(page, LONG_NAMES[1]!, 'Mobile EU');
  for (const path of [...pages(rotation), '/settings/design']) {
    await test.step(path, async () => {
      await visit(page, path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await spaceText(page);
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        await expectToFit(page);
      }
    });
  }
});

/** What WCAG 1.4.12 lets readers ask for. A sheet made by script is no matter of the page's policy. */
async function spaceText(page: Page): Promise<void> {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
      p { margin-block-end: 2em !important; }
    `);
    document.adoptedStyleSheets.push(sheet);
  });
}

async function expectToFit(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(whatDoesNotFit), { message: `what does not fit on ${page.url()}` }).toEqual([]);
}

/** Runs in the page. */
function whatDoesNotFit(): string[] {
  const faults: string[] = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} px wide on ${root.clientWidth}`);
  for (const element of document.querySelectorAll<HTMLElement>('body *')) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest('svg, .visually-hidden, .skip-link')) continue;
    const style = getComputedStyle(element);
    // Left out on purpose: hidden from sight and read out all the same, or shortened and copied whole.
    if (style.clipPath !== 'none' || element.closest('thead') || element.classList.contains('id')) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > root.clientWidth + 1 || box.left < -1)) {
      faults.push(`${named(element)} lies from ${Math.round(box.left)} to ${Math.round(box.right)} px`);
    }
    const [across, down] = [style.overflowX, style.overflowY];
    const cutAcross = across !== 'visible' && element.scrollWidth > element.clientWidth + 1;
    const cutDown = ['hidden', 'clip'].includes(down) && element.scrollHeight > element.clientHeight + 1;
    if ((cutAcross || cutDown) && !['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName)) {
      faults.push(`${named(element)} shows ${element.clientWidth} × ${element.clientHeight} of ${element.scrollWidth} × ${element.scrollHeight} px`);
    }
    // A button or badge whose text is larger than itself.
    if (element.matches('.button, .badge, [role="menuitem"], .tabs a, .bar a')) {
      if (seenTexts(element).some((text) => text.right > box.right + 1 || text.left < box.left - 1 || text.bottom > box.bottom + 1 || text.top < box.top - 1)) {
        faults.push(`${named(element)} is smaller than its text`);
      }
    }
  }
  return faults;

  /** Where the texts of an element lie, but for those that are only read out. */
  function seenTexts(element: HTMLElement): DOMRect[] {
    const texts: DOMRect[] = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement?.closest('.visually-hidden, .account-label')) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      texts.push(range.getBoundingClientRect());
    }
    return texts;
  }

  function named(element: HTMLElement): string {
    return `<${element.tagName.toLowerCase()} class="${element.className}"> “${(element.textContent ?? '').trim().slice(0, 40)}”`;
  }
}

async function expectLargeTargets(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(smallTargets), { message: `what is hard to hit on ${page.url()}` }).toEqual([]);
}

/**
 * Runs in the page. WCAG 2.5.8: 24 × 24 px, or so far from others that circles of 24 px around their middles
 * touch nothing. Links within a sentence are left out, and so are the stretches of a timeline, whose contents
 * stand beside it as text.
 */
function smallTargets(): string[] {
  const SIZE = 24;
  const targets = [...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches('.skip-link, [type="hidden"]'))
    .filter((element) => !document.querySelector('dialog[open]') || element.closest('dialog[open]'))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
  return targets
    .filter((target) => !large(target.box) && !withinSentence(target.element) && !spaced(target))
    .map(({ element, box }) => `<${element.tagName.toLowerCase()} class="${element.className}"> “${(element.textContent ?? '').trim().slice(0, 40)}” of ${Math.round(box.width)} × ${Math.round(box.height)} px`);

  function large(box: DOMRect): boolean {
    return box.width >= SIZE - 0.5 && box.height >= SIZE - 0.5;
  }

  function withinSentence(element: HTMLElement): boolean {
    const around = element.parentElement?.textContent?.trim() ?? '';
    return element.tagName === 'A' && getComputedStyle(element).display === 'inline' && around !== element.textContent?.trim();
  }

  function spaced(target: (typeof targets)[number]): boolean {
    return targets.every((other) => other === target || !meet(middle(target.box), other.box));
  }

  /** The circle around a small target against another target, or against the circle around another small one. */
  function meet([x, y]: readonly [number, number], other: DOMRect): boolean {
    if (!large(other)) {
      const [otherX, otherY] = middle(other);
      return Math.hypot(x - otherX, y - otherY) < SIZE;
    }
    const [nearestX, nearestY] = [Math.min(Math.max(x, other.left), other.right), Math.min(Math.max(y, other.top), other.bottom)];
    return Math.hypot(x - nearestX, y - nearestY) < SIZE / 2;
  }

  function middle(box: DOMRect): readonly [number, number] {
    return [box.left + box.width / 2, box.top + box.height / 2];
  }
}
