import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { PlanError } from '../../shared/errors.ts';
import { commandIdIn, renderScript } from '../../shared/guest/render.ts';
import { COMMAND_ID, commandOf, frontendOf, TEXT_FIELDS, validCommands, withField } from './commands.ts';

const guard = readFileSync(new URL('../../shared/guest/linux/guard.sh', import.meta.url), 'utf8');

/** The lines of a rendered script that the file does not have. */
function renderedPart(script: string): string[] {
  const own = new Set(guard.split('\n'));
  return script.split('\n').filter((line) => !own.has(line));
}

test('the command id is the second line and can be read back', (t) => {
  const script = renderScript('linux', commandOf());
  t.is(script.split('\n')[0], '#!/bin/bash');
  t.is(script.split('\n')[1], `# ilb-hairpin-guard command ${COMMAND_ID}`);
  t.is(commandIdIn(script), COMMAND_ID);
  t.is(commandIdIn(script.replaceAll('\n', '\r\n')), COMMAND_ID);
  t.is(commandIdIn('echo somebody else’s'), undefined);
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

test('equal commands give equal scripts, and all but the plan is the file', (t) => {
  t.is(renderScript('linux', commandOf()), renderScript('linux', structuredClone(commandOf())));
  const tail = '# --- end of plan ---';
  t.is(renderScript('linux', commandOf()).split(tail)[1], guard.split(tail)[1]);
});

test('whatever the command, the rendered part holds the schema’s characters alone', (t) => {
  fc.assert(
    fc.property(validCommands, (command) => {
      for (const line of renderedPart(renderScript('linux', command))) {
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
