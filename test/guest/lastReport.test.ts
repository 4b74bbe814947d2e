import test from 'ava';
import { hearLast } from '../../shared/guest/lastReport.ts';
import { renderScript } from '../../shared/guest/render.ts';
import { MARKER } from '../../shared/guest/wire.ts';
import type { GuestCommand, GuestOs } from '../../shared/model/guest.ts';
import type { LastCommand } from '../../shared/model/ports.ts';
import { COMMAND_ID, commandOf, frontendOf, frontendsOf } from './commands.ts';

const output = (os: GuestOs, mode: string, id = COMMAND_ID): string =>
  `${MARKER} ${id} ${JSON.stringify({ v: 1, os, mode, chg: 0, p: ['0;;=;o2;=;r;'], w: [] })}\n`;

const last = (os: GuestOs, command: GuestCommand, fields: Partial<LastCommand> = {}): LastCommand => ({
  script: renderScript(os, command),
  state: 'Succeeded',
  output: output(os, command.mode),
  ...fields,
});

for (const os of ['linux', 'windows'] as const) {
  test(`${os}: a report under the same plan is heard, whatever its limits were`, (t) => {
    const command = commandOf({ mode: 'check', limits: { connectSeconds: 7, totalSeconds: 300 } });
    const heard = hearLast(last(os, command), os, command.plan);
    t.like(heard, { report: { os, mode: 'check', paths: [{ vip: '10.0.1.100', proof: 'remote' }] } });
    const windowsLines = last(os, command, { script: renderScript(os, command).replaceAll('\n', '\r\n') });
    t.true(typeof hearLast(windowsLines, os, command.plan) === 'object', 'Azure may hold CRLF');
  });

  test(`${os}: another address, MAC, port, order or network of containers is another plan`, (t) => {
    const { plan } = commandOf();
    for (const other of [
      frontendOf({ vip: '10.0.1.99' }),
      frontendOf({ port: 1973 }),
      frontendOf({ via: { ip: '10.0.1.12', mac: '00:0d:3a:00:00:02' } }),
      frontendOf({ via: { ip: '10.0.1.11', mac: '00:0d:3a:00:00:08' } }),
      frontendOf({ backends: [{ ip: '10.0.1.9', mac: '00:0d:3a:00:00:01' }] }),
    ]) {
      t.is(hearLast(last(os, commandOf({ plan: { frontends: [other] } })), os, plan), 'other-plan');
    }
    t.is(
      hearLast(last(os, commandOf()), os, { frontends: [...plan.frontends, frontendOf({ vip: '10.0.1.101' })] }),
      'other-plan',
    );
  });
}

test('a removal is what it is; a command without a usable report is none', (t) => {
  const command = commandOf();
  t.is(hearLast(last('linux', commandOf({ mode: 'remove' })), 'linux', command.plan), 'removed');
  for (const [state, text] of [
    ['Running', ''],
    ['Failed', 'bash: not found'],
    ['Succeeded', output('linux', 'apply', 'f'.repeat(32))],
    ['Succeeded', output('linux', 'check')],
  ] as const) {
    t.is(hearLast(last('linux', command, { state, output: text }), 'linux', command.plan), 'no-report', text);
  }
});

test('a script that is not this program’s, or of a plan too large to be sent', (t) => {
  const { plan } = commandOf();
  t.is(hearLast({ script: 'echo hi', state: 'Succeeded', output: '' }, 'linux', plan), 'no-report');
  t.is(hearLast(last('linux', commandOf()), 'linux', { frontends: frontendsOf(65) }), 'other-plan');
});
