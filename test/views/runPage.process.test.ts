/** A run's page in a real browser, served as the app answers: lies stay text, and nothing else is asked for. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runAnswer } from '../../shared/views/answer.ts';
import type { RunView } from '../../shared/views/run.ts';
import { runPage } from '../../shared/views/runPage.ts';
import { testNeeding } from '../needs.ts';
import { fullRun, lyingRun } from './runViews.ts';

const browserTest = testNeeding(['chromium']);

const LIES = [
  '<script>document.title = "pwned"</script>',
  '"><img src=/stolen onerror="document.title = `pwned`">',
  '</title></style></pre><svg onload="document.title = `pwned`">',
  "' autofocus onfocus='document.title = `pwned`' x='",
  '<meta http-equiv=refresh content="0;url=/stolen">',
];

/** Opens an answer in the browser: the page as it is after scripts had their chance, and the paths it asked for. */
async function open(answer: { headers: Record<string, string>; body: string }) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/run') response.writeHead(200, answer.headers).end(answer.body);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = await mkdtemp(join(tmpdir(), 'hairpin-page-'));
  try {
    const { port } = server.address() as AddressInfo;
    const { stdout } = await promisify(execFile)(
      'chromium',
      [
        '--headless',
        '--no-sandbox', // refused to root otherwise; the page is our own
        '--disable-gpu',
        `--user-data-dir=${profile}`,
        '--virtual-time-budget=2000',
        '--dump-dom',
        `http://127.0.0.1:${port}/run`,
      ],
      { timeout: 60_000, maxBuffer: 1 << 24 },
    );
    return { dom: stdout, asked: asked.filter((path) => path !== '/favicon.ico') };
  } finally {
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const titleOf = (dom: string): string | undefined => /<title>([^<]*)<\/title>/.exec(dom)?.[1];

browserTest('a run reads as it is', async (t) => {
  const { dom, asked } = await open(runAnswer(fullRun, 'html'));
  t.is(titleOf(dom), `Run ${fullRun.runId}`);
  t.is(dom.match(/<h2 /g)?.length, 2);
  t.deepEqual(asked, ['/run']);
});

browserTest('lies in every text run nothing, load nothing and lead nowhere', async (t) => {
  const lying: RunView = { ...lyingRun(LIES), runId: fullRun.runId };
  const { dom, asked } = await open(runAnswer(lying, 'html'));
  t.is(titleOf(dom), `Run ${fullRun.runId}`);
  t.notRegex(dom, /<(script|img|svg|meta http)/);
  t.deepEqual(asked, ['/run']);
});

browserTest('were a value not escaped, the answer’s policy would still run and load nothing', async (t) => {
  const { headers } = runAnswer(fullRun, 'html');
  const leaky = runPage(fullRun).replace('<h1>', `${LIES.slice(0, 3).join('')}<h1>`);
  const guarded = await open({ headers, body: leaky });
  t.regex(guarded.dom, /<script>/, 'the page holds it');
  t.is(titleOf(guarded.dom), `Run ${fullRun.runId}`);
  t.deepEqual(guarded.asked, ['/run']);
  const bare = await open({ headers: { 'content-type': 'text/html; charset=utf-8' }, body: leaky });
  t.is(titleOf(bare.dom), 'pwned', 'and without the policy it would have run');
});
