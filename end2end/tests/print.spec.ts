// Home, the week and a rotation's page on paper: who is on duty, whole, and nothing to press.
import type { Page } from '@playwright/test';
import { done } from '../support/calls';
import { arrangeRotation } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

// A4 at 96 dots per inch, without margins of 10 mm: upright, and across, where a screen would have drawings.
const PAPERS = [{ width: 718, height: 1047 }, { width: 1047, height: 718 }];

/** Long enough to be abbreviated in a drawing. */
const NAME = 'Deliveries of second-hand and antiquarian books, overseas';

/** What is seen of a page and has no place on paper. */
async function controls(page: Page): Promise<string[]> {
  const seen = page.locator('button, input, select, textarea, nav, dialog, [role="menu"], a.button, summary.button');
  return seen.evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 120)));
}

/** What is seen of a page as a part only. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const hides = (one: Element) => {
      const { overflowX, overflowY, clipPath } = getComputedStyle(one);
      return clipPath === 'none' && [overflowX, overflowY].some((overflow) => overflow !== 'visible');
    };
    const isCut = (one: Element) => one.clientWidth > 0 && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1);
    const all = [...document.querySelectorAll('main, main *')];
    const found = all.filter((one) => one.checkVisibility() && hides(one) && isCut(one));
    const wide = all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1);
    return [...found, ...wide].map((one) => one.outerHTML.slice(0, 120));
  });
}

test('on paper there is duty alone, and nothing of it is cut', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeRotation(page, NAME, ['Ada Okafor', 'Wei Zhang']);
  const id = path.split('/').pop()!;
  await done(page, '/rpc/set_schedule', {
    id,
    mode: 'scheduled',
    'rota[kind]': 'daily',
    'rota[times]': '09:00, 21:00',
    'rota[zone]': 'UTC',
    'rota[starts_on]': '2026-01-01',
  });
  for (const [address, duty] of [
    ['/', page.getByRole('heading', { level: 1 })],
    ['/week', page.locator('.week-list').getByText('Wei Zhang').last()],
    // Folded up on a screen.
    [path, page.getByRole('region', { name: 'Coming shifts' }).locator('details li').last()],
  ] as const) {
    for (const paper of PAPERS) {
      await page.setViewportSize(paper);
      await page.emulateMedia({ media: 'screen' });
      await visit(page, address);
      expect(await controls(page), `${address} on a screen`).not.toEqual([]);
      await page.emulateMedia({ media: 'print' });
      expect(await controls(page), address).toEqual([]);
      expect(await cut(page), address).toEqual([]);
      await expect(duty, address).toBeVisible();
      await expect(page.getByText(NAME).filter({ visible: true }).first(), address).toBeVisible();
      await expect(page.getByRole('contentinfo'), 'times without their zone are worth nothing').toContainText('Times are in');
    }
  }
});
