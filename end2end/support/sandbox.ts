// The stand-in for PagerDuty and Slack, one for each test.
import { Program } from './program';

export interface Credentials {
  pagerduty: {
    api_key: string;
    client_id: string;
    client_secret: string;
    eu_api_key: string;
    no_api_access_key: string;
    forbidden_key: string;
  };
  slack: { client_id: string; client_secret: string; bot_token: string; signing_secret: string };
}

/** What can be wrong with an answer; see the sandbox's API.md. */
export interface Fault {
  path?: string;
  status?: number;
  body?: 'json' | 'html' | 'empty' | 'truncated' | 'cut_off' | 'wrong_types';
  delay_ms?: number;
  headers?: Record<string, string>;
  times?: number;
}

/** What the product asked of PagerDuty since the start. */
export interface Requests {
  total: number;
  by_method: Record<string, number>;
}

interface Truth {
  on_call: { name: string; email: string }[];
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

  /** Bad weather at PagerDuty, until it is cleared. */
  async disturbPagerDuty(fault: Fault): Promise<void> {
    await this.control('faults', { side: 'pagerduty', ...fault });
  }

  async clearFaults(): Promise<void> {
    await this.control('faults/clear', {});
  }

  /** The names of those whom PagerDuty has on call now. */
  async onCall(schedule: string): Promise<string[]> {
    const { on_call } = await this.control<Truth>(`truth/${schedule}`);
    return on_call.map((person) => person.name);
  }

  async pagerDutyRequests(): Promise<Requests> {
    return (await this.control<{ pagerduty: Requests }>('counters')).pagerduty;
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
