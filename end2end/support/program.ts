// A child process of a test: its output is kept, and it always ends with the
// test, by its own process id.
import { spawn, type ChildProcess } from 'node:child_process';

/** The server drains for at most ten seconds. */
const GRACE = 12_000;

export class Program {
  private output = '';
  private readonly ended: Promise<void>;
  private stopping = false;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  static async start(name: string, path: string, args: string[], env: NodeJS.ProcessEnv, folder: string): Promise<Program> {
    const child = spawn(path, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const program = new Program(name, child);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Error(`${name} cannot be started: ${error.message}`)));
    });
    return program;
  }

  log(): string {
    return this.output;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Whether it ended although nobody stopped it. */
  get crashed(): boolean {
    return !this.running && !this.stopping;
  }

  /** Repeats a question until it has an answer; fails as soon as the program ends. */
  async waitFor<Answer>(what: string, ask: () => Promise<Answer | undefined> | Answer | undefined, limit = 30_000): Promise<Answer> {
    const deadline = Date.now() + limit;
    while (Date.now() < deadline) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (!this.running) throw new Error(`${this.name} ended before ${what}:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${this.name}: ${what} did not happen within ${limit} ms:\n${this.output}`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    this.stopping = true;
    this.child.kill(signal);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), GRACE);
    await this.ended;
    clearTimeout(kill);
  }
}
