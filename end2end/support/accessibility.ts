// What a machine can find of the barriers on a page: a floor, not a proof.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

type Scheme = 'light' | 'dark';

/** The rules whose findings depend on the colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

export async function expectAccessible(page: Page): Promise<void> {
  expect(await barriers(page), 'barriers found by axe').toEqual([]);
}

/**
 * The same in all four ways in which a page comes to its colours: either scheme of the system, and either one
 * chosen in the settings against the system's. All that does not depend on colours is looked at once.
 */
export async function expectAccessibleInAllColours(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await expectAccessible(page);
  for (const [system, chosen] of [
    ['dark', undefined],
    ['dark', 'light'],
    ['light', 'dark'],
  ] as const) {
    await page.emulateMedia({ colorScheme: system, reducedMotion: 'reduce' });
    const before = await chooseColours(page, chosen);
    const found = await barriers(page, COLOUR_RULES);
    await chooseColours(page, before);
    expect(found, `barriers found by axe where the system is ${system} and the choice is ${chosen ?? 'left to it'}`).toEqual([]);
  }
}

/** Chooses as the server does for whoever has chosen, without a new document, and gives the choice before. */
async function chooseColours(page: Page, chosen: Scheme | 'system' = 'system'): Promise<Scheme | 'system'> {
  return page.evaluate((chosen) => {
    const { dataset } = document.documentElement;
    const before = dataset.theme;
    dataset.theme = chosen;
    return before as typeof chosen;
  }, chosen);
}

/** What breaks the rules, or all rules without any named. */
async function barriers(page: Page, rules: string[] = []): Promise<string[]> {
  // Its older mode needs no page of its own for frames, of which we have none.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules.length === 0 ? axe : axe.withRules(rules)).analyze();
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary?.split('\n').slice(1).join(' ') ?? ''}`);
    return `${id}: ${help}\n  ${where.join('\n  ')}`;
  });
}
