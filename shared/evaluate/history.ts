/** The history of paths: what is written when something changes, and what the rows say of a time. Pure. */
import {
  DAY_MS,
  dayOf,
  type HistoryRow,
  type MixedSpan,
  type PathHistory,
  type PathNow,
  type PathSpan,
  type PathState,
} from '../model/history.ts';
import { idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Path } from '../model/path.ts';

/** Changes of a path that are kept one by one on one day. What comes beyond is kept as sums. */
const MOST_SPANS = 16;

/** A path as one pass saw it. */
export interface SeenPath {
  frontendId: string;
  vip: string;
  state: PathState;
}

/** The rows to write: how the VM's paths stand, and before it, what ended on an earlier day, to be put aside. */
export interface Noted {
  row: HistoryRow;
  aside?: HistoryRow;
}

/**
 * What is to be written about a VM; undefined where nothing changed. `isWhole`: a path that is not among those seen is
 * none any more. A clock that was set back makes no time run backwards.
 */
export function noteHistory(
  before: Readonly<HistoryRow> | undefined,
  vmId: string,
  seen: readonly SeenPath[],
  at: number,
  isWhole: boolean,
): Noted | undefined {
  const known = new Map((before?.paths ?? []).map((path) => [idKey(path.frontendId), path]));
  const found = new Map(seen.map((path) => [idKey(path.frontendId), path]));
  const changed = seen.filter(({ frontendId, state }) => differs(known.get(idKey(frontendId))?.now, state));
  const gone = isWhole ? [...known].filter(([key, { now }]) => now !== undefined && !found.has(key)) : [];
  if (changed.length + gone.length === 0) return undefined;

  const today = dayOf(at);
  const day = before && before.day > today ? before.day : today;
  const isNew = before !== undefined && before.day < day;
  const kept: PathHistory[] = [];
  for (const path of before?.paths ?? []) {
    if (!isNew) kept.push({ ...path, spans: [...path.spans] });
    else if (path.now) kept.push({ frontendId: path.frontendId, vip: path.vip, now: path.now, spans: [] });
  }
  const paths = new Map(kept.map((path) => [idKey(path.frontendId), path]));
  for (const [key] of gone) close(paths.get(key), at);
  for (const { frontendId, vip, state } of changed) {
    const key = idKey(frontendId);
    const path = paths.get(key) ?? { frontendId, vip, spans: [] };
    const before = path.now;
    const since = Math.max(at, before?.since ?? 0);
    close(path, at);
    paths.set(key, { ...path, vip, now: { ...state, since, ...heldOf(before, state, since) } });
  }
  const row = { vmId, day, paths: [...paths.values()] };
  const ended = isNew ? endedOf(before) : [];
  return ended.length === 0 ? { row } : { row, aside: { vmId, day: before?.day ?? day, paths: ended } };
}

/** Since when exposure and verdict are so: another proof or finding leaves that as it was. */
function heldOf(before: PathNow | undefined, state: PathState, since: number): Pick<PathNow, 'held' | 'first'> {
  if (!before) return { held: since, first: true };
  if (before.exposure !== state.exposure || before.verdict !== state.verdict) return { held: since };
  const { held, first } = before;
  return defined({ held, first });
}

/** What ended on the row's day. */
function endedOf({ paths }: Readonly<HistoryRow>): PathHistory[] {
  const ended = paths.filter(({ spans, rest }) => spans.length > 0 || rest !== undefined);
  return ended.map(({ now: _now, ...path }) => path);
}

/** A proof that was renewed on the same day is no change, nor is another run that found the same. */
const differs = (before: PathState | undefined, now: PathState): boolean =>
  before === undefined ||
  before.exposure !== now.exposure ||
  before.verdict !== now.verdict ||
  before.proof !== now.proof ||
  before.code !== now.code ||
  dayNumber(before.provedAt) !== dayNumber(now.provedAt);

const dayNumber = (ms = -1): number => Math.floor(ms / DAY_MS);

/** True when all paths stand as they were noted last: looked at for every VM in every pass, and mostly so. */
export function isNoted({ paths: noted }: Readonly<HistoryRow>, seen: readonly Path[]): boolean {
  return (
    noted.length === seen.length &&
    seen.every((path, i) => {
      const { frontendId, now } = noted[i] as PathHistory;
      const { proof, findings } = path;
      return (
        now !== undefined &&
        frontendId === path.frontendId &&
        now.exposure === path.exposure &&
        now.verdict === path.verdict &&
        now.proof === proof.kind &&
        now.code === findings[0]?.code &&
        dayNumber(now.provedAt) === dayNumber(proof.kind === 'none' ? undefined : proof.at)
      );
    })
  );
}

