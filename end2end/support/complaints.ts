// What a browser complains about while a test runs. Every test fails on it at
// its end, since a hydration mismatch or a refused script is a defect even on a
// page that looks right.
import type { BrowserContext } from '@playwright/test';
import type { World } from './world';

export class Complaints {
  private readonly heard: string[] = [];

  constructor(
    private readonly world: World,
    private readonly expected: RegExp | undefined,
  ) {}

  listenTo(context: BrowserContext): void {
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        this.add(message.location().url, `console ${message.type()}: ${message.text()}`);
      }
    });
    context.on('weberror', (error) => this.add(error.page()?.url() ?? '', `page error: ${error.error().stack ?? error.error()}`));
    context.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? 'unknown';
      // Leaving a page aborts what it was still loading, its live events above all.
      if (request.url().startsWith(this.world.server.url) && reason !== 'net::ERR_ABORTED') {
        this.add(request.url(), `request failed: ${request.method()} ${request.url()} ${reason}`);
      }
    });
  }

  /** The sandbox's own pages are no part of the product. */
  private add(where: string, what: string): void {
    if (where.startsWith(this.world.sandbox.url)) return;
    const complaint = `${what} (${where || 'no address'})`;
    if (!this.expected?.test(complaint)) this.heard.push(complaint);
  }

  throwIfAny(): void {
    if (this.heard.length > 0) {
      throw new Error(`The browser complained:\n${this.heard.join('\n')}`);
    }
  }
}
