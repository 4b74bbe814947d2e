import test from 'ava';
import { checkCommand } from '../../../shared/guest/plan.ts';
import { renderWindows } from '../../../shared/guest/windows/render.ts';
import { commandIdIn } from '../../../shared/model/commandId.ts';
import { command, frontend, SCRIPT } from './harness.ts';

test('the command id is in the second line, where it is looked for', (t) => {
  const asked = command('apply');
  const text = renderWindows(SCRIPT, asked);
  t.is(text.split('\n')[1], `# ilb-hairpin-guard command ${asked.commandId}`);
  t.is(commandIdIn(text), asked.commandId);
});

test('the plan stands as assignments, MACs as Windows writes them, no port as 0', (t) => {
  const { port: _, ...bare } = frontend(101);
  const asked = command('check', [frontend(100), bare]);
  const text = renderWindows(SCRIPT, asked);
  t.true(text.includes("$Mode = 'check'\n$ConnectSeconds = 3\n$TotalSeconds = 60\n"));
  t.true(
    text.includes(`$Plan = @(
    '10.0.1.100 1972 10.0.1.10 00-0D-3A-00-00-01 10.0.1.11 00-0D-3A-00-00-02'
    '10.0.1.101 0 10.0.1.10 00-0D-3A-00-00-01 10.0.1.11 00-0D-3A-00-00-02'
)
# --- end of plan ---`),
  );
});

test('an empty plan renders as an empty list', (t) => {
  t.true(renderWindows(SCRIPT, command('remove', [])).includes('$Plan = @()\n# --- end of plan ---'));
});

test('an equal command gives an equal text; another id another text', (t) => {
  const asked = command('apply');
  t.is(renderWindows(SCRIPT, asked), renderWindows(SCRIPT, checkCommand(structuredClone(asked))));
  t.not(renderWindows(SCRIPT, asked), renderWindows(SCRIPT, command('apply')));
});

test('the script outside the plan is sent as it is', (t) => {
  const text = renderWindows(SCRIPT, command('apply'));
  const after = SCRIPT.slice(SCRIPT.indexOf('# --- end of plan ---'));
  t.true(text.endsWith(after));
  t.true(Buffer.byteLength(text) < 64_000);
});

test('public networks, several backends and what is left as it is', (t) => {
  const backends = [
    { ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' },
    { ip: '10.0.1.15', mac: '00:0d:3a:00:00:0b' },
  ];
  const asked = command('apply', [frontend(100, { backends, kept: true }), frontend(101)]);
  const text = renderWindows(SCRIPT, { ...asked, networks: ['20.1.0.0/16', '21.0.0.0/8'] });
  t.true(text.includes("\n$Networks = @('20.1.0.0/16', '21.0.0.0/8')\n"));
  t.true(
    text.includes(
      "\n    '10.0.1.100 1972 10.0.1.10,10.0.1.15 00-0D-3A-00-00-01,00-0D-3A-00-00-0B 10.0.1.11 00-0D-3A-00-00-02 kept'\n    '10.0.1.101 ",
    ),
  );
  t.true(renderWindows(SCRIPT, asked).includes('\n$Networks = @()\n'));
  t.true(renderWindows(SCRIPT, asked).includes(`\n$CommandId = '${asked.commandId}'\n`));
});

test('a script without its marks is refused', (t) => {
  t.throws(() => renderWindows('', command('apply')), { message: /^guard\.ps1 has lost the marks/ });
  t.throws(() => renderWindows('# first\nexit 0\n', command('apply')), { message: /lost the marks/ });
  t.throws(() => renderWindows(SCRIPT.replace('# --- end of plan ---\n', ''), command('apply')), { message: /marks/ });
});
