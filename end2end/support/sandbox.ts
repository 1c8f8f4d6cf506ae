// The stand-in for PagerDuty and Slack, one for each test.
import { Program } from './program';

export interface Credentials {
  pagerduty: { api_key: string; client_id: string; client_secret: string };
  slack: { client_id: string; client_secret: string; bot_token: string; signing_secret: string };
}

export class Sandbox {
  private constructor(
    private readonly program: Program,
    readonly url: string,
  ) {}

  static async start(path: string, env: NodeJS.ProcessEnv, folder: string): Promise<Sandbox> {
    const program = await Program.start('the sandbox', path, ['--listen', '127.0.0.1:0'], env, folder);
    try {
      const listening = /Sandbox listening on (http:\/\/\S+)/;
      const url = await program.waitFor('it named its address', () => listening.exec(program.log())?.[1]);
      return new Sandbox(program, url);
    } catch (error) {
      await program.stop();
      throw error;
    }
  }

  /** Calls `/_control/…`: a GET without a body, a POST of JSON with one. */
  async control<Answer = unknown>(path: string, body?: unknown): Promise<Answer> {
    const url = `${this.url}/_control/${path.replace(/^\//, '')}`;
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(url, body === undefined ? undefined : request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  credentials(): Promise<Credentials> {
    return this.control<Credentials>('credentials');
  }

  log(): string {
    return this.program.log();
  }

  get crashed(): boolean {
    return this.program.crashed;
  }

  stop(): Promise<void> {
    return this.program.stop();
  }
}
