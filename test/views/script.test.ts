import test from 'ava';
import { renderScript } from '../../shared/guest/render.ts';
import { commandIdOf } from '../../shared/model/commandId.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { type ScriptView, scriptFor } from '../../shared/views/script.ts';
import { estate, ilb, look, mirror, observedOf, pair, SCOPE, vm, vmId } from '../helpers/estate.ts';

function made(topology: Topology, name: string): ScriptView {
  const view = ask(topology, name);
  if ('refused' in view) throw new Error(view.refused.join());
  return view;
}

const ask = (topology: Topology, name: string) => scriptFor(observedOf(topology), SCOPE, idKey(vmId(name)));

test('it is the script that the app would send, as apply', (t) => {
  const plan = look(mirror()).plan('a');
  if (!plan) throw new Error('no plan');
  const command = {
    commandId: commandIdOf(idKey(vmId('a')), 0),
    mode: 'apply' as const,
    plan,
    limits: { connectSeconds: 3, totalSeconds: 300 },
  };
  const { script, os, vips, leftOut } = made(mirror(), 'a');
  t.is(script, renderScript('linux', command));
  t.deepEqual([os, vips, leftOut], ['linux', ['10.0.1.100'], []]);
});

test('what it leaves out is said; a VM that a person must help first has none', (t) => {
  const topology = estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1']), ilb('all', '10.0.1.101', ['a1', 'a2']));
  const { vips, leftOut } = made(topology, 'a');
  t.deepEqual(vips, ['10.0.1.100']);
  t.deepEqual(
    leftOut.map(({ vip }) => vip),
    ['10.0.1.101'],
  );
  t.regex(leftOut[0]?.text ?? '', /is itself in the backend pool/);
  const alone = estate(vm('a', { a1: '10.0.1.10' }), ilb('ucr', '10.0.1.100', ['a1']));
  const refused = ask(alone, 'a');
  t.regex('refused' in refused ? refused.refused.join() : '', /^The VM has no NIC outside/);
});

test('Windows: the first command that undoes it makes the script of a removal', (t) => {
  const topology = mirror();
  for (const one of topology.vms) one.os = 'windows';
  const { script, undo, file } = made(topology, 'a');
  t.is(file, 'ilb-hairpin-guard-a.ps1');
  const [, from = '', to = ''] = /\.Replace\('(.*?)', '(.*?)'\) \|/.exec(undo[0].replaceAll("''", '"')) ?? [];
  const [mode, other] = [from, to].map((text) => text.replaceAll('"', "'"));
  t.is(script.split(mode ?? '').length, 2, 'there is one such line');
  t.is(
    script.replace(mode ?? '', () => other ?? ''),
    script.replace("$Mode = 'apply'", () => "$Mode = 'remove'"),
  );
  t.true(script.includes("$Mode = 'apply'"));
});

test('a name makes no other file name than a plain one', (t) => {
  const topology = mirror();
  const [a] = topology.vms;
  const odd = vmId('a').replace(/a$/, 'ä (1)');
  if (a) a.id = odd;
  for (const nic of topology.nics) if (nic.vmId === vmId('a')) nic.vmId = odd;
  const view = scriptFor(observedOf(topology, { subscriptions: [] }), SCOPE, idKey(odd));
  t.regex('file' in view ? view.file : '', /^ilb-hairpin-guard-/);
  t.regex('file' in view ? view.file : '', /^[\w.-]+$/);
});
