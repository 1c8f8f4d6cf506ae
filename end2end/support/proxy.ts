// A proxy between the browser and the server that treats the stream of live events as some do, or changes documents,
// and lets all else through as it is.
import { Agent, createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test as base } from './world';

/** What becomes of the stream. */
export type Treatment =
  | 'passed on'
  /** Answered with 200, and never a byte. */
  | 'kept silent'
  /** What comes first is let through, and nothing after it. */
  | 'only greeted'
  | 'not found'
  | 'answered with a page'
  /** Broken off before an answer. */
  | 'cut off';

export const test = base.extend<{ between: Proxy }>({
  between: async ({ world }, use) => {
    const proxy = await Proxy.start(world.server.url);
    await use(proxy);
    await proxy.stop();
  },
});

export class Proxy {
  /** For streams that are asked for from now on. */
  treatment: Treatment = 'passed on';
  /** How many streams were asked for. */
  streams = 0;
  /** What becomes of a document. The browser keeps all else, which it would not where a test has it ask the test. */
  rewrite = (html: string, _question: IncomingMessage): string => html;
  private readonly open = new Set<ServerResponse>();
  private readonly agent = new Agent({ keepAlive: true });
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly listener: HttpServer,
    private readonly behind: string,
  ) {
    listener.on('request', (question, answer) => this.answer(question, answer));
    listener.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(behind: string): Promise<Proxy> {
    const listener = createServer();
    const proxy = new Proxy(listener, behind);
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Ends the streams that are open, as proxies do that allow each answer some time. */
  endStreams(): void {
    for (const answer of this.open) answer.end();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.listener.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    this.agent.destroy();
    await closed;
  }

  private answer(question: IncomingMessage, answer: ServerResponse): void {
    const treatment = this.treatment;
    if (question.url === '/api/events') {
      this.streams += 1;
      this.open.add(answer);
      answer.once('close', () => this.open.delete(answer));
    }
    if (question.url !== '/api/events' || treatment === 'passed on') {
      this.passOn(question, answer);
      return;
    }
    switch (treatment) {
      case 'kept silent':
        answer.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        break;
      case 'only greeted':
        this.passOn(question, answer, 1);
        break;
      case 'not found':
        answer.writeHead(404).end();
        break;
      case 'answered with a page':
        answer.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Welcome</title>');
        break;
      case 'cut off':
        question.socket.destroy();
        break;
    }
  }

  private passOn(question: IncomingMessage, answer: ServerResponse, pieces = Infinity): void {
    const { method, url } = question;
    const { host, origin } = new URL(this.behind);
    const headers = { ...question.headers, host, 'accept-encoding': 'identity' };
    if (headers.origin) headers.origin = origin;
    const asked = request(`${this.behind}${url}`, { method, headers, agent: this.agent }, (answered) => {
      if (answered.headers['content-type']?.startsWith('text/html')) {
        this.passOnRewritten(question, answered, answer).catch(() => answer.destroy());
        return;
      }
      answer.writeHead(answered.statusCode!, answered.rawHeaders);
      let passed = 0;
      answered.on('data', (piece: Buffer) => {
        passed += 1;
        if (passed <= pieces && !answer.writableEnded) answer.write(piece);
      });
      answered.on('end', () => answer.end());
      answered.on('error', () => answer.destroy());
    });
    asked.on('error', () => answer.destroy());
    answer.on('close', () => asked.destroy());
    question.pipe(asked);
  }

  private async passOnRewritten(question: IncomingMessage, answered: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = this.rewrite(await text(answered), question);
    const { 'content-length': _, 'transfer-encoding': __, ...headers } = answered.headers;
    answer.writeHead(answered.statusCode!, headers).end(body);
  }
}
