/** From each older version of rows to the next: what a later program needs that an older one did not write. */
import type { CommandRow, LeaseRow, VmRow } from '../model/rows.ts';

/** The kinds of rows, as the store names them. */
export type RowKind = 'runs' | 'outcomes' | 'vms' | 'frontends' | 'leases';

type Upgrade = (kind: RowKind, row: unknown) => unknown;

/** By the version they start from. A row of version 1 goes through all of them. */
const UPGRADES: readonly Upgrade[] = [
  // 1 to 2: a lease says when old runs are due to be removed; before, none ever were.
  (kind, row) => (kind === 'leases' ? { ...(row as Omit<LeaseRow, 'tidyAt'>), tidyAt: 0 } : row),
  // 2 to 3: a command's row says for how long it could not be sent; before, only that it could not.
  (kind, row) => (kind === 'vms' && (row as VmRow).command ? withoutHeldUp(row as VmRow) : row),
  // 3 to 4: an outcome says in a column whether it is open, a VM whether it has a command; the rows are as they were.
  (_kind, row) => row,
];

function withoutHeldUp(vm: VmRow): VmRow {
  const { heldUp: _heldUp, ...command } = vm.command as CommandRow;
  return { ...vm, command };
}

/** The version of rows that this program writes. */
export const ROW_VERSION = UPGRADES.length + 1;

/** A row of an older version as this program knows it; one of this version as it is. */
export const upgraded = (kind: RowKind, version: number, row: unknown): unknown =>
  UPGRADES.slice(version - 1).reduce((at, upgrade) => upgrade(kind, at), row);
