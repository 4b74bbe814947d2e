/** What a timeline of connects comes to: gaps, shares, and what other connections were lost. Pure. */

/** `wrong`: answered by an instance that is not the mirror's primary. */
export type Verdict = 'ok' | 'wrong' | 'failed';

export interface Sample {
  /** When the connect began, milliseconds after the timeline's begin. */
  at: number;
  verdict: Verdict;
  /** The client's address as the server saw it; only where the primary answered. */
  peer?: string;
}

/** Who connects: from a member without a source address, bound to one of its two, or from a VM outside the pools. */
export type ClientKind = 'unbound' | 'backend' | 'via' | 'outside';

export interface Stream {
  kind: ClientKind;
  vm: string;
  mirror: string;
  samples: Sample[];
}

/** The primary of a mirror from a moment on, milliseconds after the timeline's begin. */
export interface Reign {
  from: number;
  vm: string;
}

/** While a mirror moves, its old and its new primary are both right. */
const MOVING_MS = 50;

/** What came of a connect. `answer` is the server's, `vm/mirror address:port`, or null when the connect failed. */
export function judge(at: number, answer: string | null, mirror: string, reigns: Reign[]): Sample {
  if (answer === null) return { at, verdict: 'failed' };
  const [who = '', peer = ''] = answer.split(' ');
  const right = reigns.filter(
    ({ from }, index) =>
      from - MOVING_MS <= at && at <= (reigns[index + 1]?.from ?? Number.POSITIVE_INFINITY) + MOVING_MS,
  );
  if (!right.some(({ vm }) => `${vm}/${mirror}` === who)) return { at, verdict: 'wrong' };
  return { at, verdict: 'ok', peer: peer.slice(0, peer.lastIndexOf(':')) };
}

export interface Gap {
  ms: number;
  /** False when nothing worked from its begin until the window ended. */
  ended: boolean;
}

/** The longest time without a connect that the primary answered, within a window. */
export function longestGap(samples: Sample[], from: number, to: number): Gap {
  let longest: Gap = { ms: 0, ended: true };
  let last = from;
  for (const { at, verdict } of samples) {
    if (verdict !== 'ok' || at < from || at >= to) continue;
    if (at - last > longest.ms) longest = { ms: at - last, ended: true };
    last = at;
  }
  return to - last > longest.ms ? { ms: to - last, ended: false } : longest;
}

/** The longer of gaps; one that did not end counts as the longest. */
export const worst = (gaps: Gap[]): Gap => gaps.reduce((a, b) => (isWorse(b, a) ? b : a), { ms: 0, ended: true });

const isWorse = (gap: Gap, than: Gap): boolean => (gap.ended === than.ended ? gap.ms > than.ms : than.ended);

export interface Shares {
  /** Of 1. */
  failed: number;
  wrong: number;
}

/** The shares of connects that failed, or that the wrong instance answered. */
export function sharesOf(streams: Stream[]): Shares {
  const all = streams.flatMap((stream) => stream.samples);
  const share = (verdict: Verdict) =>
    all.length === 0 ? 0 : all.filter((sample) => sample.verdict === verdict).length / all.length;
  return { failed: share('failed'), wrong: share('wrong') };
}

/** The connections that worked before and now fail or reach another VM: `name: before -> now`. */
export const broken = (before: Record<string, string>, now: Record<string, string>): string[] =>
  Object.entries(before)
    .filter(([name, who]) => who !== 'fails' && now[name] !== who)
    .map(([name, who]) => `${name}: ${who} -> ${now[name] ?? 'not tried'}`);

/** The client addresses that the primary saw, each once, sorted. */
export const peersOf = (streams: Stream[]): string[] =>
  [
    ...new Set(streams.flatMap(({ samples }) => samples.flatMap(({ peer }) => (peer === undefined ? [] : [peer])))),
  ].sort();
