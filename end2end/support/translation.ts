// What a browser's translation does to a page: each text goes into elements of its own, in place of the node that was
// there, so that whoever still writes into that node writes where nobody sees it.
import type { Page } from '@playwright/test';

declare global {
  interface Window {
    /** What was written into texts that a translation had replaced. */
    writtenInVain?: string[];
  }
}

interface Translation {
  /** Whether it leaves alone what is not to be translated. */
  heedsMarks: boolean;
  /** What it puts each text into; the text alone where there is nothing. */
  elements?: string[];
}

export async function translate(page: Page, { heedsMarks, elements = ['font', 'font'] }: Translation): Promise<void> {
  await page.evaluate(
    ({ heedsMarks, elements }) => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) texts.push(node as Text);
      const inVain = (window.writtenInVain ??= []);
      for (const text of texts) {
        const within = text.parentElement!;
        const marked = within.closest('[translate]')?.getAttribute('translate') === 'no';
        if (text.data.trim() === '' || within.closest('script, style, font') || (heedsMarks && marked)) continue;
        const translated = elements.reduceRight<Node>((inner, name) => {
          const outer = document.createElement(name);
          outer.append(inner);
          return outer;
        }, document.createTextNode(text.data));
        text.replaceWith(translated);
        new MutationObserver(() => inVain.push(text.data)).observe(text, { characterData: true });
      }
    },
    { heedsMarks, elements },
  );
}
