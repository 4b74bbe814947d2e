/** The script for what only a subscription can show: its list is the documents’, and a check fails where it must. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { roleActions } from '../../simulator/arm/appRoles.ts';
import { testNeeding } from '../needs.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'infra', 'prove.sh');
const TEXT = readFileSync(SCRIPT, 'utf8');

testNeeding(['shellcheck'])('shellcheck has nothing to say about it', (t) => {
  t.is(spawnSync('shellcheck', ['--severity=style', SCRIPT], { encoding: 'utf8' }).stdout, '');
});

testNeeding(['bash'])('what it lists is what docs/deploy.md lists, and each has its function', (t) => {
  const { stdout, status } = spawnSync('bash', [SCRIPT, '--list'], { encoding: 'utf8' });
  t.is(status, 0);
  const listed = stdout.trimEnd().split('\n');
  t.true(listed.length > 10);
  const doc = readFileSync(join(ROOT, 'docs', 'deploy.md'), 'utf8');
  const [, table = ''] = /\| check \| \| what it proves \|\n\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(doc) ?? [];
  const told = [...table.matchAll(/^\| `([\w-]+)` \| (reads|changes) \| (.+) \|$/gm)].map(([, ...cells]) =>
    cells.join('\t'),
  );
  t.deepEqual(told, listed);
  const functions = [...TEXT.matchAll(/^check_(\w+)\(\)/gm)].map(([, name]) => name?.replaceAll('_', '-'));
  t.deepEqual(functions.sort(), listed.map((line) => line.split('\t')[0]).sort());
});

testNeeding(['bash'])('README’s list of what is not proved names every check once, and a command in each row', (t) => {
  const names = spawnSync('bash', [SCRIPT, '--list'], { encoding: 'utf8' }).stdout.match(/^[\w-]+/gm) ?? [];
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, table = ''] = /\| what \| check \| the command[^\n]*\n\|[-|]+\n((?:\|.*\n)+)/.exec(readme) ?? [];
  const rows = table
    .trimEnd()
    .split('\n')
    .map((row) => row.split(/\s*\|\s*/).slice(1, -1));
  t.true(rows.length > 15 && rows.every((cells) => cells.length === 3));
  const named = rows.flatMap(([, checks = '']) => [...checks.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name));
  t.deepEqual(named.toSorted(), names.toSorted());
  for (const row of rows) t.regex(row.at(-1) ?? '', /`[^`]+`|\]\(docs\//, row[0]);
});

/** Runs it with an az and a curl that answer as told: by the beginning of their arguments, the first that fits. */
function prove(args: string[], az: Record<string, string>, curl: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'hairpin-prove-'));
  try {
    for (const [tool, answers] of Object.entries({ az, curl })) {
      const cases = Object.entries(answers).map(
        ([words, said]) => `case "$*" in *'${words}'*) printf '%s' '${said.replaceAll("'", "'\\''")}'; exit 0 ;; esac`,
      );
      // As curl does: its configuration is read first. One that ended before would break the writer's pipe.
      const reads = `case "$*" in *'--config -'*) cat >/dev/null ;; esac`;
      const script = `#!/bin/sh\n${reads}\n${cases.join('\n')}\necho "$*" >&2; exit 3\n`;
      writeFileSync(join(folder, tool), script);
      chmodSync(join(folder, tool), 0o755);
    }
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { stdout, stderr, status } = spawnSync('bash', [SCRIPT, ...args], { encoding: 'utf8', env });
    return { lines: stdout.trimEnd().split('\n'), stderr, status };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const needing = testNeeding(['bash', 'jq']);
const actions = [...roleActions('read'), ...roleActions('repair')];
const KEY = { 'functionapp function keys list': 'key', 'resource list': 'func-x' };

needing('actions: all that Azure knows pass, one that it does not know fails and is named', (t) => {
  const good = prove(['--group', 'g', 'actions'], { 'provider operation show': actions.join('\n') }, {});
  t.is(good.lines.at(-1), '1 passed, 0 failed', good.stderr);
  t.is(good.status, 0);
  const bad = prove(['--group', 'g', 'actions'], { 'provider operation show': actions.slice(1).join('\n') }, {});
  t.is(bad.lines.at(-1), '0 passed, 1 failed');
  t.is(bad.status, 1);
  t.true(bad.stderr.includes(actions[0] ?? ''));
});

needing('health: an app that is well passes, one that is impaired or does not answer fails', (t) => {
  const document = (state: string) =>
    JSON.stringify({ state, version: '1.2.3', commit: '0123456789ab', storage: { state: 'ok' } });
  const good = prove(['--group', 'g', 'health'], KEY, { '/api/health': document('ok') });
  t.is(good.lines.at(-1), '1 passed, 0 failed', good.stderr);
  t.true(good.lines.includes('  version 1.2.3, commit 0123456789ab'));
  t.is(prove(['--group', 'g', 'health'], KEY, { '/api/health': document('impaired') }).status, 1);
  t.is(prove(['--group', 'g', 'health'], KEY, {}).status, 1);
});

needing('alerts: all of them on passes, one that is missing fails', (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const answer = (on: string[]) => ({ 'monitor scheduled-query list': `${on.join('\n')}\n` });
  t.is(prove(['--group', 'g', 'alerts'], answer(names), {}).status, 0);
  t.is(prove(['--group', 'g', 'alerts'], answer(names.slice(1)), {}).status, 1);
});

needing('what changes something runs by its name alone, and needs its VM', (t) => {
  const all = prove(['--group', 'g'], {}, {});
  t.is(all.lines.filter((line) => /^(ok|FAILED)/.test(line)).length, (TEXT.match(/\|reads\|/g) ?? []).length);
  const named = prove(['--group', 'g', 'recipe'], KEY, {});
  t.regex(named.stderr, /--vm with the id/);
  t.is(named.status, 1);
  t.is(prove(['--group', 'g', 'nothing'], {}, {}).status, 2);
  t.is(prove(['actions'], {}, {}).status, 2);
});

needing('recipe: a path that is proved passes, one that is blocked fails', (t) => {
  const run = (verdict: string, kind: string) =>
    JSON.stringify({ state: 'settled', vms: [{ paths: [{ verdict, proof: { kind } }] }] });
  const vm = '/subscriptions/0/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/hs-a';
  const answers = (verdict: string, kind: string) => ({
    '--request POST': '{"runId":"r1"}',
    '/api/runs/r1': run(verdict, kind),
  });
  const good = prove(['--group', 'g', '--vm', vm, 'recipe'], KEY, answers('compliant', 'self'));
  t.is(good.status, 0, good.stderr);
  t.is(prove(['--group', 'g', '--vm', vm, 'recipe'], KEY, answers('blocked', 'none')).status, 1);
});

test('it can be started', (t) => {
  t.regex(TEXT, /^#!\/usr\/bin\/env bash\n/);
});
