/** What was told so far, as far as a pass may have something to tell. */
import type { Observed } from '../decide/pass.ts';
import type { LeaseRow } from '../model/lease.ts';
import { subscriptionSubject } from '../model/news.ts';
import { rowKey, type Store, type UnreadableRow } from '../model/store.ts';
import { isUnreadable } from './unreadable.ts';

/** Reads into what was seen: all rows where paths are judged, the subscription's own where a run or a refusal may end. */
export async function readNews(
  { news }: Pick<Store, 'news'>,
  seen: Observed,
  refusing: LeaseRow['refusing'],
  told: UnreadableRow[],
): Promise<void> {
  const broken = new Set<string>();
  const { subscriptionId } = seen;
  seen.unreadableNews = broken;
  if (seen.survey) {
    const unreadable = (row: UnreadableRow) => {
      told.push(row);
      broken.add(row.key);
    };
    seen.news = await news.list(subscriptionId, 'all', { unreadable });
    return;
  }
  if (seen.runs.length === 0 && !seen.estateError && !refusing?.lists && !refusing?.health) return;
  const key = rowKey(subscriptionSubject(subscriptionId));
  try {
    const own = await news.get(subscriptionId, key);
    seen.news = own ? [own] : [];
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    broken.add(key);
    told.push({ key, where: `news ${subscriptionId}/${key}`, error });
  }
}
