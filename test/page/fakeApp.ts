/** The page's app as a test says it is: the real page, and answers that the test may change at any time. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dashboardAnswer } from '../../shared/views/dashboard.ts';

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** Answers by `GET /api/estate` and the like; a path's last part may be `*`. */
export type Answers = Record<string, Reply | ((asked: Asked) => Reply | Promise<Reply>)>;

export interface FakeApp {
  url: string;
  answers: Answers;
  /** Everything that was asked for, but for the page. */
  asked: Asked[];
  /** False: connections are cut. */
  answering: boolean;
  /** What time it is for the app; now without one. */
  date?: number;
  close(): Promise<void>;
}

export const problem = (status: number, detail: string, code = 'INPUT_INVALID'): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { status, detail, code, nextStep: 'Look again.' },
});

export async function fakeApp(answers: Answers): Promise<FakeApp> {
  const app: FakeApp = { url: '', answers, asked: [], answering: true, close: async () => {} };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    void (async () => {
      if (!app.answering) return request.socket.destroy();
      if (app.date !== undefined) response.setHeader('date', new Date(app.date).toUTCString());
      if (url.pathname === '/api/dashboard') {
        const { status, headers, body } = await dashboardAnswer();
        return response.writeHead(status, headers).end(body);
      }
      let text = '';
      for await (const chunk of request) text += chunk;
      const asked: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      app.asked.push(asked);
      const name = `${asked.method} ${asked.path}`;
      const answer = app.answers[name] ?? app.answers[name.replace(/[^/]+$/, '*')];
      const {
        status = 200,
        headers = {},
        body,
      } = (typeof answer === 'function' ? await answer(asked) : answer) ?? { status: 404 };
      const etag = headers.etag;
      if (etag !== undefined && request.headers['if-none-match'] === etag)
        return response.writeHead(304, { etag }).end();
      const isText = typeof body === 'string';
      response
        .writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers })
        .end(isText || body === undefined ? body : JSON.stringify(body));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  app.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return app;
}
