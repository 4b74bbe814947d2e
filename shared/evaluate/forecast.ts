/** What a failover or the loss of a VM would bring: which primaries would share a VM, and which paths would fail there. */

import { compareText } from '../model/address.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';
import { push } from './lists.ts';

/** Frontends whose primaries share a VM, two or more. */
export interface Sharing {
  vmId: string;
  frontendIds: string[];
}

/** A path that is not compliant and would have to carry connections. */
export interface FailingPath {
  vmId: string;
  frontendId: string;
}

/** What would be so after a move. */
export interface Outlook {
  sharing: Sharing[];
  failing: FailingPath[];
}

export interface Forecast {
  /** Primaries that share a VM now, with the paths that fail while they do. */
  now: (Sharing & { failing: FailingPath[] })[];
  /** For each VM that is primary for something: who may take over, and what may come of it. */
  ifLost: ({ vmId: string; moves: { frontendId: string; candidates: string[] }[] } & Outlook)[];
  /** For each frontend with a primary: what a failover to each other member would bring. */
  ifFailover: ({ frontendId: string; toVmId: string } & Outlook)[];
  /** True when a list was cut; what is left of the three lists is where most would fail. */
  cut: boolean;
}

/** The most entries in each of the three lists, and in the lists within an entry. */
export const FORECAST_LIMITS = { entries: 1000, within: 50 } as const;

/**
 * Forecasts from an evaluation alone. Only frontends with a primary count: of a pool with several healthy members
 * every member serves already. A member whose VM does not run takes nothing over.
 *
 * `ifLost` tells what may be: where several members may take a frontend over, each is considered, and a sharing
 * names all frontends that can meet on that VM. `failing` are the paths of a VM that takes over towards what it then
 * serves that are not compliant; one whose guest was not looked at is among them, since nobody knows it to work.
 */
export function forecast(evaluation: Evaluation): Forecast {
  const estate = primariesOf(evaluation);
  const now = evaluation.colocated.map(({ vmId, frontendIds }) => ({
    vmId,
    frontendIds,
    failing: estate.failing(idKey(vmId), frontendIds.map(idKey)),
  }));
  const ifLost = [...estate.served].map(([vm, lost]) => {
    const moves = lost.map(({ id, candidates }) => ({ frontendId: id, candidates: candidates.map(estate.name) }));
    return { vmId: estate.name(vm), moves, ...outlook(estate, lost) };
  });
  const ifFailover = [...estate.served.values()].flat().flatMap((frontend) =>
    frontend.candidates.map((to) => ({
      frontendId: frontend.id,
      toVmId: estate.name(to),
      ...outlook(estate, [{ ...frontend, candidates: [to] }]),
    })),
  );
  const cutter = new Cutter();
  return {
    now: cutter.entries(now, (entry) => entry.failing.length),
    ifLost: cutter.entries(ifLost, badness).map((entry) => ({
      ...cutter.outlook(entry),
      moves: cutter.within(entry.moves).map((move) => ({ ...move, candidates: cutter.within(move.candidates) })),
    })),
    ifFailover: cutter.entries(ifFailover, badness).map((entry) => cutter.outlook(entry)),
    cut: cutter.cut,
  };
}

/** A frontend with a primary, and the other members that run. */
interface Movable {
  key: IdKey;
  id: string;
  candidates: IdKey[];
}

interface Primaries {
  /** By the VM that is primary now. */
  served: ReadonlyMap<IdKey, Movable[]>;
  /** A VM's or frontend's id as it came. */
  name(key: IdKey): string;
  failing(vm: IdKey, frontends: readonly IdKey[]): FailingPath[];
}

function primariesOf({ paths, frontends }: Evaluation): Primaries {
  const failing = new Map<string, FailingPath>();
  const stopped = new Set<IdKey>();
  for (const { vmId, vmKey, frontendId, frontendKey, verdict, findings } of paths) {
    if (verdict !== 'compliant') failing.set(`${vmKey} ${frontendKey}`, { vmId, frontendId });
    if (findings.some(({ code }) => code === 'VM_NOT_RUNNING')) stopped.add(vmKey);
  }
  const names = new Map<IdKey, string>();
  const served = new Map<IdKey, Movable[]>();
  for (const { id, key, memberIds, primaryKey } of frontends) {
    names.set(key, id);
    const members = memberIds.map(idKey);
    for (const [i, member] of members.entries()) names.set(member, memberIds[i] ?? member);
    if (primaryKey === undefined) continue;
    const candidates = members.filter((member) => member !== primaryKey && !stopped.has(member));
    push(served, primaryKey, { key, id, candidates });
  }
  return {
    served: new Map([...served].sort(([a], [b]) => compareText(a, b))),
    name: (key) => names.get(key) ?? key,
    failing: (vm, keys) => keys.flatMap((frontend) => failing.get(`${vm} ${frontend}`) ?? []),
  };
}

/** What would be when each of these frontends moves to one of its candidates. */
function outlook(estate: Primaries, moving: readonly Movable[]): Outlook {
  const sharing: Sharing[] = [];
  const failing: FailingPath[] = [];
  const arriving = new Map<IdKey, IdKey[]>();
  for (const { key, candidates } of moving) {
    for (const vm of candidates) push(arriving, vm, key);
  }
  for (const [vm, keys] of arriving) {
    const serves = [...(estate.served.get(vm) ?? []).map(({ key }) => key), ...keys];
    if (serves.length > 1) sharing.push({ vmId: estate.name(vm), frontendIds: serves.map(estate.name) });
    failing.push(...estate.failing(vm, serves));
  }
  return { sharing, failing };
}

const badness = ({ failing, sharing }: Outlook): number => failing.length * 1e6 + sharing.length;

/** Cuts lists to their limits and remembers that it did. */
class Cutter {
  cut = false;

  entries<T>(list: readonly T[], bad: (entry: T) => number): T[] {
    if (list.length <= FORECAST_LIMITS.entries) return [...list];
    this.cut = true;
    return list.toSorted((a, b) => bad(b) - bad(a)).slice(0, FORECAST_LIMITS.entries);
  }

  within<T>(list: readonly T[]): T[] {
    if (list.length > FORECAST_LIMITS.within) this.cut = true;
    return list.slice(0, FORECAST_LIMITS.within);
  }

  outlook<T extends Outlook>(entry: T): T {
    return { ...entry, sharing: this.within(entry.sharing), failing: this.within(entry.failing) };
  }
}
