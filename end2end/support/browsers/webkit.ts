// WebKitGTK, the WebKit that systems ship, through its own driver by plain WebDriver.
// It draws into a display that exists in memory only.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../program';
import { freePort } from '../server';
import type { Browser, Key } from './browser';

/** The paths of the programs that this takes. The driver knows the browser that comes with it. */
export interface WebKitPrograms {
  driver: string;
  display: string;
}

/** How WebDriver names a reference to an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const KEYS: Record<Key, string> = { Enter: '\uE007', Escape: '\uE00C' };

/** `withScripts` is whether pages may run any. */
export async function webkit(programs: WebKitPrograms, worker: number, withScripts: boolean): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'roundrobin-webkit-'));
  const started: Program[] = [];
  const close = async (): Promise<void> => {
    for (const program of started.reverse()) await program.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const start = async (name: string, path: string, args: string[], env: NodeJS.ProcessEnv): Promise<Program> => {
      const program = await Program.start(name, path, args, { ...process.env, ...env, HOME: folder, XDG_RUNTIME_DIR: folder }, folder);
      started.push(program);
      return program;
    };
    const display = await start('Xvfb', programs.display, ['-displayfd', '1', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], {});
    const number = await display.waitFor('it named its display', () => /^\d+$/m.exec(display.log())?.[0]);
    const port = await freePort(worker);
    const driver = await start('WebKitWebDriver', programs.driver, [`--port=${port}`], {
      DISPLAY: `:${number}`,
      LANG: 'C.UTF-8',
      // There may be no graphics, no bus and no sound to speak of.
      WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    });
    const call = caller(`http://127.0.0.1:${port}`);
    await driver.waitFor('it was ready', () => call<{ ready: boolean }>('GET', '/status').then(({ ready }) => ready || undefined, () => undefined));
    // What the driver itself runs in a page is run all the same.
    const args = ['--automation', `--enable-javascript-markup=${withScripts}`];
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { args } } };
    const { sessionId } = await call<{ sessionId: string }>('POST', '/session', { capabilities });
    return session(sessionId, call, close);
  } catch (error) {
    await close();
    throw error;
  }
}

type Call = <Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<Answer>;

function caller(address: string): Call {
  return async (method, path, body) => {
    const response = await fetch(address + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } | null };
    if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${value?.error} ${value?.message}`);
    return value as never;
  };
}

function session(id: string, call: Call, close: () => Promise<void>): Browser {
  const at = `/session/${id}`;
  const element = async (selector: string): Promise<string> => {
    const found = await call<Record<string, string>>('POST', `${at}/element`, { using: 'css selector', value: selector });
    return `${at}/element/${found[ELEMENT]}`;
  };
  return {
    goTo: async (url) => {
      await call('POST', `${at}/url`, { url });
    },
    evaluate: (work, ...given) =>
      call('POST', `${at}/execute/sync`, { script: `return (${work.toString()})(...arguments)`, args: given }),
    click: async (selector) => {
      await call('POST', `${await element(selector)}/click`, {});
    },
    type: async (selector, text) => {
      await call('POST', `${await element(selector)}/value`, { text });
    },
    press: async (key) => {
      const actions = ['keyDown', 'keyUp'].map((type) => ({ type, value: KEYS[key] }));
      await call('POST', `${at}/actions`, { actions: [{ type: 'key', id: 'keyboard', actions }] });
    },
    // WebDriver has no word for the console.
    complaints: async () => [],
    close: async () => {
      // The browser ends with its session.
      await call('DELETE', at).catch(() => undefined);
      await close();
    },
  };
}
