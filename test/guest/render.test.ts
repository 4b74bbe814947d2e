import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { PlanError } from '../../shared/errors.ts';
import { renderLinux } from '../../shared/guest/linux/render.ts';
import { renderScript } from '../../shared/guest/render.ts';
import { MARKER } from '../../shared/guest/wire.ts';
import { commandIdIn } from '../../shared/model/commandId.ts';
import { COMMAND_ID, commandOf, frontendOf, TEXT_FIELDS, validCommands, withField } from './commands.ts';

const [BEGIN, END] = ['# --- plan ---\n', '# --- end of plan ---\n'];

/** A script taken apart: its second line with the plan, and all the rest. */
function apart(script: string): { rendered: string[]; rest: string } {
  const [first = '', second = ''] = script.split('\n');
  const [before = '', after = ''] = script.split(BEGIN);
  const [plan = '', rest = ''] = after.split(END);
  return {
    rendered: [second, ...plan.trimEnd().split('\n')],
    rest: [first, before.slice(`${first}\n${second}\n`.length), rest].join('\n'),
  };
}

test('the command id is the second line and can be read back', (t) => {
  const script = renderScript('linux', commandOf());
  t.is(script.split('\n')[0], '#!/bin/bash -p');
  t.is(script.split('\n')[1], `# ilb-hairpin-guard command ${COMMAND_ID}`);
  t.is(commandIdIn(script), COMMAND_ID);
});

test('the plan stands in the script as assignments', (t) => {
  const { port: _, ...silent } = frontendOf({ vip: '10.0.1.101' });
  const script = renderScript('linux', commandOf({ plan: { frontends: [frontendOf(), silent] } }));
  for (const line of [
    `COMMAND_ID=${COMMAND_ID}`,
    'MODE=apply',
    'CONNECT_SECONDS=3',
    'TOTAL_SECONDS=60',
    'VIP=(10.0.1.100 10.0.1.101)',
    'PORT=(1972 0)',
    'BACKEND_IP=(10.0.1.10 10.0.1.10)',
    'VIA_MAC=(00:0d:3a:00:00:02 00:0d:3a:00:00:02)',
  ]) {
    t.true(script.includes(`\n${line}\n`), line);
  }
});

test('equal commands give equal scripts, and all but the plan is the same in every script', (t) => {
  t.is(renderScript('linux', commandOf()), renderScript('linux', structuredClone(commandOf())));
  const { rest } = apart(renderScript('linux', commandOf()));
  fc.assert(fc.property(validCommands, (command) => void t.is(apart(renderScript('linux', command)).rest, rest)));
});

test('both scripts begin their report’s line with the marker that is looked for', (t) => {
  t.regex(renderScript('linux', commandOf()), new RegExp(`printf '${MARKER} %s \\{`));
  t.regex(renderScript('windows', commandOf()), new RegExp(`return "${MARKER} \\$CommandId `));
});

test('the script is the file’s text with its parts', (t) => {
  const { rest } = apart(renderScript('linux', commandOf()));
  const folder = new URL('../../shared/guest/linux/', import.meta.url);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.sh') && file !== 'guard.sh')) {
    t.true(rest.includes(readFileSync(new URL(name, folder), 'utf8').trimEnd()), name);
  }
});

test('whatever the command, the rendered part holds the schema’s characters alone', (t) => {
  fc.assert(
    fc.property(validCommands, (command) => {
      for (const line of apart(renderScript('linux', command)).rendered) {
        t.regex(line, /^(?:# ilb-hairpin-guard command [0-9a-f]{32}|[A-Z_]+=(?:[a-z0-9]*|\([0-9a-f.: ]*\)))$/);
      }
    }),
  );
});

test('a command with a shell character in it is never rendered', (t) => {
  for (const path of TEXT_FIELDS) {
    for (const value of ['$(reboot)', '`id`', "10.0.1.100'; id #", '10.0.1.100\nid', '10.0.1.100 10.0.1.101']) {
      t.throws(() => renderScript('linux', withField(commandOf(), path, value) as never), { instanceOf: PlanError });
    }
  }
});

test('the script fits Run Command with the largest plan', (t) => {
  const frontends = Array.from({ length: 64 }, (_, index) => frontendOf({ vip: `172.16.200.${index + 100}` }));
  // 256 KiB is the handler's limit for a script.
  t.true(Buffer.byteLength(renderScript('linux', commandOf({ plan: { frontends } }))) < 256 * 1024);
});

test('a network of containers is for Linux: the Windows script is not made with one', (t) => {
  const command = commandOf({ plan: { containers: '172.17.0.0/16', frontends: [frontendOf()] } });
  t.true(renderScript('linux', command).includes('\nCONTAINERS=172.17.0.0/16\n'));
  t.true(renderScript('linux', commandOf()).includes('\nCONTAINERS=\n'));
  const error = t.throws(() => renderScript('windows', command), { instanceOf: PlanError });
  t.regex(error?.message ?? '', /served on Linux alone/);
});

test('a Linux script without its marks is refused by its name', (t) => {
  t.throws(() => renderLinux('#!/bin/bash\n', commandOf()), { message: /^guard\.sh has lost the marks/ });
});

test('several backends, networks and what is left as it is stand in the script as assignments', (t) => {
  const backends = [
    { ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' },
    { ip: '10.0.1.15', mac: '00:0d:3a:00:00:0b' },
  ];
  const frontends = [frontendOf(), frontendOf({ vip: '10.0.1.101', backends, kept: true })];
  const script = renderScript('linux', commandOf({ plan: { frontends }, networks: ['20.1.0.0/16', '21.0.0.0/8'] }));
  for (const line of [
    'NETWORKS=(20.1.0.0/16 21.0.0.0/8)',
    'BACKEND_IP=(10.0.1.10 10.0.1.10,10.0.1.15)',
    'BACKEND_MAC=(00:0d:3a:00:00:01 00:0d:3a:00:00:01,00:0d:3a:00:00:0b)',
    'VIA_IP=(10.0.1.11 10.0.1.11)',
    'KEPT=([1]=kept)',
  ]) {
    t.true(script.includes(`\n${line}\n`), line);
  }
  const bare = renderScript('linux', commandOf());
  t.true(bare.includes('\nNETWORKS=()\n'));
  t.true(bare.includes('\nKEPT=()\n'));
});
