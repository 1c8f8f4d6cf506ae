// Time that passes for a page alone: its clock and its timers run ahead, while the servers stay where they are.
import type { Page, Request } from '@playwright/test';

/** Less than an answer may take before the page counts it as missing. */
const STEP = 4;

export class PassingTime {
  private readonly asked = new Set<Request>();

  private constructor(private readonly page: Page) {
    const isQuestion = (request: Request) => request.url().includes('/rpc/');
    page.on('request', (request) => isQuestion(request) && this.asked.add(request));
    const answered = (request: Request) => this.asked.delete(request);
    page.on('requestfinished', answered).on('requestfailed', answered);
  }

  /** To be called before the page is opened, whose clock may be ahead by some hours. */
  static async of(page: Page, hoursAhead = 0): Promise<PassingTime> {
    await page.clock.install({ time: Date.now() + hoursAhead * 3_600_000 });
    return new PassingTime(page);
  }

  /** What the page asks meanwhile is answered meanwhile. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= STEP) {
      await this.page.clock.runFor(Math.min(left, STEP) * 1000);
      while (this.asked.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
