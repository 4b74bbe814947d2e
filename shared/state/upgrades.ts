/** From each older version of rows to the next: what a later program needs that an older one did not write. */
import type { GuestPlan, NicAddress, PlannedFrontend } from '../model/guest.ts';
import type { LeaseRow } from '../model/lease.ts';
import type { CommandRow, OutcomeRow, VmRow } from '../model/rows.ts';

/** The kinds of rows, as the store names them. */
export type RowKind = 'runs' | 'outcomes' | 'vms' | 'frontends' | 'news' | 'leases' | 'requests';

type Upgrade = (kind: RowKind, row: unknown) => unknown;

/** By the version they start from. A row of version 1 goes through all of them. */
const UPGRADES: readonly Upgrade[] = [
  // 1 to 2: a lease says when old runs are due to be removed; before, none ever were.
  (kind, row) => (kind === 'leases' ? { ...(row as Omit<LeaseRow, 'tidyAt'>), tidyAt: 0 } : row),
  // 2 to 3: a command's row says for how long it could not be sent; before, only that it could not.
  (kind, row) => (kind === 'vms' && (row as VmRow).command ? withoutHeldUp(row as VmRow) : row),
  // 3 to 4: a frontend of a plan has several backend addresses; before, it had one. In columns an outcome says whether it
  // is open, a VM whether it has a command.
  (kind, row) => {
    if (kind === 'vms' && (row as VmRow).command) return withBackends(row as VmRow, 'command');
    return kind === 'outcomes' && (row as OutcomeRow).planned ? withBackends(row as OutcomeRow, 'planned') : row;
  },
];

type OldFrontend = Omit<PlannedFrontend, 'backends'> & { backend?: NicAddress; backends?: NicAddress[] };

/** The row with its plan, which is in the given field, as this version has it. */
function withBackends<K extends string, R extends { [key in K]?: { plan: GuestPlan } }>(row: R, field: K): R {
  const holder = row[field] as { plan: GuestPlan };
  const frontends = (holder.plan.frontends as OldFrontend[]).map(({ backend, ...rest }) =>
    backend === undefined ? rest : { ...rest, backends: [backend] },
  );
  return { ...row, [field]: { ...holder, plan: { ...holder.plan, frontends } } };
}

function withoutHeldUp(vm: VmRow): VmRow {
  const { heldUp: _heldUp, ...command } = vm.command as CommandRow;
  return { ...vm, command };
}

/** The version of rows that this program writes. */
export const ROW_VERSION = UPGRADES.length + 1;

/** A row of an older version as this program knows it; one of this version as it is. */
export const upgraded = (kind: RowKind, version: number, row: unknown): unknown =>
  UPGRADES.slice(version - 1).reduce((at, upgrade) => upgrade(kind, at), row);
