/** How long a guest takes until it is whole again, and the packets that show it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedFrontend } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import { connectTo, guard, PATIENCE_MS, PI, planOf, put, shell, snapshot, UCR } from '../guests.ts';
import { VM, watchLog } from './watcher.ts';

/** Rules in order at preference 0, where order matters; all else sorted. */
const STATE = `state() { local rules; rules=$(ip -d -4 rule show); grep '^0:' <<<"$rules"; grep -v '^0:' <<<"$rules" | sort; ip -d -4 route show table all | sort; }`;

export const stateOf = async (lab: KernelLab): Promise<string> => shell(lab, VM, `${STATE}; state`);

export interface Recovered {
  /** From the beginning of the last step until the state was whole and stayed so, and both VIPs could be connected to. */
  recoveredMs: number;
  detail: string;
}

/** Something that happens to the guest: shell text in it, or anything else. */
export type Step = string | ((lab: KernelLab) => Promise<unknown>);

export const take = (lab: KernelLab, step: Step): Promise<unknown> =>
  typeof step === 'string' ? shell(lab, VM, step) : step(lab);

export interface Expected {
  /** The whole state; default: what was there before the first step. */
  right?: string;
  /** A sed expression for a state that rightly differs from the one before, as after a rename. Order then counts for nothing. */
  as?: string;
  /** How long it must stay whole to count. After a NIC of the pool was away, the probes may turn once more. */
  staysMs?: number;
  /** How long to wait for it. */
  limitMs?: number;
}

/**
 * Takes the steps and measures from the beginning of the last one. Throws when the state is not whole and connects do
 * not work within the limit, or are not proved afterwards.
 */
export async function recover(
  lab: KernelLab,
  steps: Step[],
  { right, as, staysMs = 700, limitMs = PATIENCE_MS }: Expected = {},
): Promise<Recovered> {
  const state = as === undefined ? 'state' : 'state | sort';
  const wanted =
    right ?? (await shell(lab, VM, `${STATE}; state | sed '${as ?? ''}'${as === undefined ? '' : ' | sort'}`));
  await put(lab, VM, '/tmp/right', wanted, '600');
  let began = 0;
  for (const step of steps) {
    began = Date.now();
    await take(lab, step);
  }
  const [whole, connected] = await Promise.all([
    wholeAt(lab, state, staysMs, limitMs),
    connectedAt(lab, staysMs, limitMs),
  ]);
  if (whole === undefined || connected === undefined)
    throw new Error(
      `${whole === undefined ? 'not whole' : 'no connects'} within ${limitMs} ms\n${await watchLog(lab)}\n${await snapshot(lab, VM)}`,
    );
  const slower =
    connected > whole + 150 ? `state after ${whole - began} ms, connects after ${connected - began} ms; ` : '';
  return { recoveredMs: Math.max(whole, connected) - began, detail: slower + (await prove(lab)) };
}

/** When the guest's state was right and stayed so, by the clock. */
async function wholeAt(lab: KernelLab, state: string, staysMs: number, limitMs: number): Promise<number | undefined> {
  const said = await shell(
    lab,
    VM,
    `set +e; ${STATE}; right=$(</tmp/right); since=
    end=$(($(date +%s%3N) + ${limitMs}))
    while :; do
      now=$(date +%s%3N)
      if [[ $(${state}) == "$right" ]]; then
        [[ -n $since ]] || since=$now
        ((now - since < ${staysMs})) || break
      else
        since=
        ((now < end)) || break
      fi
      sleep 0.01
    done
    echo "$since"`,
  );
  return said.trim() === '' ? undefined : Number(said);
}

/** When connects to both VIPs worked and went on working, by the clock. */
async function connectedAt(lab: KernelLab, staysMs: number, limitMs: number): Promise<number | undefined> {
  const began = Date.now();
  let since: number | undefined;
  while (since !== undefined || Date.now() - began < limitMs) {
    // Short at first, so that the moment is seen; a busy machine is given more and more time to answer.
    const timeoutMs = Math.max(100, Math.min(3000, (Date.now() - began) / 5));
    const made = await Promise.all([UCR, PI].map((address) => connectTo(lab, VM, address, { timeoutMs })));
    const works = made.every(({ outcome }) => outcome === 'ok');
    since = works ? (since ?? Date.now()) : undefined;
    if (since !== undefined && Date.now() - since >= staysMs) return since;
    await sleep(20);
  }
  return undefined;
}

/**
 * The script finds nothing to do, its connects came back to this guest, and the load balancer saw their packets both
 * ways. Throws otherwise. Returns it as a sentence. Once in thousands of times the counters stood at nothing beside
 * connects that were proved, for a reason that is not known: all of it is then done a second time, and told.
 */
export async function prove(lab: KernelLab, plan = planOf(VM), vm = VM): Promise<string> {
  const first = await measure(lab, plan, vm);
  if (first.unseen === '') return first.told;
  const second = await measure(lab, plan, vm);
  assert.equal(second.unseen, '', `packets that the load balancer did not see, the first time ${first.unseen}`);
  return `${second.told}, at the second look; at the first ${first.unseen}`;
}

/** One check between a reset and a reading of the counters. `unseen`: the VIPs whose packets are not in them. */
async function measure(lab: KernelLab, plan: PlannedFrontend[], vm: string): Promise<{ told: string; unseen: string }> {
  await lab.resetCounters();
  const { report } = await guard(lab, vm, 'check', plan);
  assert.deepEqual(
    report.paths.map((path) => [path.vip, path.before.join(), path.connectBefore.outcome, path.proof]),
    plan.map(({ vip }) => [vip, '', 'ok', 'self']),
  );
  const counters = (await lab.counters()).filter(({ vip }) => plan.some((frontend) => frontend.vip === vip));
  const unseen = counters.filter((it) => it.flows === 0 || it.packetsTo === 0 || it.packetsFrom === 0);
  const sum = (of: 'flows' | 'packetsTo' | 'packetsFrom') => counters.reduce((all, it) => all + it[of], 0);
  return {
    told: `${plan.length} of ${plan.length} VIPs proved self; load balancer: ${sum('flows')} flows, ${sum('packetsTo')} packets there, ${sum('packetsFrom')} back`,
    unseen: unseen
      .map((it) => `${it.vip}: ${it.flows} flows, ${it.packetsTo} there, ${it.packetsFrom} back`)
      .join('; '),
  };
}

/** An application's connects to both VIPs work. */
export async function connects(lab: KernelLab, vm = VM, vips = [UCR, PI]): Promise<void> {
  for (const vip of vips) assert.equal((await connectTo(lab, vm, vip)).outcome, 'ok', `${vm} to ${vip}`);
}
