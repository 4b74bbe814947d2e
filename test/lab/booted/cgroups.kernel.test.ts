/** Control groups of guests: each lab clears away its own, and those of labs whose process is gone. */
import { existsSync } from 'node:fs';
import test from 'ava';
import { clearGroups, groupsOf, labOf, makeGroups } from '../../../lab/booted/cgroups.ts';
import { BOOTED, testNeeding } from '../../needs.ts';

/** Threads that no pool has. */
const [MINE, OTHERS] = [labOf(process.pid, 100_001), labOf(process.pid, 100_002)];
/** A process that no machine has. */
const GONE = labOf(2 ** 30);

test.after.always(() => {
  for (const lab of [MINE, OTHERS]) clearGroups(lab);
});

testNeeding(BOOTED)(
  'labs of two threads: the end of one leaves the guests of the other, and what is left over goes',
  (t) => {
    const others = makeGroups(OTHERS, 'networkd');
    t.true(others.length > 0);
    makeGroups(MINE, 'networkd');
    makeGroups(GONE, 'networkd');
    clearGroups(MINE);
    t.deepEqual(groupsOf(MINE), []);
    t.deepEqual(groupsOf(GONE), []);
    t.true(others.every((folder) => existsSync(`${folder}/cgroup.procs`)));
  },
);
