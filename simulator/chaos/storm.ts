/** What goes on in a data centre on its worst day, drawn from a seed. */
import { setTimeout as delay } from 'node:timers/promises';
import { resourceEvent } from '../arm/events.ts';
import type { Fault } from '../arm/faults.ts';
import { vmId } from '../estate/ids.ts';
import { seededRandom } from '../eventgrid/random.ts';
import type { Cloud } from './cloud.ts';

export interface Storm {
  /** Runs that were promised by a 202. */
  promised: Set<string>;
  /** Loops that were killed. */
  crashes: number;
}

/** Lets it happen for so many minutes. */
export async function storm(cloud: Cloud, { minutes, seed }: { minutes: number; seed: number }): Promise<Storm> {
  const random = seededRandom(seed);
  const roll: Dice = (sides) => Math.floor(random() * sides);
  const promised = new Set<string>();
  const end = Date.now() + minutes * 60_000;
  let nextCrash = Date.now() + 10_000;
  let crashes = 0;
  cloud.eventGrid.disturb({ duplicates: 0.3, holdBackMs: 3000, lostAnswers: 0.05 });
  while (Date.now() < end) {
    for (const runId of await happen(cloud, roll)) promised.add(runId);
    if (Date.now() > nextCrash) {
      await cloud.crashLoop();
      crashes += 1;
      nextCrash = Date.now() + 10_000 + roll(20_000);
    }
    await delay(50 + roll(300));
  }
  cloud.arm.clearFaults();
  for (const vm of cloud.estate.vms) cloud.lab.behave(vm.name, 'works');
  return { promised, crashes };
}

type Dice = (sides: number) => number;

/** One thing that goes on in a data centre. Returns the ids of runs that were promised by a 202. */
async function happen(cloud: Cloud, roll: Dice): Promise<string[]> {
  const { estate, lab } = cloud;
  const vm = estate.vms[roll(estate.vms.length)]?.name ?? '';
  const mirror = estate.mirrors[roll(estate.mirrors.length)];
  const kind = roll(100);
  if (kind < 25 && mirror) {
    const to = mirror.members.find((member) => member !== lab.primaryOf(mirror.name)) ?? vm;
    await lab.setPrimary(mirror.name, to);
    await cloud.announce(mirror.name, to);
  } else if (kind < 30 && mirror) {
    await cloud.announce(mirror.name, mirror.members[0] ?? vm); // a notice that may be wrong
  } else if (kind < 60) {
    lab.drift(vm);
    const operationName = 'Microsoft.Compute/virtualMachines/write';
    const { subscriptionId } = estate;
    cloud.feed(resourceEvent({ operationName, resourceId: vmId(estate, vm), subscriptionId }));
  } else if (kind < 75) {
    const mode = ['check', 'apply', 'apply', 'remove'][roll(4)];
    const body = JSON.stringify({ scope: vmId(estate, vm), mode });
    const headers = { 'content-type': 'application/json' };
    const url = `${cloud.host('startRun').url}/api/runs`;
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    if (answer?.status === 202) return [((await answer.json()) as { runId: string }).runId];
  } else if (kind < 77) {
    await cloud.host('complianceSweep').runFunction('complianceSweep');
  } else if (kind < 85) {
    lab.behave(vm, (['silent', 'broken', 'hangs', 'works'] as const)[roll(4)] ?? 'works');
  } else if (kind < 88) {
    const free = cloud.arm.occupy(vm);
    setTimeout(free, 1000 + roll(10_000)).unref();
  } else {
    cloud.arm.fault(FAULTS[roll(FAULTS.length)] as Fault);
  }
  return [];
}

const FAULTS: Fault[] = [
  { times: 3, kind: { status: 503 } },
  { times: 2, kind: { status: 500 } },
  { times: 2, kind: { status: 429, retryAfterSeconds: 5 } },
  { times: 2, kind: { drop: 'before' } },
  { times: 2, kind: { drop: 'after' } },
  { times: 5, kind: { slowMs: 1500 } },
  { match: { call: 'putRunCommand' }, times: 2, kind: { drop: 'after' } },
  { match: { call: 'putRunCommand' }, kind: { status: 409, code: 'Conflict' } },
  { match: { call: 'ruleHealth' }, times: 2, kind: { health: 'never-finishes' } },
  { match: { call: 'listNics' }, kind: { paging: 'gone' } },
  { kind: { output: 'cut' } },
  { kind: { output: 'empty' } },
  { kind: { output: 'other-run' } },
  { kind: { staleMs: 4000 } },
];
