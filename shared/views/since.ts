/** Since when a path stands as it stands, for documents. */
import { heldSince } from '../evaluate/history.ts';
import type { HistoryRow } from '../model/history.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import type { Path } from '../model/path.ts';

export interface SinceView {
  /** Since when verdict and exposure are so; not there where that is not known. */
  since?: string;
  /** They were so when the app first saw the path: it may stand so for longer. */
  sinceFirstSeen?: true;
}

/** By the row of the path's VM. */
export function sinceView(row: HistoryRow | undefined, path: Path): SinceView {
  const held = heldSince(row, path);
  return defined({ since: held && iso(held.at), sinceFirstSeen: held?.first });
}
