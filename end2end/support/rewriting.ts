// What proxies, phones, extensions and translations make of a document before its code
// takes it over.
import type { BrowserContext, Page } from '@playwright/test';

export type Rewriting = (html: string) => string;

const FENCED = /<!--email_off-->[^]*?<!--\/email_off-->/g;
const ADDRESS = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;

/** Changes what stands in the body, up to the data for the code. */
function inBody(change: (body: string) => string): Rewriting {
  return (html) => {
    const [, head, body, rest] = /^([^]*?<body>)([^]*?)(<script[^]*)$/.exec(html)!;
    return head + change(body!) + rest;
  };
}

function inTexts(change: (text: string) => string): Rewriting {
  return inBody((body) => body.replace(/>([^<]+)(?=<)/g, (_, text: string) => `>${change(text)}`));
}

const hideAddresses = inTexts((text) =>
  text.replace(ADDRESS, '<a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="5130">[email&#160;protected]</a>'),
);

export const REWRITINGS: Record<string, Rewriting> = {
  'a proxy hides e-mail addresses that are not fenced': (html) => {
    const fenced: string[] = [];
    const open = html.replace(FENCED, (part) => `<!--${fenced.push(part) - 1}-->`);
    return hideAddresses(open).replace(/<!--(\d+)-->/g, (_, index: string) => fenced[Number(index)]!);
  },
  'a proxy hides all e-mail addresses': hideAddresses,
  'digits and times become links': inTexts((text) => text.replace(/\d[\d:–-]*/g, (digits) => `<a href="tel:${digits}">${digits}</a>`)),
  'an element is the first of the body': inBody((body) => `<div class="extension"><p>Found 3 coupons</p></div>${body}`),
  'an element follows each field': inBody((body) => body.replace(/<(input|select)\b[^>]*>/g, '$&<span class="extension"></span>')),
  'an element stands round a word': inTexts((text) => text.replace(/\w{4,}/, '<mark>$&</mark>')),
  'white space is added between tags': inBody((body) => body.replace(/></g, '>\n  <')),
  'white space is taken out': inBody((body) => body.replace(/\s+</g, '<').replace(/>\s+/g, '>')),
  'comments are taken out': (html) => html.replace(/<!(--[^]*?--)?>/g, ''),
  'a translation wraps each text': inTexts((text) => `<font><font>${text}</font></font>`),
};

/** Changes each document that the server sends from now on; gives what ends that. */
export async function rewrite(pages: Page | BrowserContext, rewriting: Rewriting): Promise<() => Promise<void>> {
  await pages.route('**/*', async (route) => {
    if (route.request().resourceType() !== 'document') return route.fallback();
    const response = await route.fetch({ maxRedirects: 0 });
    const html = await response.text();
    await route.fulfill({ response, body: html.includes('<body>') ? rewriting(html) : html });
  });
  return () => pages.unroute('**/*');
}
