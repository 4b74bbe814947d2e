/** What documents about the estate are made from, and what stands over each: when it was read, and what could not be. */

import type { EstateReading } from '../model/estateReading.ts';
import type { HistoryRow } from '../model/history.ts';
import type { IdKey } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import type { Evaluation } from '../model/path.ts';
import type { FrontendRow, VmRow } from '../model/rows.ts';
import type { UnreadableRow } from '../model/store.ts';
import { type CodeView, unreadableView } from './run.ts';

/** What could not be read of Azure, and the right that it takes. */
export interface UnreadLists {
  id: string;
  code: string;
  action: string;
  text: string;
}

/** What stands over every document about the estate. */
export interface EstateHead {
  /** When the rows were read. */
  asOf: string;
  /** When the lists of Azure were read: up to some minutes before. */
  listedAt: string;
  /** Subscriptions whose lists could not be read: of what lies there nothing is said. */
  unread: UnreadLists[];
  /** Rows that cannot be read, and why; not there when there are none. */
  unreadable?: CodeView[];
}

/** What documents about the estate are made from. */
export interface KnownView {
  listedAt: number;
  observed: EstateReading;
  evaluation: Evaluation;
  vms: ReadonlyMap<IdKey, VmRow>;
  frontends: ReadonlyMap<IdKey, FrontendRow>;
  histories: ReadonlyMap<IdKey, HistoryRow>;
  believed: ReadonlySet<IdKey>;
  unreadable: readonly UnreadableRow[];
}

/** What stands over a document. */
export const estateHead = ({
  listedAt,
  observed,
  unreadable,
}: Pick<KnownView, 'listedAt' | 'unreadable'> & { observed: Pick<EstateReading, 'at' | 'unread'> }): EstateHead => ({
  asOf: iso(observed.at),
  listedAt: iso(listedAt),
  unread: observed.unread.map(({ id, code, action, text }) => ({ id, code, action, text })),
  ...defined({ unreadable: unreadable.length > 0 ? unreadable.map(unreadableView) : undefined }),
});
