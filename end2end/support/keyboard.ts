// The keyboard alone, as somebody uses it who has no pointer: elements are come
// to by Tab, never by script, and at every stop the focus has to be seen.
import { expect, type Locator, type Page } from '@playwright/test';

/** More stops than any page has between two things that somebody wants. */
const MOST_STOPS = 90;

/** What is wrong with where the focus is; null when nothing is, or when it is nowhere. */
interface Stop {
  element: string;
  fault: string | null;
}

export class Keyboard {
  /** How often the focus was looked at. */
  stops = 0;

  constructor(
    private readonly page: Page,
    /** The address of the product: what other sites show is their business. */
    private readonly ours: string,
  ) {}

  /** Presses Tab, or Shift+Tab, until the element has the focus. */
  async tabTo(wanted: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await expect(wanted).toBeVisible();
    const passed: string[] = [];
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      await this.page.keyboard.press(key);
      passed.push(await this.expectSeen());
      if (await wanted.evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`${key} did not come to ${wanted} within ${MOST_STOPS} stops, but to:\n${passed.join('\n')}`);
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Comes to a button or a link and uses it. */
  async use(wanted: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.tabTo(wanted);
    await this.press(key);
  }

  /** Comes to the button of a menu, opens it and chooses the entry of this place. */
  async choose(opener: Locator, place: number): Promise<void> {
    await this.use(opener);
    for (let step = 0; step < place; step += 1) {
      await this.press('ArrowDown');
      await this.expectSeen();
    }
    await this.press('Enter');
  }

  /** Comes to a field and types into it. */
  async type(field: Locator, text: string): Promise<void> {
    await this.tabTo(field);
    await this.page.keyboard.type(text);
  }

  /** The focus is at the element, and can be seen there. */
  async expectAt(element: Locator): Promise<void> {
    await expect(element).toBeFocused();
    await this.expectSeen();
  }

  /** The focus is somewhere: on nothing, nobody who does not see the page knows where they are. */
  async expectKept(): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => document.activeElement?.tagName), { message: 'where the focus is' }).not.toBe('BODY');
  }

  private async expectSeen(): Promise<string> {
    if (!this.page.url().startsWith(this.ours)) return 'elsewhere';
    this.stops += 1;
    const { element, fault } = await this.page.evaluate(lookAtFocus);
    if (fault !== null) {
      const { width } = this.page.viewportSize()!;
      throw new Error(`The focus on ${element} at ${this.page.url()}, ${width} px wide, ${fault}`);
    }
    return element;
  }
}

/** Runs in the page. */
function lookAtFocus(): Stop {
  const focused = document.activeElement;
  // After the last element the browser's own controls have their turn.
  if (!focused || focused === document.body) return { element: 'nothing', fault: null };
  const element = `<${focused.tagName.toLowerCase()}> “${(focused.getAttribute('aria-label') ?? focused.textContent ?? '').trim().slice(0, 60)}”`;
  return { element, fault: indicatorFault(focused) ?? placeFault(focused) };

  /** An outline around it, around what it is drawn as, or around the card that it stands for. */
  function indicatorFault(focused: Element): string | null {
    const drawn = focused.querySelectorAll('.piece');
    const colours = [focused, ...drawn, ...ancestors(focused).slice(0, 4)]
      .map((candidate) => getComputedStyle(candidate))
      .filter((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
      .map((style) => style.outlineColor);
    const [colour] = colours;
    if (colour === undefined) return 'has no visible indicator';
    const ratio = contrast(paint(colour), behind(focused));
    return ratio < 3 ? `has an indicator of only ${ratio.toFixed(2)}:1 against what is around it` : null;
  }

  /** Whole on the screen where it fits, and nothing in front of it. */
  function placeFault(focused: Element): string | null {
    // A drawing counts without what of its text is cut off.
    const shape = focused.querySelector('.piece') ?? focused;
    const box = [...shape.getClientRects()].find(({ width, height }) => width > 0 && height > 0);
    if (!box) return 'takes no room';
    const fits = box.height <= innerHeight;
    const outside = box.left < -1 || box.right > innerWidth + 1 || (fits ? box.top < -1 || box.bottom > innerHeight + 1 : box.bottom < 0 || box.top > innerHeight);
    if (outside) {
      const edges = [box.left, box.top, box.right, box.bottom].map(Math.round).join(', ');
      return `is off the screen: ${edges} of ${innerWidth} × ${innerHeight}`;
    }
    const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
    const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
    const [middle, centre] = [(left + right) / 2, (top + bottom) / 2];
    // The corners may be round.
    const points = [
      [middle, centre],
      [left + 2, centre],
      [right - 2, centre],
      [middle, top + 2],
      [middle, bottom - 2],
    ] as const;
    for (const [x, y] of points) {
      const front = document.elementFromPoint(x, y);
      if (!front || !focused.contains(front)) return `is covered by <${front?.tagName.toLowerCase() ?? 'nothing'} class="${front?.getAttribute('class') ?? ''}">`;
    }
    return null;
  }

  function ancestors(element: Element): Element[] {
    const parent = element.parentElement;
    return parent ? [parent, ...ancestors(parent)] : [];
  }

  /** The colours behind an element, laid over each other. */
  function behind(element: Element): number[] {
    const layers = ancestors(element).map((ancestor) => getComputedStyle(ancestor).backgroundColor);
    return paint(...layers.reverse());
  }

  /** What the colours, the first one at the bottom, look like: red, green and blue from 0 to 255. */
  function paint(...colours: string[]): number[] {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const brush = canvas.getContext('2d', { willReadFrequently: true })!;
    for (const colour of ['white', ...colours]) {
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
    }
    return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }

  /** The ratio that WCAG defines. */
  function contrast(one: number[], other: number[]): number {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
    return (light + 0.05) / (dark + 0.05);
  }

  function luminance(colour: number[]): number {
    const [red, green, blue] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
}
