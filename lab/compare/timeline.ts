/** Plays the timeline on one strategy: clients connect while a mirror moves there and back, and the members drift. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import { NICS } from '../guests.ts';
import { connections } from '../harm.ts';
import { type ClientConnect, type ClientOrder, monotonicMs } from './client.ts';
import { MEMBERS, type Member, MIRRORS, type Mirror, OUTSIDE } from './estate.ts';
import { type ClientKind, judge, type Reign, type Stream } from './measure.ts';
import { drift, type Strategy, type StrategyId, type StrategyOptions } from './strategies.ts';

/** Seconds after the begin. UCR moves from vm-a to vm-b, and back; then everything that a strategy put there may be lost. */
export interface Timeline extends StrategyOptions {
  away: number;
  back: number;
  drift: number;
  end: number;
  everyMs: number;
  timeoutMs: number;
  /** The load balancer's probes: the timeline begins in the middle between two of them. */
  probeSeconds: number;
}

/** Azure's shortest probe, 5 s, and two answers; the redirect's agent as its users run it. */
export const TIMELINE: Timeline = {
  away: 5,
  back: 30,
  drift: 55,
  end: 65,
  everyMs: 20,
  timeoutMs: 500,
  probeSeconds: 5,
  agentSeconds: 2,
};

/** What a strategy came to. */
export interface Played {
  id: StrategyId;
  title: string;
  streams: Stream[];
  /** Of harm.ts: on the primary's VM, and on the other. */
  connections: Record<'local' | 'remote', Record<string, string>>;
}

interface PlannedStream {
  kind: ClientKind;
  vm: string;
  mirror: Mirror;
  source?: string;
}

const STREAMS: PlannedStream[] = [
  ...MEMBERS.flatMap((vm): PlannedStream[] => [
    { kind: 'unbound', vm, mirror: 'UCR' },
    { kind: 'unbound', vm, mirror: 'PI' },
    { kind: 'backend', vm, mirror: 'UCR', source: NICS[vm].backend.ip },
    { kind: 'via', vm, mirror: 'UCR', source: NICS[vm].via.ip },
  ]),
  { kind: 'outside', vm: OUTSIDE, mirror: 'UCR' },
  { kind: 'outside', vm: OUTSIDE, mirror: 'PI' },
];

const CLIENT = join(import.meta.dirname, 'client.ts');

/** Plays it on guests that have just been reset or started: `probedAt` is when that was, by {@link monotonicMs}. */
export async function play(lab: GuestLab, probedAt: number, strategy: Strategy, timeline: Timeline): Promise<Played> {
  await Promise.all(MEMBERS.map((vm) => strategy.setUp(lab, vm, timeline)));
  const local = await connections(lab, 'vm-a', 'vm-b');
  const remote = await connections(lab, 'vm-b', 'vm-a');

  // A second for the clients to start; then halfway between two probes.
  const round = timeline.probeSeconds * 1000;
  const beginMs = probedAt + (Math.ceil((monotonicMs() + 1000 - probedAt) / round) + 0.5) * round;
  const reigns: Record<Mirror, Reign[]> = { UCR: [{ from: 0, vm: 'vm-a' }], PI: [{ from: 0, vm: 'vm-a' }] };
  const at = (seconds: number) => sleep(beginMs + seconds * 1000 - monotonicMs());
  const done: (Promise<void> | undefined)[] = [];
  const move = async (vm: Member) => {
    await lab.setPrimary('UCR', vm);
    reigns.UCR.push({ from: monotonicMs() - beginMs, vm });
    done.push(strategy.moved?.(lab, vm));
  };
  const [samples] = await Promise.all([
    Promise.all([...MEMBERS, OUTSIDE].map((vm) => runClients(lab, vm, beginMs, timeline))),
    (async () => {
      await at(timeline.away);
      await move('vm-b');
      await at(timeline.back);
      await move('vm-a');
      await at(timeline.drift);
      await Promise.all(MEMBERS.map((vm) => drift(lab, vm)));
      await Promise.all(done);
    })(),
  ]);
  const streams = samples.flat().map(({ kind, vm, mirror, connects }) => ({
    kind,
    vm,
    mirror,
    samples: connects.map(([at, answer]) => judge(at, answer, mirror, reigns[mirror])),
  }));
  return { id: strategy.id, title: strategy.title, streams, connections: { local, remote } };
}

async function runClients(lab: GuestLab, vm: string, beginMs: number, timeline: Timeline) {
  const planned = STREAMS.filter((stream) => stream.vm === vm);
  const order: ClientOrder = {
    streams: planned.map(({ mirror, source }) => {
      const { vip: address, port } = MIRRORS[mirror];
      return { address, port, ...(source !== undefined && { source }) };
    }),
    everyMs: timeline.everyMs,
    timeoutMs: timeline.timeoutMs,
    beginMs,
    endMs: beginMs + timeline.end * 1000,
  };
  const { exitCode, stdout, stderr } = await lab.exec(vm, [process.execPath, CLIENT, JSON.stringify(order)]);
  assert.equal(exitCode, 0, stderr);
  const connects = JSON.parse(stdout) as ClientConnect[][];
  return planned.map((stream, index) => ({ ...stream, connects: connects[index] ?? [] }));
}
