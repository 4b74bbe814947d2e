/** Several at work at once: another agent, a second run, the watcher's own changes. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuestMode } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { type GuardRun, guard, LOSE_RULES, PI, planOf, put, RULES_OF_A, shell, UCR, until } from '../guests.ts';
import { freshLab, leaveStanding } from '../labs.ts';
import { prove, recover, stateOf } from './recover.ts';
import {
  appliedGuest,
  articleLab,
  COUNTED,
  looks,
  startService,
  stopService,
  VM,
  watchLog,
  withService,
} from './watcher.ts';

const LOSE_ALL = `ip route flush table all proto 201; ${LOSE_RULES}`;
/** The same as one change, however busy the machine is. */
const LOSE_ALL_AT_ONCE = `{ echo route flush table all proto 201; for _ in {1..7}; do echo rule del protocol 201; done; } | ip -force -batch - 2>/dev/null || true
[[ $(ip rule) != *'proto 201'* ]]`;

/** Waits until the watcher has looked and then not for 4 s; how often it did since the count that is given. */
async function looksSince(lab: KernelLab, before: number): Promise<number> {
  await until('the watcher to look', async () => (await looks(lab)) > before);
  for (let last = before, now = await looks(lab); ; last = now, now = await looks(lab)) {
    if (now === last) return now - before;
    await sleep(4000);
  }
}

/** A run waits for another one for 10 s, and then is sent again: on a busy machine each takes its time. */
async function notBusy(lab: KernelLab, mode: GuestMode): Promise<GuardRun> {
  for (;;) {
    const run = await guard(lab, VM, mode, planOf(VM));
    if (run.report.errorCode !== 'BUSY') return run;
  }
}

const noLoop: LabCase['run'] = () =>
  withService(async (lab) => {
    const before = await looks(lab);
    await shell(lab, VM, LOSE_ALL_AT_ONCE);
    const count = await looksSince(lab, before);
    assert(count >= 2 && count <= 4, `${count} looks after one change`);
    return { ok: true, detail: `all of ours lost: ${count} looks, then none in 4 s; ${await prove(lab)}` };
  }, COUNTED);

const flood: LabCase['run'] = () =>
  withService(async (lab) => {
    const before = await looks(lab);
    await shell(
      lab,
      VM,
      'for i in {1..250}; do echo "route add 10.7.$i.0/24 dev eth1"; done | ip -batch -; ip route flush root 10.7.0.0/16',
    );
    const count = await looksSince(lab, before);
    assert(count >= 1 && count <= 3, `${count} looks`);
    return { ok: true, detail: `500 events, looks: ${count}; ${await prove(lab)}` };
  }, COUNTED);

/** Somebody changes a thousand routes a second: the watcher gathers for a second at most, and then looks. */
const storm: LabCase['run'] = () =>
  withService(
    async (lab) => {
      await shell(
        lab,
        VM,
        `storm() { for i in {1..50}; do echo "route $1 10.7.$i.0/24 dev eth0"; done | ip -batch -; sleep 0.05; }
        (while :; do storm add; storm del; done) >/dev/null 2>&1 & echo $! >/tmp/storm.pid; sleep 1`,
      );
      const before = await looks(lab);
      const began = Date.now();
      await shell(lab, VM, `ip route del ${UCR} table 7201`);
      const back = async () => (await stateOf(lab)).includes(`${UCR} via`);
      const recoveredMs = await until('the deleted route, in the storm', back);
      await sleep(1500);
      const perSecond = ((await looks(lab)) - before) / ((Date.now() - began) / 1000);
      await shell(lab, VM, 'kill $(</tmp/storm.pid)');
      assert(perSecond < 6, `${perSecond} looks a second`);
      await shell(
        lab,
        VM,
        'for i in {1..50}; do echo "route del 10.7.$i.0/24 dev eth0"; done | ip -force -batch - 2>/dev/null || true',
      );
      const detail = `a deleted route is back meanwhile; ${perSecond.toFixed(1)} looks a second; ${await prove(lab)}`;
      return { ok: true, recoveredMs: Math.round(recoveredMs), detail };
    },
    { ...COUNTED, ends: true },
  );

/** What happens before its ip monitor listens, as on a busy machine that boots: it is not the backstop that finds it. */
const lateMonitor: LabCase['run'] = async () => {
  const lab = await appliedGuest();
  const real = (await shell(lab, VM, 'type -P ip')).trim();
  await put(
    lab,
    VM,
    '/usr/local/sbin/ip',
    `#!/bin/bash\n[[ " $* " != *" monitor "* ]] || sleep 0.4\nexec ${real} "$@"\n`,
  );
  await startService(lab);
  const recovered = await recover(lab, [`ip route del ${UCR} table 7201`]);
  await stopService(lab);
  return { ok: true, ...recovered };
};

