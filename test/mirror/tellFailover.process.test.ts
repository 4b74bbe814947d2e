/** The notifier for Linux: the very script, by bash and curl, against the simulated metadata service and Event Grid. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { until } from '../../simulator/until.ts';
import { testNeeding } from '../needs.ts';
import { declareCases, startProxy } from './cases.ts';
import { startCertificate, startCloud } from './cloud.ts';
import { type Asked, type Ran, wordsOf } from './run.ts';

const SCRIPT = fileURLToPath(new URL('../../mirror/tell-failover.sh', import.meta.url));
const declare = testNeeding(['bash', 'curl']);
let certificate: Awaited<ReturnType<typeof startCertificate>>;

test.before(async () => {
  certificate = await startCertificate();
});
test.after.always(() => certificate?.remove());

const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Started with no more environment than it needs; the simulated cloud's authority is trusted by curl's own variable. */
const start = (asked: Asked, env: Record<string, string> = {}) =>
  spawn(SCRIPT, wordsOf(asked, flag), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { CURL_CA_BUNDLE: certificate.caFile, ...env },
  });

const notifier = (asked: Asked, env: Record<string, string> = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = start(asked, env);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? -1, output }));
  });

declareCases({ notifier, certificate: () => certificate, declare });

declare('the metadata service is never asked through a proxy', async (t) => {
  const proxy = await startProxy();
  t.teardown(proxy.close);
  const it = await startCloud(t, certificate);
  const asked = { topic: it.topic.endpoint, metadata: it.imds.endpoint };
  t.is((await notifier(asked, { http_proxy: proxy.url })).exitCode, 0);
  t.deepEqual(proxy.asked, []);
  // The topic is, where a proxy is meant for it.
  const child = start(asked, { http_proxy: proxy.url, https_proxy: proxy.url });
  t.teardown(() => void child.kill());
  await until('the proxy', () => proxy.asked.length > 0);
  t.is(proxy.asked[0], new URL(it.topic.endpoint).host);
});

declare('no process shows the token while it is sent', async (t) => {
  const it = await startCloud(t, certificate);
  it.eventGrid.failPublishing({ status: 0 });
  const child = start({ topic: it.topic.endpoint, metadata: it.imds.endpoint });
  t.teardown(() => void child.kill());
  await until('the request', () => it.eventGrid.requests.length > 0);
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return ''; // gone, or another user's
    }
  };
  // All of its processes at one moment, curl among them: on a busy machine one curl may have given up already.
  const shown = await until('curl', () => {
    const own = readdirSync('/proc').filter((pid) => read(pid, 'cmdline').includes(it.topic.endpoint));
    const withCurl = own.some((pid) => read(pid, 'comm').trim() === 'curl');
    return withCurl && own.map((pid) => read(pid, 'cmdline') + read(pid, 'environ'));
  });
  for (const text of shown) t.notRegex(text, /Bearer|eyJ/);
});

declare('a topic whose certificate nobody signed is not sent a token', async (t) => {
  const it = await startCloud(t, certificate);
  const ran = await notifier({ topic: it.topic.endpoint, metadata: it.imds.endpoint }, { CURL_CA_BUNDLE: '' });
  t.is(ran.exitCode, 4, ran.output);
  t.regex(ran.output, /certificate/i);
  t.deepEqual(it.eventGrid.requests, []);
});

declare('options without a value, unknown ones, and help', async (t) => {
  const ran = (more: string[]) => notifier({ more });
  t.is((await ran(['--topic'])).exitCode, 2);
  t.regex((await ran(['--topc', 'x'])).output, /--topc/);
  const help = await ran(['--help']);
  t.is(help.exitCode, 0);
  for (const option of ['--topic', '--client-id', '--vip', '--mirror', '--seconds', '--log', '--test'])
    t.true(help.output.includes(option), option);
});
