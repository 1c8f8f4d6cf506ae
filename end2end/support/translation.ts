// What a browser's translation does to a page: each text goes into two elements of its own, in place of the node
// that was there, so that whoever still writes into that node writes where nobody sees it.
import type { Page } from '@playwright/test';

/** One that heeds what is not to be translated, or one that does not. */
export async function translate(page: Page, { heedsMarks }: { heedsMarks: boolean }): Promise<void> {
  await page.evaluate((heedsMarks) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts: Text[] = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) texts.push(node as Text);
    for (const text of texts) {
      const within = text.parentElement!;
      const marked = within.closest('[translate]')?.getAttribute('translate') === 'no';
      if (text.data.trim() === '' || within.closest('script, style, font') || (heedsMarks && marked)) continue;
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      inner.append(text.data);
      outer.append(inner);
      text.replaceWith(outer);
    }
  }, heedsMarks);
}
