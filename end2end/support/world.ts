// The test function of this project: every test gets a sandbox, a server and a
// database of its own, so that no test can depend on another, and fails when
// the browser or the server complained meanwhile.
import { test as base, type Page, type TestInfo } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Complaints } from './complaints';
import { Sandbox } from './sandbox';
import { freePort, Server, type Environment } from './server';
import { watchTakeover } from './takeover';

export { expect, type Page } from '@playwright/test';

export interface World {
  readonly sandbox: Sandbox;
  readonly server: Server;
}

export interface ServerOptions {
  /** Settings of the server for these tests, over the usual ones. */
  serverEnv: Environment;
  /**
   * What the browser may complain about in these tests; Chromium logs every 4xx and 5xx answer as an error.
   * One expression: Playwright takes the second of two elements for the option's own options.
   */
  expectedConsole: RegExp | [RegExp] | undefined;
}

interface Fixtures {
  world: World;
  complaints: Complaints;
  /** Another person's browser: a page that shares nothing with `page`. */
  openBrowser: () => Promise<Page>;
}

export const test = base.extend<ServerOptions & Fixtures>({
  serverEnv: [{}, { option: true }],
  expectedConsole: [undefined, { option: true }],

  world: async ({ serverEnv }, use, testInfo) => {
    const folder = await mkdtemp(join(tmpdir(), 'roundrobin-test-'));
    const environment = withoutOurSettings(process.env);
    const sandbox = await Sandbox.start(program('ROUNDROBIN_SANDBOX_BIN'), environment, folder);
    const server = new Server(
      program('ROUNDROBIN_SERVER_BIN'),
      { ...environment, ...(await settings(sandbox)), ...serverEnv },
      folder,
      await freePort(testInfo.parallelIndex),
    );
    try {
      await server.start();
      await use({ sandbox, server });
      expectHealthy(server, sandbox);
    } finally {
      await server.stop();
      await sandbox.stop();
      await attachLogs(testInfo, server, sandbox);
      await rm(folder, { recursive: true, force: true });
    }
  },

  baseURL: async ({ world }, use) => use(world.server.url),

  complaints: async ({ world, expectedConsole }, use) => {
    const complaints = new Complaints(world, [expectedConsole].flat()[0]);
    await use(complaints);
    complaints.throwIfAny();
  },

  context: async ({ context, complaints }, use) => {
    complaints.listenTo(context);
    await watchTakeover(context);
    await use(context);
  },

  openBrowser: async ({ browser, complaints, baseURL }, use) => {
    const contexts: Awaited<ReturnType<typeof browser.newContext>>[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL });
      contexts.push(context);
      complaints.listenTo(context);
      await watchTakeover(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

function program(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: run the tests with \`cargo xtask test --only end2end\``);
  return path;
}

/** The settings of whoever runs the tests must not reach the programs under test. */
function withoutOurSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('ROUNDROBIN_')));
}

async function settings(sandbox: Sandbox): Promise<Environment> {
  const { slack } = await sandbox.credentials();
  return {
    ROUNDROBIN_SLACK_URL: `${sandbox.url}/slack`,
    ROUNDROBIN_SLACK_CLIENT_ID: slack.client_id,
    ROUNDROBIN_SLACK_CLIENT_SECRET: slack.client_secret,
    ROUNDROBIN_SLACK_SIGNING_SECRET: slack.signing_secret,
    ROUNDROBIN_PAGERDUTY_API_URL: sandbox.url,
    ROUNDROBIN_PAGERDUTY_EU_API_URL: `${sandbox.url}/eu`,
    ROUNDROBIN_PAGERDUTY_IDENTITY_URL: `${sandbox.url}/identity`,
    ROUNDROBIN_PAGERDUTY_POLL_SECONDS: '2',
  };
}

function expectHealthy(server: Server, sandbox: Sandbox): void {
  if (server.crashed) throw new Error(`The server ended by itself:\n${server.log()}`);
  if (sandbox.crashed) throw new Error(`The sandbox ended by itself:\n${sandbox.log()}`);
  if (server.log().includes('panicked at')) throw new Error(`The server panicked:\n${server.log()}`);
}

async function attachLogs(testInfo: TestInfo, server: Server, sandbox: Sandbox): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus && testInfo.errors.length === 0) return;
  await testInfo.attach('server.log', { body: server.log(), contentType: 'text/plain' });
  await testInfo.attach('sandbox.log', { body: sandbox.log(), contentType: 'text/plain' });
}
