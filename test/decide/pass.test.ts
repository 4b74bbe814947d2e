/** A pass: what is written in which order, what cannot be used, and what is healthy. */
import test from 'ava';
import { whyUnusable, writesOf } from '../../shared/decide/pass.ts';
import { startPass } from '../../shared/decide/startPass.ts';
import { idKey } from '../../shared/model/ids.ts';
import { accepted, frontend, outcome, run, seen, vm } from '../helpers/seen.ts';
import { shown } from '../helpers/shown.ts';
import { frontendId, SETTINGS, vmId } from '../helpers/world.ts';

test('new runs are written first and known ones last, with what they rest on in between', (t) => {
  const at = startPass(seen({ runs: [run('s1 sweep')], outcomes: [outcome('s1 hs-a')], vms: [vm('hs-a')] }), SETTINGS);
  for (const row of at.runs.all()) row.state = 'settled';
  for (const row of at.outcomes.ofRun('s1')) row.changed = 1;
  for (const row of at.vms.all()) row.slot = 'B';
  for (const row of at.frontends.all()) delete row.healthRuleId;
  at.runs.add(accepted('p1 moved ucr'));
  t.deepEqual(shown(at), [
    'run p1 accepted',
    'frontend ucr 10.0.1.10 not asked',
    'frontend pi 10.0.1.10 not asked',
    'vm hs-a slot B',
    'outcome s1 hs-a waiting',
    'run s1 settled',
  ]);
  t.deepEqual(
    writesOf(at).map(({ table, etag }) => `${table} ${etag === undefined ? 'new' : 'known'}`),
    ['runs new', 'frontends known', 'frontends known', 'vms known', 'outcomes known', 'runs known'],
  );
});

test('a row that cannot be used is told for its own VM or frontend alone', (t) => {
  const at = startPass(seen({ unusable: ['hs-a', 'pi'] }), SETTINGS);
  const code = (id: string) => whyUnusable(at, idKey(id))?.code;
  t.is(code(vmId('hs-a')), 'ROW_UNUSABLE');
  t.is(code(vmId('HS-A')), 'ROW_UNUSABLE');
  t.is(code(vmId('hs-b')), undefined);
  t.is(code(frontendId('pi')), 'ROW_UNUSABLE');
  t.is(code(frontendId('ucr')), undefined);
});

test('VIPs are healthy by evidence: not by a person’s word, nor because nobody answers', (t) => {
  const word = (name: string, reason: string) =>
    frontend(name, { backends: [{ address: '10.0.1.10', up: true, reason }] });
  const vips = (...frontends: ReturnType<typeof frontend>[]) => [
    ...startPass(seen({ frontends }), SETTINGS).healthyVips(),
  ];
  t.deepEqual(vips(frontend('ucr'), frontend('pi')), ['10.0.1.100', '10.0.1.101']);
  t.deepEqual(vips(word('ucr', 'Up_Admin'), word('pi', 'Up_Probe_AllDownIsUp')), []);
  t.deepEqual(vips(frontend('ucr', { backends: [] })), []);
});
