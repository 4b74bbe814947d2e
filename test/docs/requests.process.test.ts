/** The requests that README and docs/operations.md show, run by bash and curl against the built app in the local host. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { type App, LONG_MS, startApp } from '../functions/app.ts';
import { readDocument } from '../helpers/markdown.ts';
import { testNeeding } from '../needs.ts';

const NEEDS = ['bash', 'curl'] as const;
const LOCAL = 'http://127.0.0.1:7071';
let app: App | undefined;

test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(3 * LONG_MS));

const started = async (): Promise<App> => {
  app ??= await startApp();
  return app;
};

/** The shell block of a document that holds a text. */
function blockOf(file: string, holds: string): string {
  const block = readDocument(file).blocks.find(
    ({ language, text: code }) => language === 'bash' && code.includes(holds),
  );
  if (!block) throw new Error(`${file} has lost its block with ${holds}`);
  return block.text;
}

/** Runs shell text as it stands in a document, at the app's own address; each `curl` tells its status on a line. */
async function run(code: string, address: string): Promise<{ status: number | null; printed: string; errors: string }> {
  const shell = spawn('bash', [
    '-euc',
    `curl() { command curl -sS -w '\\n%{http_code}\\n' "$@"; }\n${code.replaceAll(LOCAL, address)}`,
  ]);
  const [printed, errors, status] = await Promise.all([
    text(shell.stdout),
    text(shell.stderr),
    new Promise<number | null>((resolve) => shell.on('close', resolve)),
  ]);
  return { status, printed, errors };
}

const statuses = (printed: string): string[] => printed.match(/^\d{3}$/gm) ?? [];

testNeeding([...NEEDS])('README: a dry run and the list', async (t) => {
  const { host } = await started();
  const { status, printed, errors } = await run(blockOf('README.md', 'dryRun'), host.url);
  t.is(status, 0, errors);
  t.deepEqual(statuses(printed), ['202', '200'], printed);
  t.true(printed.includes('"runId"'));
});

testNeeding([...NEEDS])('docs/operations.md: each request by hand', async (t) => {
  const { host, ended } = await started();
  const code = blockOf('docs/operations.md', 'RUN_ID/retry');
  const [first = '', ...others] = code.split(/^(?=curl )/m).slice(1);
  const head = code.slice(0, code.indexOf('curl '));
  const begun = await run(head + first, host.url);
  t.deepEqual(statuses(begun.printed), ['202'], begun.printed + begun.errors);
  const runId = /"runId":"(\w{32})"/.exec(begun.printed)?.[1] ?? t.fail(begun.printed);
  await ended(String(runId), LONG_MS);
  const { status, printed, errors } = await run((head + others.join('')).replaceAll('RUN_ID', String(runId)), host.url);
  t.is(status, 0, errors);
  // The run, its page, the list, a retry of a run in which all went well, health.
  t.deepEqual(statuses(printed), ['200', '200', '200', '409', '200'], printed);
  t.true(printed.includes('RUN_NOT_FAILED'));
});

testNeeding([...NEEDS])('the runbook’s requests that are refused are refused as it says', async (t) => {
  const { host } = await started();
  for (const [page, code] of [
    ['INPUT_INVALID', '400'],
    ['TYPE_NOT_JSON', '415'],
  ] as const) {
    const { printed } = await run(blockOf(`docs/runbook/${page}.md`, 'curl'), host.url);
    t.deepEqual(statuses(printed), [code], printed);
    t.true(printed.includes(`"code":"${page}"`), printed);
  }
});
