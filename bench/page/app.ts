/** The page as the app serves it, on this machine, with answers made before: what is measured is the page alone. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';
import { dashboardAnswer } from '../../shared/views/dashboard.ts';
import { NOW } from '../estate.ts';
import type { PageEstate } from './estates.ts';

export interface PageApp {
  url: string;
  close(): Promise<void>;
}

const ETAG = 'W/"1"';

/** Serves an estate, without any run. */
export async function serve({ estate, history, trace }: PageEstate): Promise<PageApp> {
  const { headers, body: page } = await dashboardAnswer();
  const answers: Record<string, (query: URLSearchParams) => string | undefined> = {
    '/api/estate': () => estate,
    '/api/history': () => history,
    '/api/runs': () => '{"runs":[]}',
    '/api/paths': (query) => trace(query.get('vm') ?? '', query.get('vip') ?? ''),
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('date', new Date(NOW).toUTCString());
    if (pathname === '/api/dashboard') return response.writeHead(200, headers).end(page);
    if (request.headers['if-none-match'] === ETAG) return response.writeHead(304, { etag: ETAG }).end();
    const text = answers[pathname]?.(searchParams);
    const type = { 'content-type': 'application/json' };
    if (text === undefined) return response.writeHead(404, type).end('{}');
    response.writeHead(200, pathname === '/api/estate' ? { ...type, etag: ETAG } : type).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/dashboard`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Debian's chromium. Its sandbox is refused to root; the page is our own. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
