/** Rows of every older version, read as this program knows them. */
import test from 'ava';
import { ROW_VERSION, upgraded } from '../../shared/state/upgrades.ts';

test('a lease of version 1 says that old runs are due', (t) => {
  const row = { subscriptionId: 's', holder: '', until: 0, again: false, bellAt: 0, healthAsks: [] };
  t.deepEqual(upgraded('leases', 1, row), { ...row, tidyAt: 0 });
});

test('a command of version 2 that could not be sent has all its time from now on', (t) => {
  const command = { seq: 1, phase: 'intended', deadline: 5, plan: { frontends: [] } };
  const row = { vmId: 'v', command: { ...command, heldUp: true } };
  for (const version of [1, 2]) t.deepEqual(upgraded('vms', version, row), { vmId: 'v', command });
});

test('a plan of version 3 has one backend address in each frontend', (t) => {
  const backend = { ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' };
  const via = { ip: '10.0.1.11', mac: '00:0d:3a:00:00:02' };
  const old = { frontends: [{ vip: '10.0.1.100', port: 1972, backend, via }] };
  const plan = { frontends: [{ vip: '10.0.1.100', port: 1972, backends: [backend], via }] };
  const command = { seq: 1, phase: 'sent', deadline: 5 };
  for (const version of [1, 2, 3]) {
    const vm = upgraded('vms', version, { vmId: 'v', command: { ...command, plan: old } });
    t.deepEqual(vm, { vmId: 'v', command: { ...command, plan } });
    const outcome = upgraded('outcomes', version, { vmId: 'v', planned: { os: 'linux', plan: old } });
    t.deepEqual(outcome, { vmId: 'v', planned: { os: 'linux', plan } });
  }
});

test('what did not change is as it was, and so is a row of this version', (t) => {
  const row = { any: 'row' };
  for (const kind of ['runs', 'outcomes', 'vms', 'frontends'] as const) t.is(upgraded(kind, 1, row), row);
  t.is(upgraded('leases', ROW_VERSION, row), row);
});
