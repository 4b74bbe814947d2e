/**
 * What a guest bears, in the kernel lab: how long apply, check and remove take with 1 VIP, with 8 and with the most that a
 * plan may have; and of the installed watcher what it holds in memory, what it costs at rest, at work and while somebody
 * else changes a thousand routes a second, and how soon it heals.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { guard, planOf, shell, until } from '../lab/guests.ts';
import { MAX_FRONTENDS } from '../shared/model/guest.ts';
import { manyFrontends, vipsOf } from '../simulator/estate/twoVms.ts';
import { startKernelLab } from '../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../simulator/guests/lab.ts';
import { type BenchRow, median, row } from './rows.ts';

/** Not the primary's VM: no connect there waits for its time limit, before the fix or after. */
const VM = 'vm-b';
const INSTALLED = '/usr/local/sbin/ilb-hairpin-guard';
const REST_SECONDS = 60;
const ROUNDS = 10;
/** The watcher takes more than six in a minute for another agent's work, and slows down. */
const HEALS = 5;
const vips = vipsOf(MAX_FRONTENDS);

/** Changes of other people's routes for so long, and how many in a second. */
const FLOOD_SECONDS = 10;
const FLOOD_RATE = 1000;

/** Measures; needs what a kernel lab needs. Some four minutes. */
export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const lab = await startKernelLab({ estate: manyFrontends(MAX_FRONTENDS) });
  try {
    for (const list of [vips.slice(0, 1), vips.slice(0, 8), vips]) {
      const name = list.length === 1 ? '1 VIP' : `${list.length} VIPs`;
      const compared = `a Linux guest in network namespaces of this machine’s kernel, its plan with ${name}`;
      const add: Add = (what, value, unit) => rows.push(row(`${name}: ${what}`, value, unit, undefined, { compared }));
      await commands(lab, list, add);
      // The watcher with the least and the most that it may have to keep.
      if (list.length !== 8) {
        await rest(lab, add);
        await flood(lab, add);
        await work(lab, list, add);
      }
      await lab.reset();
    }
  } finally {
    await lab.stop();
  }
  return rows;
}

type Add = (what: string, value: number, unit: string) => void;

/** Each mode of the script, and leaves it applied. */
async function commands(lab: GuestLab, list: string[], add: Add): Promise<void> {
  const took: Record<string, number[]> = {};
  for (const [what, mode] of [
    ['apply, with connects before and after', 'apply'],
    ['check, with connects', 'check'],
    ['remove', 'remove'],
    ['apply, with connects before and after', 'apply'],
  ] as const) {
    const { ms, report, stderr } = await guard(lab, VM, mode, planOf(VM, list));
    assert.equal(report.errorCode, undefined, stderr);
    took[what] = [...(took[what] ?? []), ms];
  }
  for (const [what, all] of Object.entries(took)) {
    for (const [i, ms] of all.entries()) add(all.length > 1 ? `${what}, time ${i + 1}` : what, ms / 1000, 's');
  }
}

/** Starts the installed watcher as the service would, and waits for its first look. */
async function startWatcher(lab: GuestLab): Promise<void> {
  await shell(lab, VM, `setsid ${INSTALLED} watch >/tmp/watch.log 2>&1 </dev/null & echo $! >/tmp/watch.pid`);
  const looked = async () => (await shell(lab, VM, 'cat /tmp/watch.log')).includes('found: as planned');
  await until('the watcher’s first look', looked);
  await sleep(2000);
}

/** Sums of all its processes: `pss rss private` in KiB, and `own reaped` in clock ticks of 10 ms. */
const COUNT = `read -r pid </tmp/watch.pid
pids=($pid $(ps -o pid= --ppid $pid))
for it in "\${pids[@]}"; do cat /proc/$it/smaps_rollup; done |
  awk '/^Pss:/ {p += $2} /^Rss:/ {r += $2} /^Private_/ {u += $2} END {print p, r, u}'
for it in "\${pids[@]}"; do cat /proc/$it/stat; done | sed 's/.*) //' | awk '{own += $12 + $13; reaped += $14 + $15} END {print own, reaped}'
echo \${#pids[@]}`;

interface Count {
  pss: number;
  rss: number;
  private: number;
  cpuMs: number;
  processes: number;
}