/** Somebody undoes a rule each 0.1 s, until the pauses are 4 s long; a quiet minute is 10 s and the poll a second here. */
const fight: LabCase['run'] = () =>
  withService(
    async (lab) => {
      await shell(
        lab,
        VM,
        `(while :; do ip rule del ${RULES_OF_A.unbound} || true; sleep 0.1; done) >/dev/null 2>&1 & echo $! >/tmp/foe.pid`,
      );
      const slowed = async () => (await watchLog(lab)).includes('another agent works against this. Next look in 4 s');
      const seconds = ((await until('the watcher to say that it slows down', slowed)) / 1000).toFixed(1);
      const said = await watchLog(lab);
      const heals = said.split('changed: rule add pref 32763 not from 0.0.0.0/32').length - 1;
      assert(heals >= 7 && heals <= 9, said);
      const { report } = await guard(lab, VM, 'check', planOf(VM));
      assert(report.warnings.includes('another-agent'));
      const began = Date.now();
      await shell(lab, VM, 'kill $(</tmp/foe.pid)');
      await until('the rule that was undone', async () => (await shell(lab, VM, 'ip rule')).includes('32763:'));
      const recoveredMs = Date.now() - began;
      await until('the watcher to be quiet again', async () => (await watchLog(lab)).includes('quiet again'));
      const detail = `put right ${heals} times in ${seconds} s, then ever more slowly, and said so; measured from the other's end; ${await prove(lab)}`;
      return { ok: true, recoveredMs, detail };
    },
    { altered: 's/^WATCH_QUIET_SECONDS=60/WATCH_QUIET_SECONDS=10/; s/^WATCH_POLL_SECONDS=30/WATCH_POLL_SECONDS=1/' },
  );

const commandAndWatcher: LabCase['run'] = () =>
  withService(async (lab) => {
    let longest = 0;
    for (const pause of [0, 0.1, 0.25, 0.4]) {
      const apply = async () => {
        await sleep(pause * 1000);
        return notBusy(lab, 'apply');
      };
      let applied: ReturnType<typeof apply> | undefined;
      const { recoveredMs } = await recover(lab, [
        async () => {
          await shell(lab, VM, LOSE_ALL);
          applied = apply();
        },
      ]);
      longest = Math.max(longest, recoveredMs);
      const run = await applied;
      assert.deepEqual([run?.exitCode, run?.report.errorCode], [0, undefined], run?.stderr);
    }
    return { ok: true, recoveredMs: longest, detail: `four times, the longest; ${await prove(lab)}` };
  });

const twoApplies: LabCase['run'] = async () => {
  const lab = await appliedGuest();
  const right = await stateOf(lab);
  await shell(lab, VM, LOSE_ALL);
  const began = Date.now();
  const runs = await Promise.all([1, 2, 3].map(() => notBusy(lab, 'apply')));
  const recoveredMs = Date.now() - began;
  for (const { exitCode, report, stderr } of runs)
    assert.deepEqual([exitCode, report.errorCode], [0, undefined], stderr);
  const changes = runs.map(({ report }) => report.changed).sort((a, b) => a - b);
  assert.deepEqual(changes.slice(0, 2), [0, 0], 'one run changes, the others find it done');
  assert.equal(await stateOf(lab), right);
  const detail = `three at once, one after another: ${changes.join(', ')} changes; ${await prove(lab)}`;
  leaveStanding(lab);
  return { ok: true, recoveredMs, detail };
};

const applyAndRemove: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const asBooted = await stateOf(lab);
  const ends = { applied: 0, removed: 0 };
  for (let turn = 0; turn < 4; turn += 1) {
    const modes = turn % 2 === 0 ? (['apply', 'remove'] as const) : (['remove', 'apply'] as const);
    const runs = await Promise.all(
      modes.map(async (mode, index) => {
        await sleep(index * 50);
        return notBusy(lab, mode);
      }),
    );
    for (const { report } of runs) assert.equal(report.errorCode, undefined);
    const removed = (await stateOf(lab)) === asBooted;
    if (!removed) await prove(lab);
    ends[removed ? 'removed' : 'applied'] += 1;
  }
  await guard(lab, VM, 'apply', planOf(VM));
  const detail = `four times: ${ends.applied} ended whole, ${ends.removed} as booted; ${await prove(lab)}`;
  return { ok: true, detail };
};

const newPlan: LabCase['run'] = () =>
  withService(
    async (lab) => {
      const before = await looks(lab);
      await guard(lab, VM, 'apply', planOf(VM, [PI]));
      await looksSince(lab, before);
      assert(!(await stateOf(lab)).includes(UCR), 'the watcher held on to the old plan');
      await shell(lab, VM, `ip route del ${PI} table 7201`);
      const began = Date.now();
      await until(`the route to ${PI}`, async () => (await stateOf(lab)).includes(`${PI} via`));
      const recoveredMs = Date.now() - began;
      return { ok: true, recoveredMs, detail: `the smaller plan is kept; ${await prove(lab, planOf(VM, [PI]))}` };
    },
    { ...COUNTED, ends: true },
  );

export const agentCases = (): LabCase[] =>
  (
    [
      ['own changes cause no loop', noLoop],
      ['a flood of events', flood],
      ['a thousand events a second', storm],
      ['a change before its ip monitor listens', lateMonitor],
      ['another agent that undoes a rule all the time', fight],
      ['a command and the watcher at once', commandAndWatcher],
      ['three applies at once', twoApplies],
      ['apply and remove at once', applyAndRemove],
      ['a new plan takes over from the watcher’s old one', newPlan],
    ] as const
  ).map(([name, run]) => ({ name, manager: 'none', run }));
