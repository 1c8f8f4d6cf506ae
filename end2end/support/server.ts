// Round Robin itself, one for each test, with a database of its own. It can be
// stopped and started again in the middle of a test, as operators and crashes do.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Program } from './program';

export type Environment = Record<string, string>;

export class Server {
  private program?: Program;
  private earlierLogs = '';

  constructor(
    private readonly path: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get databasePath(): string {
    return join(this.folder, 'roundrobin.db');
  }

  /** Everything that it wrote, earlier runs included. */
  log(): string {
    return this.earlierLogs + (this.program?.log() ?? '');
  }

  get crashed(): boolean {
    return this.program?.crashed ?? false;
  }

  /** Starts it and waits until it is ready; settings given here win. */
  async start(settings: Environment = {}): Promise<void> {
    this.earlierLogs = this.log();
    const env = {
      ...this.env,
      ROUNDROBIN_LISTEN: `127.0.0.1:${this.port}`,
      ROUNDROBIN_PUBLIC_URL: this.url,
      ROUNDROBIN_DATABASE_URL: `sqlite://${this.databasePath}`,
      ...settings,
    };
    const program = await Program.start('the server', this.path, [], env, this.folder);
    this.program = program;
    await program.waitFor('it was ready', () => this.isReady());
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.program?.stop(signal);
  }

  async restart(signal?: NodeJS.Signals, settings?: Environment): Promise<void> {
    await this.stop(signal);
    await this.start(settings);
  }

  private async isReady(): Promise<true | undefined> {
    try {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      return response.status === 200 ? true : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * A port below the range from which the system takes the ports of outgoing
 * connections, so that none of these can take it before the server does.
 */
export async function freePort(worker: number): Promise<number> {
  const first = 20_000 + (worker % 5) * 2_000;
  for (;;) {
    const port = first + Math.floor(Math.random() * 2_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once('error', () => resolve(false));
    listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
  });
}