async function count(lab: GuestLab): Promise<Count> {
  const words = (await shell(lab, VM, COUNT)).split(/\s+/).map(Number);
  const [pss = Number.NaN, rss = Number.NaN, own = Number.NaN, ticks = Number.NaN, reaped = Number.NaN] = words;
  return { pss, rss, private: own, cpuMs: (ticks + reaped) * 10, processes: words[5] ?? Number.NaN };
}

async function rest(lab: GuestLab, add: Add): Promise<void> {
  await startWatcher(lab);
  const before = await count(lab);
  await sleep(REST_SECONDS * 1000);
  const after = await count(lab);
  for (const kind of ['pss', 'private', 'rss'] as const) {
    add(`memory at rest, ${after.processes} processes, ${kind.toUpperCase()}`, after[kind] / 1024, 'MB');
  }
  add('processor time at rest, an hour', perHour(before, after, REST_SECONDS), 's');
}

const perHour = (before: Count, after: Count, seconds: number): number =>
  ((after.cpuMs - before.cpuMs) / 1000) * (3600 / seconds);

/** Somebody adds and deletes routes as fast as a container platform at its worst: a tenth of a second's at a time. */
async function flood(lab: GuestLab, add: Add): Promise<void> {
  const before = await count(lab);
  const pairs = Math.ceil(FLOOD_RATE / 20);
  const took = await shell(
    lab,
    VM,
    `for ((i = 0; i < ${pairs}; i++)); do
      echo "route add 10.7.0.0/16 dev eth1"; echo "route del 10.7.0.0/16 dev eth1"
    done >/tmp/changes
    begin=$(date +%s%N)
    for ((i = 1; i <= ${10 * FLOOD_SECONDS}; i++)); do
      ip -batch /tmp/changes
      rest=$(((begin + i * 100000000 - $(date +%s%N)) / 1000000))
      if ((rest > 0)); then sleep "$(printf '0.%03d' "$rest")"; fi
    done
    echo $((($(date +%s%N) - begin) / 1000000))`,
  );
  const after = await count(lab);
  const seconds = Number(took) / 1000;
  add('changes of other routes in a second', (2 * pairs * 10 * FLOOD_SECONDS) / seconds, 'changes');
  add('processor time under them, an hour', perHour(before, after, seconds), 's');
  add('memory under them, PSS', after.pss / 1024, 'MB');
}

/** Routes that are none of its business make it look; one of its own makes it heal. */
async function work(lab: GuestLab, list: string[], add: Add): Promise<void> {
  const before = await count(lab);
  for (let round = 0; round < ROUNDS; round += 1) {
    await shell(lab, VM, 'ip route add 10.7.0.0/16 dev eth1; ip route del 10.7.0.0/16 dev eth1');
    await sleep(1200);
  }
  const after = await count(lab);
  add('processor time of a look that finds all in place', (after.cpuMs - before.cpuMs) / ROUNDS, 'ms');

  const healed: number[] = [];
  for (let round = 0; round < HEALS; round += 1) {
    const took = await shell(
      lab,
      VM,
      `begin=$(date +%s%N); ip route del ${list.at(-1)} table 7201
      until [[ -n $(ip route show table 7201 ${list.at(-1)}) ]]; do sleep 0.005; done
      echo $((($(date +%s%N) - begin) / 1000000))`,
    );
    healed.push(Number(took));
    await sleep(1500);
  }
  add('a deleted route is back after, median', median(healed), 'ms');
  add('a deleted route is back after, longest', Math.max(...healed), 'ms');

  await shell(lab, VM, `kill $(</tmp/watch.pid); sleep 0.5`);
  await shell(
    lab,
    VM,
    `sed -i 's/^    heal$/    note "began $(date +%s%N)"; heal; note "ended $(date +%s%N)"/' ${INSTALLED}`,
  );
  await startWatcher(lab);
  for (let round = 0; round < ROUNDS; round += 1) {
    await shell(lab, VM, 'ip route add 10.7.0.0/16 dev eth1; ip route del 10.7.0.0/16 dev eth1');
    await sleep(1200);
  }
  const log = await shell(lab, VM, 'cat /tmp/watch.log');
  const looks = [...log.matchAll(/began (\d+)\n(?:.*\n)*?ended (\d+)/g)].map(([, began, ended]) =>
    Math.round(Number(BigInt(ended ?? 0) - BigInt(began ?? 0)) / 1e6),
  );
  assert(looks.length >= ROUNDS, log);
  add('time of a look, median', median(looks), 'ms');
  add('time of a look, longest', Math.max(...looks), 'ms');
}
