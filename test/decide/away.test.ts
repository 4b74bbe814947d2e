/** A VM that was away: what was seen in its guest before is no proof, also where nobody told that it came back. */
import test from 'ava';
import { decide } from '../../shared/decide/decide.ts';
import { succeed } from '../../shared/decide/endings.ts';
import { knowledgeOf } from '../../shared/decide/knowledge.ts';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { VmRow } from '../../shared/model/rows.ts';
import type { Power } from '../../shared/model/topology.ts';
import {
  accepted,
  ago,
  commanded,
  looked,
  NOW,
  outcome,
  pass,
  run,
  seen,
  shows,
  surveyOf,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { shownOf } from '../helpers/shown.ts';
import { articleWorld, SETTINGS, vmId } from '../helpers/world.ts';

const HS_A = idKey(vmId('hs-a')) as IdKey;
const self = { '10.0.1.100': { kind: 'self' as const, at: ago(60) } };
const worldWhere = (power: Power) => {
  const world = articleWorld();
  const topology = world.topology.bind(world);
  world.topology = () => {
    const estate = topology();
    for (const one of estate.vms) if (one.id === vmId('hs-a')) one.power = power;
    return estate;
  };
  return world;
};
const rowAfter = (words: Words): VmRow | undefined =>
  decide(seen(words), SETTINGS).writes.flatMap((write) => (write.table === 'vms' ? [write.row] : []))[0];

for (const [power, isAway] of [
  ['stopping', true],
  ['stopped', true],
  ['deallocating', true],
  ['deallocated', true],
  ['starting', true],
  ['running', false],
  ['unknown', false],
] as const) {
  test(`a VM seen ${power}: ${isAway ? 'noted' : 'not noted'}`, (t) => {
    const words = { world: worldWhere(power), runs: [run('s1 sweep')], vms: [vm('hs-a', { look: looked('hs-a') })] };
    t.is(rowAfter(words)?.awayAt, isAway ? NOW : undefined);
  });
}

test('noted once: a VM that stays off has its row left alone', (t) => {
  const off = { world: worldWhere('deallocated'), runs: [run('s1 sweep')] };
  t.is(rowAfter({ ...off, vms: [vm('hs-a', { look: looked('hs-a'), awayAt: ago(30) })] }), undefined);
  t.is(rowAfter({ ...off, vms: [vm('hs-a')] }), undefined, 'nothing was seen that could be believed');
});

test('an agent that is not ready is noted too', (t) => {
  const words: Words = {
    runs: [run('s1 sweep')],
    outcomes: [outcome('s1 hs-a 7')],
    vms: [commanded('hs-a intended apply 7', {}, { look: looked('hs-a') })],
    looks: { 'hs-a': shows(undefined, { status: 'Not Ready' }) },
  };
  t.is(rowAfter(words)?.awayAt, NOW);
});

test('back without an event: the next sweep looks, and until then nothing is claimed', (t) => {
  const words = {
    runs: [accepted('s1 sweep hs-a')],
    vms: [vm('hs-a', { look: looked('hs-a'), proofs: self, awayAt: ago(30) })],
  };
  t.true(shownOf(decide(seen(words), SETTINGS)).some((line) => line.startsWith('outcome s1 hs-a commanded')));
  const at = pass(words);
  const known = knowledgeOf(at, surveyOf(articleWorld())).get(HS_A);
  t.deepEqual([known?.look, known?.proofs], [undefined, {}]);
  t.deepEqual(
    at.evaluation.pathsOfVm.get(HS_A)?.map(({ verdict, proof }) => [verdict, proof.kind]),
    [
      ['unknown', 'none'],
      ['unknown', 'none'],
    ],
  );
});

test('a proof from before it was away is not carried over by a look that finds nothing changed', (t) => {
  for (const [awayAt, kind] of [
    [ago(90), 'self'],
    [ago(30), 'remote'],
  ] as const) {
    const at = pass({ vms: [commanded('hs-a sent check 7', {}, { look: looked('hs-a'), proofs: self, awayAt })] });
    const row = at.vms.get(HS_A);
    if (!row?.command) throw new Error('no command');
    succeed(at, { vm: row, command: row.command }, looked('hs-a', { mode: 'check' }).report);
    t.is(row.proofs['10.0.1.100']?.kind, kind);
    t.is(row.look?.at, NOW);
  }
});
