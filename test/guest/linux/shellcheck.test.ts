import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { renderScript } from '../../../shared/guest/render.ts';
import { laterBash } from '../../laterBash.ts';
import { testNeeding } from '../../needs.ts';
import { commandOf, frontendsOf } from '../commands.ts';

const script = renderScript('linux', commandOf({ plan: { frontends: frontendsOf(3) } }));

testNeeding(['shellcheck'])('shellcheck has nothing to say about the script as it is sent', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'guard-'));
  try {
    writeFileSync(join(folder, 'guard.sh'), script);
    const { stdout, status } = spawnSync('shellcheck', ['--severity=style', join(folder, 'guard.sh')], {
      encoding: 'utf8',
    });
    t.is(stdout, '');
    t.is(status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('all parts are in their places', (t) => {
  t.notRegex(script, /^\. /m);
  for (const name of ['look', 'change_state', 'connect_all', 'report_line'])
    t.true(script.includes(`\n${name}() {`), name);
});

test('no seam of a simulator is in it, and the path is its own', (t) => {
  t.notRegex(script, /HAIRPIN_/);
  t.deepEqual(script.match(/^.*\bPATH=.*$/gm), [
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
});

test('nothing that bash 4.4 lacks', (t) => {
  t.deepEqual(laterBash(script), []);
});

test('the lint would find what it looks for', (t) => {
  const samples = [
    'now=$EPOCHREALTIME',
    `echo "$\{name@U}"`,
    'wait -p pid',
    "printf '%Q' x",
    'local -I x',
    `x=$\{ ls; }`,
    'shopt -s patsub_replacement',
    'read -E x',
    'ulimit -R 3',
    'cat <<<"$x"',
  ];
  for (const sample of samples) t.is(laterBash(sample).length, 1, sample);
});

/** All that is ever asked of a firewall: none of it changes one, and iptables is asked for tables that exist alone. */
const READING = [
  'type -P iptables >',
  'ask iptables -V ',
  'type -P nft >',
  'ask nft -s -t list ruleset ',
  'ask nft list ruleset',
  'ask iptables-save',
  'ask "$tool-save" -t "$table"',
];

/** A firewall's program where a command stands. */
const COMMAND =
  /(?:^|[;&|({!]|\b(?:if|then|else|do|exec|ask|lines_of|timeout \d+)) *"?\$?\{?(?:nft|iptables\S*|firewall-cmd|ebtables|ipset|tool)"?\}?\S* +[^=)|]/;

test('firewalls are read and never changed', (t) => {
  for (const one of READING) t.true(script.includes(one), one);
  const rest = READING.reduce((text, one) => text.replaceAll(one, ''), script).split('\n');
  t.deepEqual(
    rest.map((line) => line.replace(/(?:^|\s)#.*$/, '').trim()).filter((line) => COMMAND.test(line)),
    [],
  );
  for (const one of [
    'nft add table ip x',
    'lines_of timeout 4 nft flush ruleset',
    'x && iptables -F',
    '"$tool-restore" <x',
    'if firewall-cmd --reload; then',
  ])
    t.regex(one, COMMAND);
});

test('nothing but bash, iproute2, coreutils and systemd is run, and what reads firewalls where it is', (t) => {
  t.notRegex(
    READING.reduce((text, one) => text.replaceAll(one, ''), script).replaceAll(/(?:^|\s)#.*$/gm, ''),
    /\b(?:awk|sed|grep|python3?|perl|jq|flock|sysctl|curl|pgrep|pkill|hostname|which)\b/,
  );
});
