/** What others are to be told: the events that the app publishes, and the rows that say what is still to be told. */
import type * as z from 'zod/mini';
import type { Exposure } from './findings.ts';
import type { newsData } from './newsSchema.ts';
import { runIdOf } from './runId.ts';

/** What an event tells. Its type is `IlbHairpinGuard.` with this. */
export type NewsKind = keyof typeof newsData;

/** The data of an event of a kind. */
export type NewsData<K extends NewsKind = NewsKind> = z.output<(typeof newsData)[K]>;

/** One event to publish. The id is the fact's own: told again, it is the same. */
export interface News {
  id: string;
  kind: NewsKind;
  subject: string;
  /** When it became so, epoch milliseconds. */
  at: number;
  data: NewsData;
}

/** A path as it was last told. */
export interface ToldPath {
  frontendId: string;
  vip: string;
  /** Since when it is exposed, how, and when that was last said. */
  exposed?: { since: number; exposure: Exposure; saidAt: number };
  /** The kind of its proof. */
  proof?: 'self' | 'remote';
  /** Codes of the findings that a person is needed for, and when that was last said. */
  person?: { codes: string[]; saidAt: number };
}

/** The topic refused what was published last. */
export interface TopicRefusal {
  /** Not tried before this. */
  retryAt: number;
  /** In a row. */
  failures: number;
  status: number;
}

/**
 * What was last told of one VM's paths, or of a subscription as such, and what of it is not published yet: one row, so
 * that neither is ever written without the other.
 */
export interface NewsRow {
  /** The id of the VM, or of the subscription: `/subscriptions/ID`. */
  subject: string;
  /** How many facts there were so far: part of the ids of those that follow. */
  facts: number;
  paths: ToldPath[];
  /** Of a subscription: ids of the refusals that stand and were told. */
  refusals?: string[];
  /** Of a subscription: while the topic refuses. */
  topic?: TopicRefusal;
  /** Not published yet, the oldest first. */
  pending: News[];
}

/** Events that wait in one row: the oldest of more are dropped, and that is logged. */
export const MOST_PENDING = 50;

/** Puts an event into a row; one whose id waits there already is the same. Returns how many were dropped for it. */
export function addNews(row: NewsRow, news: News): number {
  if (row.pending.some(({ id }) => id === news.id)) return 0;
  row.pending.push(news);
  const over = Math.max(0, row.pending.length - MOST_PENDING);
  row.pending.splice(0, over);
  return over;
}

/** The subject of a subscription's row. */
export const subscriptionSubject = (subscriptionId: string): string => `/subscriptions/${subscriptionId.toLowerCase()}`;

/** A row of which nothing was told. */
export const newNewsRow = (subject: string): NewsRow => ({ subject, facts: 0, paths: [], pending: [] });

/** The id of a fact: the same parts give the same id. */
export const newsId = (kind: NewsKind, ...parts: string[]): string => runIdOf('news', kind, ...parts);

/** That a run failed, or VMs in it did. */
export const runFailedNews = (at: number, data: NewsData<'RunFailed'>): News => ({
  id: newsId('RunFailed', data.subscriptionId, data.runId),
  kind: 'RunFailed',
  subject: `/api/runs/${data.runId}`,
  at,
  data,
});

/** The event, as CloudEvents 1.0 has it. Types and source are no signal's, so that the app never takes it for one. */
export const cloudEventOf = (news: News, subscriptionId: string) => ({
  id: news.id,
  type: `IlbHairpinGuard.${news.kind}`,
  source: `/ilb-hairpin-guard/subscriptions/${subscriptionId}`,
  subject: news.subject,
  time: new Date(news.at),
  data: news.data,
});
