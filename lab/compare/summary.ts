/** One strategy's row: what its timeline came to. */
import { MEMBERS, type Member, roleOf } from './estate.ts';
import {
  broken,
  type ClientKind,
  type Gap,
  longestGap,
  peersOf,
  type Shares,
  type Stream,
  sharesOf,
  worst,
} from './measure.ts';
import type { StrategyId } from './strategies.ts';
import type { Played, Timeline } from './timeline.ts';

export interface Row {
  id: StrategyId;
  title: string;
  /** Longest gaps of unbound clients on members: the primary leaves their VM, it comes to their VM, and the drift. */
  leaves: Gap;
  comes: Gap;
  drift: Gap;
  unbound: Shares;
  bound: Record<'backend' | 'via', Shares>;
  /** Clients outside the pools: the longest gap of a move, and the shares. */
  outsideGap: Gap;
  outside: Shares;
  /** Connections that worked without any fix: `name: before -> now`, on the primary's VM and on the other. */
  broken: Record<'local' | 'remote', string[]>;
  /** What the server sees as the address of an unbound client on its own VM, and on the other member. */
  seen: Record<'local' | 'remote', string>;
}

/** Sums up. `bare` is the timeline without any fix. */
export function rowOf(played: Played, bare: Played, timeline: Timeline): Row {
  const [away, back, drifted, end] = [timeline.away, timeline.back, timeline.drift, timeline.end].map(
    (it) => it * 1000,
  );
  const of = (kind: ClientKind) => played.streams.filter((stream) => stream.kind === kind);
  const moving = (kind: ClientKind, vm?: string) =>
    of(kind).filter((stream) => stream.mirror === 'UCR' && (vm === undefined || stream.vm === vm));
  const gap = (streams: Stream[], from = 0, to = 0) =>
    worst(streams.map(({ samples }) => longestGap(samples, from, to)));
  return {
    id: played.id,
    title: played.title,
    leaves: worst([gap(moving('unbound', 'vm-a'), away, back), gap(moving('unbound', 'vm-b'), back, drifted)]),
    comes: worst([gap(moving('unbound', 'vm-b'), away, back), gap(moving('unbound', 'vm-a'), back, drifted)]),
    drift: gap(of('unbound'), drifted, end),
    unbound: sharesOf(of('unbound')),
    bound: { backend: sharesOf(of('backend')), via: sharesOf(of('via')) },
    outsideGap: worst([gap(moving('outside'), away, back), gap(moving('outside'), back, drifted)]),
    outside: sharesOf(of('outside')),
    broken: {
      local: broken(bare.connections.local, played.connections.local),
      remote: broken(bare.connections.remote, played.connections.remote),
    },
    seen: seenBy(of('unbound'), timeline),
  };
}

/** Around a move it is not said where the primary is. */
const SETTLED_MS = 500;

/** The roles of client addresses before the drift, while the primary is on the client's VM, and while it is not. */
function seenBy(streams: Stream[], { away, back, drift }: Timeline): Row['seen'] {
  const roles = { local: new Set<string>(), remote: new Set<string>() };
  for (const vm of MEMBERS) {
    for (const stream of streams.filter((it) => it.vm === vm)) {
      for (const where of ['local', 'remote'] as const) {
        const samples = stream.samples
          .filter(
            ({ at }) => at < drift * 1000 && ![away, back].some((move) => Math.abs(at - move * 1000) < SETTLED_MS),
          )
          .filter(({ at }) => primaryAt(stream.mirror, at, away, back) === (where === 'local' ? vm : other(vm)));
        for (const peer of peersOf([{ ...stream, samples }])) roles[where].add(roleOf(peer, vm));
      }
    }
  }
  const words = (set: Set<string>) => [...set].sort().join(' or ') || '-';
  return { local: words(roles.local), remote: words(roles.remote) };
}

const other = (vm: Member): Member => (vm === 'vm-a' ? 'vm-b' : 'vm-a');

const primaryAt = (mirror: string, at: number, away: number, back: number): Member =>
  mirror === 'UCR' && at >= away * 1000 && at < back * 1000 ? 'vm-b' : 'vm-a';

/**
 * In what our row falls short, in sentences: a failover must cost members no more than clients outside the pools, and a
 * drift must be put right.
 */
export function broughtShort(row: Row): string[] {
  const said: string[] = [];
  const slack = 1000;
  for (const [what, gap] of [
    ['leaves', row.leaves],
    ['comes', row.comes],
  ] as const) {
    if (!gap.ended || gap.ms > row.outsideGap.ms + slack)
      said.push(`where the primary ${what}, members waited ${gap.ms} ms and clients outside ${row.outsideGap.ms} ms`);
  }
  if (!row.drift.ended || row.drift.ms > 2 * slack) said.push(`the drift cost ${row.drift.ms} ms`);
  if (row.unbound.failed > row.outside.failed + 0.02) said.push(`${percent(row.unbound.failed)} of connects failed`);
  return said;
}

/** `12 %`, `0.4 %`, `0`. */
export function percent(share: number): string {
  if (share === 0) return '0';
  const value = share * 100;
  return value < 0.1 ? '< 0.1 %' : `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}
