import test from 'ava';
import { renderScript } from '../../../../shared/guest/render.ts';
import { fitScript, OWN_FUNCTIONS } from '../../../../simulator/guests/model/fit.ts';
import { commandOf } from '../../../guest/commands.ts';

test('paths of the guest’s own lead into its folder, others do not', (t) => {
  const fitted = (script: string) => fitScript(script, '/g');
  t.is(fitted('readonly FOLDER=/run/guard'), 'readonly FOLDER=/g/run/guard');
  t.is(fitted('cat "/etc/x" >/usr/local/sbin/y; ls /run'), 'cat "/g/etc/x" >/g/usr/local/sbin/y; ls /g/run');
  t.is(fitted('cat /var/lib/x /tmp/y'), 'cat /g/var/lib/x /g/tmp/y');
  for (const other of ['/usr/bin/env', '/var/run/x', '$FOLDER/run', '/proc/self/fd', '/runs/x', '/etcetera', '}/etc'])
    t.is(fitted(other), other);
});

test('EUID becomes a variable that says 0 in the guest', (t) => {
  t.is(fitScript('((EUID == 0)) && echo $EUID MY_EUID', '/g'), '((HAIRPIN_EUID == 0)) && echo $HAIRPIN_EUID MY_EUID');
});

test('what the guest script asks of the machine’s own network is left to the model, and nothing else', (t) => {
  const script = renderScript('linux', commandOf());
  const fitted = fitScript(script, '/g');
  for (const [name, body] of Object.entries(OWN_FUNCTIONS)) {
    t.is(script.split(`\n${name}() {`).length, 2, name);
    t.true(fitted.includes(`\n${name}() {\n${body}\n}\n`), name);
  }
  t.notRegex(fitted, /\/dev\/tcp/);
  t.true(fitted.endsWith('\nmain "$@"\n'));
  t.is(fitScript('other() {\n  x\n}\n', '/g'), 'other() {\n  x\n}\n');
});
