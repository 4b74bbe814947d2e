/** A plan before it is confirmed: what it was made from, whether that still holds, and the order of changes. */
import type { EstateView, GroupView, VmEntry } from '../shared/views/estateSchema.ts';

/** A plan is confirmed within this, milliseconds: an estate changes. */
export const PLAN_MS = 10 * 60_000;

interface Place {
  group: GroupView;
  vm: VmEntry;
}

/** The VMs that a run would be about. `ids`: of VMs, load balancers, frontends or whatever they lie in. */
export function inScope({ groups }: EstateView, ids: readonly string[]): Place[] {
  const outer = ids.map((id) => id.toLowerCase().replace(/\/+$/, ''));
  const isIn = (id: string): boolean => {
    const key = id.toLowerCase();
    return outer.some((one) => key === one || key.startsWith(`${one}/`));
  };
  return groups.flatMap((group) =>
    group.vms
      .filter((vm) => isIn(vm.id) || vm.paths.some(({ frontend }) => isIn(group.frontends[frontend]?.id ?? '')))
      .map((vm) => ({ group, vm })),
  );
}

/** What a plan depends on, of each VM: where it is, its addresses, and who is primary. Equal texts: the plan still holds. */
export const basisOf = (estate: EstateView, ids: readonly string[]): Map<string, string> =>
  new Map(
    inScope(estate, ids).map(({ group, vm }) => [
      vm.name,
      JSON.stringify([
        vm.id.toLowerCase(),
        vm.power,
        vm.held ?? false,
        vm.nics,
        vm.paths.map(({ frontend, backends, via, port }) => {
          const { id, vip, primary } = group.frontends[frontend] ?? {};
          return [id, vip, backends, via, port, primary === undefined ? null : group.vms[primary]?.id];
        }),
      ]),
    ]),
  );

/** The VMs on which something changed since a plan was made. */
export function changedSince(basis: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const names = new Set([...basis.keys(), ...now.keys()]);
  return [...names].filter((name) => basis.get(name) !== now.get(name)).sort();
}

export interface Turn {
  vm: string;
  /** Frontends that are primary on it now. */
  primaryFor: string[];
}

/** The order in which members of a mirror are changed: those that are primary for nothing first. */
export const turns = (estate: EstateView, ids: readonly string[]): Turn[] =>
  inScope(estate, ids)
    .map(({ group, vm }) => ({
      vm: vm.name,
      primaryFor: group.frontends
        .filter(({ primary }) => primary !== undefined && group.vms[primary] === vm)
        .map(({ name }) => name),
    }))
    .sort((a, b) => a.primaryFor.length - b.primaryFor.length);
