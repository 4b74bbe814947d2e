import test from 'ava';
import { estate, frontendId, healthOf, ilb, look, pair, vm, vmId } from '../helpers/estate.ts';

const TWO = estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1']), ilb('pix', '10.0.1.101', ['a1', 'b1']));
const colocated = (up: Record<string, string[]>, topology = TWO) =>
  look(topology, { health: healthOf(topology, up) }).evaluation.colocated;

test('both primaries on one VM', (t) => {
  t.deepEqual(colocated({ ucr: ['a1'], pix: ['a1'] }), [
    { vmId: vmId('a'), frontendIds: [frontendId('ucr'), frontendId('pix')] },
  ]);
});

test('each on its own, one unknown, or a pool where everybody serves: none', (t) => {
  t.deepEqual(colocated({ ucr: ['a1'], pix: ['b1'] }), []);
  t.deepEqual(colocated({ ucr: ['a1'] }), []);
  t.deepEqual(colocated({ ucr: ['a1'], pix: ['a1', 'b1'] }), []);
});

test('two VMs with two each, in order of the VM', (t) => {
  const c = vm('c', { c1: '10.0.1.30', c2: '10.0.1.31' });
  const names = ['w', 'x', 'y', 'z'];
  const topology = estate(c, ...pair(), ...names.map((name, i) => ilb(name, `10.0.1.10${i}`, ['a1', 'c1'])));
  const found = colocated({ w: ['c1'], x: ['a1'], y: ['c1'], z: ['a1'] }, topology);
  t.deepEqual(found, [
    { vmId: vmId('a'), frontendIds: [frontendId('x'), frontendId('z')] },
    { vmId: vmId('c'), frontendIds: [frontendId('w'), frontendId('y')] },
  ]);
});
