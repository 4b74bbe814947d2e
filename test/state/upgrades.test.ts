/** Rows of every older version, read as this program knows them. */
import test from 'ava';
import { ROW_VERSION, upgraded } from '../../shared/state/upgrades.ts';

test('a lease of version 1 says that old runs are due', (t) => {
  const row = { subscriptionId: 's', holder: '', until: 0, again: false, bellAt: 0, healthAsks: [] };
  t.deepEqual(upgraded('leases', 1, row), { ...row, tidyAt: 0 });
});

test('a command of version 2 that could not be sent has all its time from now on', (t) => {
  const command = { seq: 1, phase: 'intended', deadline: 5 };
  const row = { vmId: 'v', command: { ...command, heldUp: true } };
  for (const version of [1, 2]) t.deepEqual(upgraded('vms', version, row), { vmId: 'v', command });
});

test('what did not change is as it was, and so is a row of this version', (t) => {
  const row = { any: 'row' };
  for (const kind of ['runs', 'outcomes', 'vms', 'frontends'] as const) t.is(upgraded(kind, 1, row), row);
  t.is(upgraded('leases', ROW_VERSION, row), row);
});
