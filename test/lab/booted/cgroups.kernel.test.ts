/** Control groups of guests: each lab clears away its own, and those of labs whose process is gone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { clearGroups, groupsOf, labOf, makeGroups, processesOf } from '../../../lab/booted/cgroups.ts';
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

/** Makes and removes groups within a folder as fast as it can. */
const COME_AND_GO = `
  import { mkdirSync, rmdirSync } from 'node:fs';
  const folder = process.argv[1];
  for (let n = 0; n < 4000; n += 1) {
    mkdirSync(folder + '/slice');
    mkdirSync(folder + '/slice/service');
    rmdirSync(folder + '/slice/service');
    rmdirSync(folder + '/slice');
  }`;

testNeeding(BOOTED)('a guest’s groups may go while they are read', async (t) => {
  const [folder = ''] = makeGroups(OTHERS, 'nm');
  const child = spawn(process.execPath, ['--input-type=module', '-e', COME_AND_GO, folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let reads = 0;
  const ended = once(child, 'exit');
  while (child.exitCode === null) {
    t.deepEqual(processesOf(OTHERS), []);
    reads += 1;
    // Lets the end of the other process be heard.
    await setImmediate();
  }
  t.deepEqual(await ended, [0, null]);
  t.log(`${reads} reads`);
});
