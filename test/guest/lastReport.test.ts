import test from 'ava';
import { hearLast } from '../../shared/guest/lastReport.ts';
import { renderScript } from '../../shared/guest/render.ts';
import { MARKER } from '../../shared/guest/wire.ts';
import type { GuestCommand, GuestOs } from '../../shared/model/guest.ts';
import type { LastCommand } from '../../shared/model/ports.ts';
import { COMMAND_ID, commandOf, frontendOf } from './commands.ts';

const output = (os: GuestOs, { mode, plan, commandId }: GuestCommand): string =>
  `${MARKER} ${commandId} ${JSON.stringify({ v: 1, os, mode, chg: 0, p: plan.frontends.map((_, index) => `${index};;=;o2;=;r;`), w: [] })}\n`;

const last = (os: GuestOs, command: GuestCommand, fields: Partial<LastCommand> = {}): LastCommand => ({
  script: renderScript(os, command),
  state: 'Succeeded',
  output: output(os, command),
  ...fields,
});

const MORE = [
  frontendOf(),
  frontendOf({
    vip: '10.0.1.101',
    port: 51773,
    backends: [
      { ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' },
      { ip: '10.0.1.15', mac: '00:0d:3a:00:00:01' },
      { ip: '10.0.1.16', mac: '00:0d:3a:00:00:09' },
    ],
  }),
  { vip: '10.0.1.102', backends: frontendOf().backends, via: frontendOf().via },
];

for (const os of ['linux', 'windows'] as const) {
  test(`${os}: plan and report are read back from what Azure holds`, (t) => {
    const command = commandOf({
      mode: 'check',
      plan: { frontends: MORE },
      limits: { connectSeconds: 7, totalSeconds: 300 },
    });
    const heard = hearLast(last(os, command), os);
    t.like(heard, { plan: command.plan, report: { os, mode: 'check' } });
    t.deepEqual(typeof heard === 'object' && heard.plan, command.plan);
    const windowsLines = last(os, command, { script: renderScript(os, command).replaceAll('\n', '\r\n') });
    t.deepEqual(hearLast(windowsLines, os), heard, 'Azure may hold CRLF');
  });

  test(`${os}: what the command left as it is is no part of its plan; public networks are known again`, (t) => {
    const kept = frontendOf({ vip: '10.0.1.109', kept: true });
    const open = frontendOf({ vip: '20.1.0.9' });
    const command = commandOf({
      plan: { frontends: [frontendOf(), kept, open] },
      networks: ['20.1.0.0/16', '21.0.0.0/8'],
    });
    const heard = hearLast(last(os, command), os);
    t.deepEqual(typeof heard === 'object' && heard.plan, { frontends: [frontendOf(), open] });
  });
}

test('the network of containers is a part of the plan', (t) => {
  const command = commandOf({ plan: { containers: '172.17.0.0/16', frontends: [frontendOf()] } });
  const heard = hearLast(last('linux', command), 'linux');
  t.deepEqual(typeof heard === 'object' && heard.plan, command.plan);
});

test('a removal is what it is; a command without a usable report has none', (t) => {
  const command = commandOf();
  t.is(hearLast(last('linux', commandOf({ mode: 'remove' })), 'linux'), 'removed');
  for (const [state, text] of [
    ['Running', ''],
    ['Failed', 'bash: not found'],
    ['Succeeded', output('linux', commandOf({ commandId: 'f'.repeat(32) }))],
    ['Succeeded', output('linux', commandOf({ mode: 'check' }))],
  ] as const) {
    t.is(hearLast(last('linux', command, { state, output: text }), 'linux'), 'no-report', text);
  }
});

test('a script that is not this program’s, of another system, or with a plan that could not be sent', (t) => {
  t.is(hearLast({ script: 'echo hi', state: 'Succeeded', output: '' }, 'linux'), 'no-report');
  t.is(hearLast(last('linux', commandOf()), 'windows'), 'no-report');
  const script = renderScript('linux', commandOf());
  for (const [from, to] of [
    ['VIP=(10.0.1.100)', 'VIP=(10.0.1.100 $(reboot))'],
    ['VIP=(10.0.1.100)', 'VIP=()'],
    ['PORT=(1972)', 'PORT=(x)'],
    ['VIA_MAC=(00:0d:3a:00:00:02)', 'VIA_MAC=()'],
    ['# --- end of plan ---', ''],
    [`command ${COMMAND_ID}`, 'command'],
  ] as const) {
    t.true(script.includes(from), from);
    const spoilt = last('linux', commandOf(), { script: script.replaceAll(from, to) });
    t.is(hearLast(spoilt, 'linux'), 'no-report', `${from} -> ${to}`);
  }
});

test('a script whose id or mode is missing has no report, though the other is there', (t) => {
  for (const os of ['linux', 'windows'] as const) {
    const script = renderScript(os, commandOf());
    for (const line of [/^# ilb-hairpin-guard command .*\n/m, os === 'linux' ? /^MODE=.*\n/m : /^\$Mode = .*\n/m]) {
      t.regex(script, line);
      t.is(hearLast(last(os, commandOf(), { script: script.replace(line, '') }), os), 'no-report', String(line));
    }
  }
});

test('windows: a plan that could not be sent, and one that is not written as this program does', (t) => {
  const command = commandOf({ plan: { frontends: MORE }, networks: ['20.1.0.0/16'] });
  const script = renderScript('windows', command);
  const heard = hearLast(last('windows', command), 'windows');
  t.deepEqual(typeof heard === 'object' && heard.plan, command.plan);
  for (const [from, to] of [
    ["    '10.0.1.101 51773", "  '10.0.1.101 51773"],
    ["    '10.0.1.101 51773", "    x '10.0.1.101 51773"],
    ["    '10.0.1.100 1972 10.0.1.10 00-0D-3A-00-00-01 10.0.1.11 00-0D-3A-00-00-02'", "    '10.0.1.100 1972'"],
    ["    '10.0.1.100 1972 10.0.1.10 00-0D-3A-00-00-01 10.0.1.11 00-0D-3A-00-00-02'", "    '10.0.1.100'"],
    ["    '10.0.1.100 1972", "    ' 1972"],
    ["00-0D-3A-00-00-02'\n)", "00-0D-3A-00-00-02' # more\n)"],
    ["    '10.0.1.100 1972 10.0.1.10 00-0D", "    '10.0.1.100 1972 10.0.1.10 0x-0D"],
    ['00-0D-3A-00-00-01,00-0D-3A-00-00-01,00-0D-3A-00-00-09', '00-0D-3A-00-00-01,00-0D-3A-00-00-01'],
    ["$Networks = @('20.1.0.0/16')", "$Networks = @('')"],
    ["$Networks = @('20.1.0.0/16')", "$Networks = @('20.1.0.0')"],
  ] as const) {
    t.true(script.includes(from), from);
    const spoilt = last('windows', command, { script: script.replace(from, to) });
    t.is(hearLast(spoilt, 'windows'), 'no-report', `${from} -> ${to}`);
  }
});

test('public addresses need the networks that the script names', (t) => {
  const command = commandOf({ plan: { frontends: [frontendOf({ vip: '20.1.0.9' })] }, networks: ['20.1.0.0/16'] });
  for (const os of ['linux', 'windows'] as const) {
    const script = renderScript(os, command);
    t.is(typeof hearLast(last(os, command), os), 'object');
    const without = script.replace(/^(NETWORKS=|\$Networks = @).*$/m, '$1()');
    t.not(without, script);
    t.is(hearLast(last(os, command, { script: without }), os), 'no-report');
    const unnamed = script.replace(/^(NETWORKS=|\$Networks = @).*\n/m, '');
    t.is(hearLast(last(os, command, { script: unnamed }), os), 'no-report');
  }
});

test('linux: backend addresses and MACs that do not fit one another, and a field that is missing', (t) => {
  const command = commandOf({ plan: { frontends: MORE } });
  const script = renderScript('linux', command);
  for (const [from, to] of [
    ['00:0d:3a:00:00:01,00:0d:3a:00:00:01,00:0d:3a:00:00:09', '00:0d:3a:00:00:01,00:0d:3a:00:00:01'],
    ...['PORT', 'BACKEND_IP', 'BACKEND_MAC', 'VIA_IP', 'VIA_MAC', 'VIP'].map((name) => [
      `\n${name}=(`,
      `\nX_${name}=(`,
    ]),
  ] as [string, string][]) {
    t.true(script.includes(from), from);
    t.is(hearLast(last('linux', command, { script: script.replace(from, to) }), 'linux'), 'no-report', to);
  }
});