/** Ends how a path stands. */
function close(path: PathHistory | undefined, at: number): void {
  const { now } = path ?? {};
  if (!path || !now) return;
  const { since: from, held: _held, first: _first, ...state } = now;
  delete path.now;
  if (at <= from) return;
  if (path.spans.length < MOST_SPANS) path.spans.push({ ...state, from, to: at });
  else path.rest = mixed(path.rest, { ...state, from, to: at });
}

function mixed(rest: MixedSpan | undefined, span: PathSpan): MixedSpan {
  const ms = { ...rest?.ms };
  const key = wordsOf(span);
  ms[key] = (ms[key] ?? 0) + span.to - span.from;
  return { from: rest?.from ?? span.from, to: span.to, changes: (rest?.changes ?? 0) + 1, ms };
}

const wordsOf = ({ exposure, verdict }: PathState): string => `${exposure} ${verdict}`;

/** Since when a path is as exposed and as it is judged to be, epoch milliseconds. */
export interface Held {
  at: number;
  /** It was so when it was first seen, and may have been so before. */
  first?: true;
}

/**
 * Since when a path has its exposure and verdict, by the row of its VM; undefined where that is not known: nothing was
 * noted of it yet, what was noted last is something else, or it was noted before that was kept.
 */
export function heldSince(row: Readonly<HistoryRow> | undefined, path: Path): Held | undefined {
  const noted = row?.paths.find(
    ({ frontendId }) => frontendId === path.frontendId || idKey(frontendId) === path.frontendKey,
  );
  const { exposure, verdict, held, first } = noted?.now ?? {};
  if (held === undefined || exposure !== path.exposure || verdict !== path.verdict) return undefined;
  return { at: held, ...defined({ first }) };
}

/** How long a path stood how, milliseconds. */
export interface Sums {
  /** Its own connects came back to it, and nothing made them work. */
  exposed: number;
  /** The same was one failover away. */
  atRisk: number;
  /** Nothing could be said of it. */
  unknown: number;
  /** As it should be, or behind rules under which nothing can come back. */
  safe: number;
}

/** What rows say of one path in a time. */
export interface PathTimes {
  vmId: string;
  frontendId: string;
  vip: string;
  spans: PathSpan[];
  /** The last of them has not ended. */
  isOpen: boolean;
  mixed: MixedSpan[];
  ms: Sums;
}

/**
 * What the rows say of a time that begins with a day (in UTC) and ends now: each path's spans, cut at both ends, the
 * earliest first. `rows`: of any VMs, each day's once; those of how paths stand among them.
 */
export function timesOf(rows: readonly HistoryRow[], from: number, to: number): PathTimes[] {
  const all = new Map<string, PathTimes>();
  for (const { vmId, paths } of rows.toSorted((a, b) => (a.day < b.day ? -1 : 1))) {
    for (const { frontendId, vip, spans, rest, now } of paths) {
      const key = `${idKey(vmId)} ${idKey(frontendId)}`;
      const times = all.get(key) ?? { vmId, frontendId, vip, spans: [], isOpen: false, mixed: [], ms: noSums() };
      all.set(key, times);
      times.vip = vip;
      for (const span of spans) add(times, span, from, to);
      if (rest && rest.to > from && rest.from < to) addMixed(times, rest);
      if (now) {
        const { since, held: _held, first: _first, ...state } = now;
        times.isOpen = since <= to;
        if (times.isOpen) add(times, { ...state, from: since, to }, from, to);
      }
    }
  }
  return [...all.values()].filter(({ spans, mixed: sums }) => spans.length + sums.length > 0);
}

const noSums = (): Sums => ({ exposed: 0, atRisk: 0, unknown: 0, safe: 0 });

/** A span of no length is how the path stands as of right now: none that has ended is that short. */
function add({ spans, ms }: PathTimes, span: PathSpan, from: number, to: number): void {
  if (span.to < from || span.from > to || (span.to === from && span.from < from)) return;
  const cut = { ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) };
  spans.push(cut);
  ms[sumOf(wordsOf(cut))] += cut.to - cut.from;
}

function addMixed(times: PathTimes, rest: MixedSpan): void {
  times.mixed.push(rest);
  for (const [words, ms] of Object.entries(rest.ms)) times.ms[sumOf(words)] += ms;
}

/** Which sum a state belongs to, by its exposure and verdict. */
export function sumOf(words: string): keyof Sums {
  const [exposure, verdict] = words.split(' ');
  if (verdict === 'compliant' || exposure === 'none') return 'safe';
  if (verdict === 'unknown') return 'unknown';
  return exposure === 'active' ? 'exposed' : 'atRisk';
}
