// Somebody at a browser, who finds things by what they are and what is written on them,
// and waits for what they expect to see.
import type { Browser, Key } from './browser';

export type Role = 'button' | 'link' | 'menuitem' | 'radio' | 'textbox';

const PATIENCE = 15_000;
const PAUSE = 40;

export class Visitor {
  constructor(private readonly browser: Browser) {}

  goTo(url: string): Promise<void> {
    return this.browser.goTo(url);
  }

  /** Clicks the control of this role and name, once it is there. */
  async use(role: Role, name: string): Promise<void> {
    await this.with(role, name, (selector) => this.browser.click(selector));
  }

  async type(name: string, text: string): Promise<void> {
    await this.with('textbox', name, (selector) => this.browser.type(selector, text));
  }

  press(key: Key): Promise<void> {
    return this.browser.press(key);
  }

  /** Waits until the page says this, or the dialog in front of it. */
  async sees(text: string): Promise<void> {
    await this.wait(`the text “${text}”`, async () => ((await this.browser.evaluate(shownText)).includes(text) ? true : undefined));
    await this.seesALivePage();
  }

  /** A page whose code broke off goes on as without scripts, and not every browser tells of errors. */
  async seesALivePage(): Promise<void> {
    const said = await this.wait('what the page says of itself', () => this.browser.evaluate(notLive));
    if (said !== '') throw new Error(`The page is not live: ${said}`);
  }

  async seesDialog(title: string): Promise<void> {
    await this.wait(`the dialog “${title}”`, async () => ((await this.browser.evaluate(dialogTitle)) === title ? true : undefined));
  }

  async seesNoDialog(): Promise<void> {
    await this.wait('no dialog', async () => ((await this.browser.evaluate(dialogTitle)) === null ? true : undefined));
  }

  /** Waits until the focus is at what is named so. */
  async isAt(name: string): Promise<void> {
    let last = '';
    await this.wait(
      `the focus at “${name}”`,
      async () => {
        last = await this.browser.evaluate(focusedName);
        return last === name ? true : undefined;
      },
      () => `it is at “${last}”`,
    );
  }

  /** Whether the field shows dots, or nothing, instead of what is typed. */
  async hides(name: string): Promise<boolean> {
    const selector = await this.find('textbox', name);
    return this.browser.evaluate(isMasked, selector);
  }

  async value(name: string): Promise<string> {
    return this.browser.evaluate(valueOf, await this.find('textbox', name));
  }

  /**
   * Uses a button that opens this dialog within the document. While the page's code is still on its way, the dialog
   * comes with a page of its own, as without scripts; once that page is taken over, the button is used again.
   */
  async opensInPlace(role: Role, name: string, title: string, before: () => Promise<void> = async () => {}): Promise<void> {
    await before();
    await this.browser.evaluate(markDocument);
    await this.use(role, name);
    await this.seesDialog(title);
    if (await this.browser.evaluate(isMarked)) return;
    await this.wait('the code of the page', async () => ((await this.browser.evaluate(namesDialog)) ? undefined : true));
    await this.use('button', 'Cancel');
    await this.seesNoDialog();
    await before();
    await this.browser.evaluate(markDocument);
    await this.use(role, name);
    await this.seesDialog(title);
    if (!(await this.browser.evaluate(isMarked))) throw new Error(`“${name}” did not open its dialog within the page`);
  }

  /** Uses what leads to another document, and waits for that one. */
  async leaves(role: Role, name: string): Promise<void> {
    await this.browser.evaluate(markDocument);
    await this.use(role, name);
    await this.wait('another document', async () => ((await this.browser.evaluate(isMarked)) ? undefined : true));
  }

  private async with(role: Role, name: string, act: (selector: string) => Promise<void>): Promise<void> {
    await this.wait(`the ${role} “${name}”`, async () => {
      const selector = await this.browser.evaluate(selectorOf, role, name);
      if (selector === null) return undefined;
      await act(selector);
      return true;
    });
  }

  private find(role: Role, name: string): Promise<string> {
    return this.wait(`the ${role} “${name}”`, async () => (await this.browser.evaluate(selectorOf, role, name)) ?? undefined);
  }

  /** Pages go away while they are asked, and controls are replaced while they are used. */
  private async wait<Answer>(what: string, ask: () => Promise<Answer | undefined>, instead = () => ''): Promise<Answer> {
    const deadline = Date.now() + PATIENCE;
    let failure: unknown;
    do {
      try {
        const answer = await ask();
        if (answer !== undefined) return answer;
        failure = undefined;
      } catch (error) {
        failure = error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    } while (Date.now() < deadline);
    const shown = await this.browser.evaluate(shownText).catch(String);
    throw new Error(`${what} did not come${failure ? `: ${String(failure)}` : ''}; ${instead()}. The page says:\n${shown}`);
  }
}

// What follows runs in the page, so each stands alone.

function shownText(): string {
  const dialog = document.querySelector('dialog[open]');
  return ((dialog ?? document.body) as HTMLElement).innerText.replace(/\s+/g, ' ');
}

function notLive(): string {
  return document.querySelector('.not-live')?.textContent ?? '';
}

function dialogTitle(): string | null {
  return document.querySelector('dialog[open] h2')?.textContent ?? null;
}

function focusedName(): string {
  const focused = document.activeElement;
  const labels = (focused as HTMLInputElement | null)?.labels;
  const text = labels && labels.length > 0 ? labels[0]?.textContent : focused?.textContent;
  return focused === document.body ? '' : (text ?? '').trim().slice(0, 80);
}

function isMasked(selector: string): boolean {
  const field = document.querySelector<HTMLInputElement>(selector)!;
  return field.type === 'password' || getComputedStyle(field).getPropertyValue('-webkit-text-security') === 'disc';
}

function valueOf(selector: string): string {
  return document.querySelector<HTMLInputElement>(selector)!.value;
}

/** Only the address of a page that was not taken over yet does. */
function namesDialog(): boolean {
  return new URLSearchParams(location.search).has('dialog');
}

function markDocument(): void {
  document.documentElement.classList.add('same-document');
}

function isMarked(): boolean {
  return document.documentElement.classList.contains('same-document');
}

/** The way from the top of the page to what is wanted, within the dialog if there is one. */
function selectorOf(role: string, name: string): string | null {
  const candidates: Record<string, string> = {
    button: 'button:not([role])',
    link: 'a[href]',
    menuitem: '[role=menuitem]',
    radio: 'input[type=radio]',
    textbox: 'input:not([type=radio]), textarea',
  };
  const named = (element: Element): boolean => {
    const labels = (element as HTMLInputElement).labels;
    const text = element.matches('input, textarea') ? labels?.[0]?.textContent : element.textContent;
    return (text ?? '').replace(/\s+/g, ' ').trim() === name;
  };
  const scope = document.querySelector('dialog[open]') ?? document;
  const found = Array.from(scope.querySelectorAll(candidates[role]!)).find((element) => named(element) && element.checkVisibility());
  if (!found) return null;
  const steps: string[] = [];
  for (let element: Element | null = found; element?.parentElement; element = element.parentElement) {
    const place = Array.from(element.parentElement.children).indexOf(element) + 1;
    steps.unshift(`${element.localName}:nth-child(${place})`);
  }
  return `html > ${steps.join(' > ')}`;
}
