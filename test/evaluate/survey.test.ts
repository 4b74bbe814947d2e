/** What a survey tells by key, besides paths and plans. */
import test from 'ava';
import { survey } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { estate, frontendId, ilb, nicId, nicOf, pair, SCOPE, vmId } from '../helpers/estate.ts';

const two = (members = ['a1'], extra: Partial<Topology> = {}) =>
  estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1']), ilb('pix', '10.0.1.101', members), extra);
const key = (name: string) => idKey(frontendId(name));

test('a frontend that is listed whole, and the VM is no member of it', (t) => {
  const without = (topology: Topology, name: string, vmName: string) =>
    survey(topology, SCOPE).isListedWithout(key(name), idKey(vmId(vmName)));
  t.true(without(two(), 'pix', 'b'));
  t.false(without(two(), 'pix', 'a'));
  t.false(without(two(), 'ucr', 'a'), 'one of several members');
  t.false(without(two(), 'gone', 'b'), 'a frontend that is not listed');
  t.false(without(two(['a1', 'gone']), 'pix', 'b'), 'something of its pools is missing');
});

test('ways by frontend and by VM', (t) => {
  const { waysOfFrontend, waysOfVm } = survey(two(), SCOPE);
  const names = (ways: readonly { vmKey: string; vip: string }[] | undefined) =>
    ways?.map(({ vmKey, vip }) => `${vmKey.split('/').at(-1)} ${vip}`);
  t.deepEqual(names(waysOfFrontend.get(key('ucr'))), ['a 10.0.1.100', 'b 10.0.1.100']);
  t.deepEqual(names(waysOfFrontend.get(key('pix'))), ['a 10.0.1.101']);
  t.deepEqual(names(waysOfVm.get(idKey(vmId('a')))), ['a 10.0.1.100', 'a 10.0.1.101']);
  t.deepEqual(names(waysOfVm.get(idKey(vmId('b')))), ['b 10.0.1.100']);
});

test('the VM that a NIC is on; one on none, and one that is not listed', (t) => {
  const { vmOfNic } = survey(two(['a1'], { nics: [nicOf('free', true, { at: '10.0.1.50' })] }), SCOPE);
  t.is(vmOfNic(idKey(nicId('b2'))), idKey(vmId('b')));
  t.is(vmOfNic(idKey(nicId('free'))), undefined);
  t.is(vmOfNic(idKey(nicId('gone'))), undefined);
});

test('a frontend whose members are all the subscription’s own is shared with no other loop', (t) => {
  t.deepEqual([...survey(two(), SCOPE).shared.keys()], []);
});
