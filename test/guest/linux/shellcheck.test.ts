import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { renderScript } from '../../../shared/guest/render.ts';
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

/** What bash 4.4 (Red Hat 8, SLES 15) does not know, by what it would print or do. */
const LATER: Record<string, RegExp> = {
  'EPOCHREALTIME, EPOCHSECONDS, BASH_ARGV0 (5.0), SRANDOM (5.1)':
    /\b(?:EPOCHREALTIME|EPOCHSECONDS|BASH_ARGV0|SRANDOM|BASH_MONOSECONDS)\b/,
  '@U @u @L (5.1), @K (5.1), @k (5.2) expansions': /\$\{[A-Za-z_!][^}]*@[UuLKk]\}/,
  'wait -p (5.1), wait -f (5.0)': /\bwait\s+-\w*[pf]/,
  'printf %(...)T without an argument is 4.3, printf %Q is 5.2': /printf\s+(?:-v\s+\S+\s+)?['"][^'"]*%Q/,
  'declare -I, local -I (5.1)': /\b(?:declare|local)\s+-\w*I/,
  '${ command; } and ${| command; } (5.3)': /\$\{[ |]/,
  'shopt of later versions':
    /\b(?:assoc_expand_once|localvar_inherit|localvar_unset|patsub_replacement|varredir_close|globskipdots|noexpand_translation|bash_source_fullpath|array_expand_once)\b/,
  'unset of a negative subscript range, read -E (5.3)': /\bread\s+-\w*E/,
  'mapfile and test are older, ulimit -R is 5.1': /\bulimit\s+-R/,
  'here-documents and here-strings need a temporary file before 5.1': /<<['"$<A-Z]/,
};

for (const [what, pattern] of Object.entries(LATER)) {
  test(`nothing that bash 4.4 lacks: ${what}`, (t) => {
    const found = script.split('\n').filter((line) => !line.trim().startsWith('#') && pattern.test(line));
    t.deepEqual(found, []);
  });
}

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
  for (const [index, pattern] of Object.values(LATER).entries()) t.regex(samples[index] ?? '', pattern);
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
