// How the browser tests run. The programs that they need are named in the
// environment by `cargo xtask test`.
import { defineConfig } from '@playwright/test';
import type { ServerOptions } from './support/world';

const runsAsRoot = process.getuid?.() === 0;

export default defineConfig<ServerOptions>({
  testDir: 'tests',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  // A test that passes only the second time is a test that fails.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/results.json' }]],
  use: {
    browserName: 'chromium',
    locale: 'en-GB',
    timezoneId: 'Europe/London',
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    // A picture of every frame costs more than the tests themselves; the snapshots of the document say what was shown.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: true },
    launchOptions: {
      executablePath: process.env.ROUNDROBIN_CHROMIUM,
      args: [
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        // Drawing as if there were a graphics card takes a quarter of the processor where there is none.
        '--disable-gpu',
        // Chromium's own sandbox refuses to run as root.
        ...(runsAsRoot ? ['--no-sandbox'] : []),
      ],
    },
  },
});
