/** Every request that a document shows, run by bash, curl and jq against the built app in the local host. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { vmId } from '../../simulator/estate/ids.ts';
import { type App, LONG_MS, startApp } from '../functions/app.ts';
import { readDocument } from '../helpers/markdown.ts';
import { typedLines } from '../helpers/typedLines.ts';
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

/** Runs the request that starts a run; resolves to the run's id once it has ended. */
async function startedBy(t: ExecutionContext, code: string, address: string, ended: App['ended']): Promise<string> {
  const begun = await run(code, address);
  t.deepEqual(statuses(begun.printed), ['202'], begun.printed + begun.errors);
  const runId = /"runId":"(\w{32})"/.exec(begun.printed)?.[1] ?? '';
  await ended(runId, LONG_MS);
  return runId;
}

const statuses = (printed: string): string[] => printed.match(/^\d{3}$/gm) ?? [];

testNeeding([...NEEDS])('README: a dry run, its script, and the list', async (t) => {
  const { host, ended } = await started();
  const [head = '', first = '', ...others] = blockOf('README.md', 'dryRun').split(/^(?=curl )/m);
  const runId = await startedBy(t, head + first, host.url, ended);
  const { status, printed, errors } = await run((head + others.join('')).replaceAll('RUN_ID', runId), host.url);
  t.is(status, 0, errors);
  t.deepEqual(statuses(printed), ['200', '200', '200'], printed);
  t.true(printed.includes('"script":"#!/bin/bash'));
});

testNeeding([...NEEDS])('docs/operations.md: each request by hand', async (t) => {
  const { host, ended } = await started();
  const code = blockOf('docs/operations.md', 'RUN_ID/retry');
  const [first = '', ...others] = code.split(/^(?=curl )/m).slice(1);
  const head = code.slice(0, code.indexOf('curl '));
  const runId = await startedBy(t, head + first, host.url, ended);
  const { status, printed, errors } = await run((head + others.join('')).replaceAll('RUN_ID', runId), host.url);
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

/** With a key, at an installation’s address. */
const remote = typedLines().filter(({ runner, text: line }) => runner === 'app' && line.includes('https://$app'));
const local = typedLines().filter(({ runner, text: line }) => runner === 'app' && !line.includes('https://$app'));

test('requests without a key are in the documents whose blocks are run above', (t) => {
  const documents = [
    'README.md',
    'docs/operations.md',
    'docs/runbook/INPUT_INVALID.md',
    'docs/runbook/TYPE_NOT_JSON.md',
  ];
  t.deepEqual([...new Set(local.map(({ file }) => file))].sort(), documents);
});

/** What a retry of a run says in which nothing failed. */
const isRefused = (line: string): boolean => line.endsWith('/retry"');

testNeeding([...NEEDS, 'jq'])('every request with a key', async (t) => {
  t.true(remote.length > 20);
  const { host, ended, estate, run: runTo, sweep } = await started();
  await sweep(LONG_MS);
  const vm = vmId(estate, 'hs-a');
  const { runId } = await runTo({ scope: vm, mode: 'check' }, LONG_MS);
  for (const { text: line, where } of remote) {
    const code = line
      .replace(/https:\/\/\$app(\.azurewebsites\.net)?/, host.url)
      .replaceAll('RUN_ID', runId)
      .replaceAll('VM_ID', vm);
    // A status in between would be nothing that jq can read: there `--fail` tells.
    const asked = line.includes('| jq')
      ? await run(`curl() { command curl -sS --fail "$@"; }\nkey=none\n${code}`, host.url)
      : await run(`key=none\n${code}`, host.url);
    t.is(asked.status, 0, `${where}: ${asked.errors}`);
    if (line.includes('| jq')) t.regex(asked.printed, /^(?!null$)[\s\S]*\S/, `${where}: ${asked.printed}`);
    else t.regex(statuses(asked.printed).join(), isRefused(line) ? /^409$/ : /^20[02]$/, `${where}: ${asked.printed}`);
    const begun = /"runId":"(\w{32})","state":"accepted"/.exec(asked.printed)?.[1];
    if (begun !== undefined) await ended(begun, LONG_MS);
  }
});
