import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { laterBash } from '../laterBash.ts';
import { testNeeding } from '../needs.ts';

const SCRIPT = fileURLToPath(new URL('../../mirror/tell-failover.sh', import.meta.url));
const text = readFileSync(SCRIPT, 'utf8');

testNeeding(['shellcheck'])('shellcheck has nothing to say about the notifier', (t) => {
  const { stdout, status } = spawnSync('shellcheck', ['--severity=style', SCRIPT], { encoding: 'utf8' });
  t.is(stdout, '');
  t.is(status, 0);
});

test('the notifier holds nothing that bash 4.4 lacks', (t) => {
  t.deepEqual(laterBash(text), []);
});

test('its path is its own, nothing is asked of a shell, and no environment but that of curl says where to', (t) => {
  t.deepEqual(text.match(/^.*\bPATH=.*$/gm), [
    'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
  t.notRegex(text, /(?:^|[;&|({]|\bthen|\bdo) *(?:eval|source|\.|bash|sh|jq|python3?|perl|awk|sed) /m);
  t.notRegex(text, /HAIRPIN_/);
});

test('it can be started', (t) => {
  if (process.platform !== 'win32') t.is(statSync(SCRIPT).mode & 0o111, 0o111);
  t.regex(text, /^#!\/bin\/bash -p\n/);
});
