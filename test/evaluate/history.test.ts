/**
 * The history of paths: what rows say of a time is what somebody would say who saw every pass.
 * Long: all is held against the same rows.
 */
import test from 'ava';
import fc from 'fast-check';
import { heldSince, noteHistory, type SeenPath, type Sums, sumOf, timesOf } from '../../shared/evaluate/history.ts';
import type { Exposure, ProofKind, Verdict } from '../../shared/model/findings.ts';
import { DAY_MS, dayOf, daysBetween, type HistoryRow, type PathNow, startOf } from '../../shared/model/history.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Path } from '../../shared/model/path.ts';
import { vmId } from '../helpers/world.ts';

const VM = vmId('hs-a');
const NOON = Date.UTC(2026, 0, 5, 12);
const SECOND = 1000;

const path = (name: string, exposure: Exposure, verdict: Verdict, more: Partial<SeenPath['state']> = {}): SeenPath => ({
  frontendId: `/frontends/${name}`,
  vip: name,
  state: { exposure, verdict, proof: 'none', ...more },
});

const judgedPath: Path = {
  vmId: VM,
  vmKey: idKey(VM),
  frontendId: '/frontends/a',
  frontendKey: idKey('/frontends/a'),
  vip: 'a',
  exposure: 'latent',
  verdict: 'compliant',
  share: 0,
  proof: { kind: 'none', at: 0 },
  backends: [],
  findings: [],
};

/** What a store holds of one VM: how it stands, and each day that was put aside. */
class Kept {
  row: HistoryRow | undefined;
  readonly aside: HistoryRow[] = [];
  writes = 0;

  see(seen: SeenPath[], at: number, isWhole = true): void {
    const noted = noteHistory(this.row, VM, seen, at, isWhole);
    if (!noted) return;
    this.writes += 1;
    // As it would be read again.
    const { row, aside } = JSON.parse(JSON.stringify(noted));
    this.row = row;
    if (aside) this.aside.push(aside);
  }

  get rows(): HistoryRow[] {
    return [...this.aside, ...(this.row ? [this.row] : [])];
  }
}

test('a change ends a span and begins the next; what does not change writes nothing', (t) => {
  const kept = new Kept();
  const bad = path('a', 'active', 'repairable', { code: 'CONNECT_FAILED', runId: 'r1' });
  kept.see([bad], NOON);
  kept.see([bad], NOON + 10 * SECOND);
  kept.see([{ ...bad, state: { ...bad.state, runId: 'r2' } }], NOON + 20 * SECOND);
  t.is(kept.writes, 1, 'another run that found the same is no change');
  const provedAt = NOON + 30 * SECOND;
  kept.see([path('a', 'active', 'compliant', { proof: 'self', provedAt, runId: 'r3' })], provedAt);
  kept.see([path('a', 'active', 'compliant', { proof: 'self', provedAt: provedAt + 3_600_000 })], provedAt + 3_600_000);
  t.is(kept.writes, 2, 'a proof renewed on the same day is no change');
  const [times] = timesOf(kept.rows, startOf('2026-01-05'), NOON + 7_200_000);
  t.deepEqual(times?.spans, [
    { ...bad.state, from: NOON, to: provedAt },
    {
      exposure: 'active',
      verdict: 'compliant',
      proof: 'self',
      provedAt,
      runId: 'r3',
      from: provedAt,
      to: NOON + 7_200_000,
    },
  ]);
  t.deepEqual(times?.ms, { exposed: 30_000, atRisk: 0, unknown: 0, safe: 7_170_000 });
  t.true(times?.isOpen);
});

test('a proof of another day is a change of its own: when a path was proved is known to the day', (t) => {
  const kept = new Kept();
  for (let day = 0; day < 5; day += 1) {
    for (const hour of [0, 5]) {
      const at = NOON + day * DAY_MS + hour * 3_600_000;
      kept.see([path('a', 'latent', 'compliant', { proof: 'remote', provedAt: at })], at);
    }
  }
  t.is(kept.writes, 5);
  const [times] = timesOf(kept.rows, startOf('2026-01-05'), NOON + 5 * DAY_MS);
  t.deepEqual(
    times?.spans.map(({ provedAt = 0 }) => dayOf(provedAt)),
    daysBetween('2026-01-05', '2026-01-09'),
  );
});

test('a VM that leaves a frontend has no path there any more, and comes back as one', (t) => {
  const kept = new Kept();
  kept.see([path('a', 'latent', 'blocked')], NOON);
  kept.see([], NOON + SECOND, false);
  t.is(kept.writes, 1, 'lists are missing: it may be there');
  kept.see([], NOON + 10 * SECOND);
  kept.see([], NOON + 20 * SECOND);
  t.is(kept.writes, 2);
  kept.see([path('a', 'latent', 'blocked')], NOON + 60 * SECOND);
  const [times] = timesOf(kept.rows, startOf('2026-01-05'), NOON + 70 * SECOND);
  t.deepEqual(
    times?.spans.map(({ from, to }) => [(from - NOON) / SECOND, (to - NOON) / SECOND]),
    [
      [0, 10],
      [60, 70],
    ],
  );
  t.deepEqual(times?.ms, { exposed: 0, atRisk: 20_000, unknown: 0, safe: 0 });
});

test('since when exposure and verdict are so: another proof or finding changes nothing, and nothing is made up', (t) => {
  const kept = new Kept();
  const stands = (name: string, exposure: Exposure, verdict: Verdict): Path => ({
    ...judgedPath,
    frontendId: `/frontends/${name}`,
    frontendKey: idKey(`/frontends/${name}`),
    exposure,
    verdict,
  });
  const held = (exposure: Exposure, verdict: Verdict, name = 'a') =>
    heldSince(kept.row, stands(name, exposure, verdict));
  t.is(held('latent', 'unknown'), undefined, 'no row yet');
  kept.see([path('a', 'latent', 'unknown')], NOON);
  t.deepEqual(held('latent', 'unknown'), { at: NOON, first: true });
  t.is(held('latent', 'compliant'), undefined, 'what was noted last is something else');
  t.is(held('latent', 'unknown', 'b'), undefined, 'another path');
  kept.see([path('a', 'latent', 'unknown', { code: 'VM_NOT_RUNNING' })], NOON + 10 * SECOND);
  t.deepEqual(held('latent', 'unknown'), { at: NOON, first: true });
  kept.see([path('a', 'latent', 'compliant', { proof: 'remote', provedAt: NOON })], NOON + 20 * SECOND);
  t.deepEqual(held('latent', 'compliant'), { at: NOON + 20 * SECOND });
  for (const day of [1, 2, 40])
    kept.see(
      [path('a', 'latent', 'compliant', { proof: 'remote', provedAt: NOON + day * DAY_MS })],
      NOON + day * DAY_MS,
    );
  t.deepEqual(held('latent', 'compliant'), { at: NOON + 20 * SECOND }, 'however long ago');
  kept.see([path('a', 'active', 'compliant', { proof: 'self', provedAt: NOON })], NOON + 41 * DAY_MS);
  t.deepEqual(held('active', 'compliant'), { at: NOON + 41 * DAY_MS });
  t.deepEqual(heldSince(kept.row, { ...stands('a', 'active', 'compliant'), frontendId: '/FRONTENDS/A' }), {
    at: NOON + 41 * DAY_MS,
  });
  kept.see([], NOON + 42 * DAY_MS);
  t.is(held('active', 'compliant'), undefined, 'it is no path any more');
  kept.see([path('a', 'active', 'compliant')], NOON + 43 * DAY_MS);
  t.deepEqual(held('active', 'compliant'), { at: NOON + 43 * DAY_MS, first: true }, 'what was in between is not known');
  const spans = kept.rows.flatMap(({ paths }) => paths.flatMap((one) => one.spans));
  t.true(spans.length > 0 && spans.every((span) => !('held' in span) && !('first' in span)), 'spans have from and to');
});

test('a row from before that was kept: not known, until something changes', (t) => {
  const kept = new Kept();
  const now: PathNow = { exposure: 'latent', verdict: 'blocked', proof: 'none', since: NOON };
  kept.row = { vmId: VM, day: dayOf(NOON), paths: [{ frontendId: '/frontends/a', vip: 'a', now, spans: [] }] };
  const blocked = { ...judgedPath, verdict: 'blocked' as const };
  t.is(heldSince(kept.row, blocked), undefined);
  kept.see([path('a', 'latent', 'blocked', { code: 'NO_SECONDARY_NIC' })], NOON + SECOND);
  t.is(heldSince(kept.row, blocked), undefined, 'it may be so for a year');
  kept.see([path('a', 'latent', 'compliant')], NOON + 2 * SECOND);
  t.deepEqual(heldSince(kept.row, judgedPath), { at: NOON + 2 * SECOND });
});

test('ids in other letters are the same', (t) => {
  const kept = new Kept();
  kept.see([path('a', 'latent', 'blocked')], NOON);
  const upper = path('a', 'latent', 'blocked');
  kept.see([{ ...upper, frontendId: upper.frontendId.toUpperCase() }], NOON + SECOND);
  t.is(kept.writes, 1);
});

const EXPOSURES: Exposure[] = ['active', 'latent', 'none'];
const VERDICTS: Verdict[] = ['compliant', 'repairable', 'blocked', 'unknown'];
const PROOFS: ProofKind[] = ['self', 'remote', 'none'];

const seenPath = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  exposure: fc.constantFrom(...EXPOSURES),
  verdict: fc.constantFrom(...VERDICTS),
  proof: fc.constantFrom(...PROOFS),
});
const onePass = fc.record({
  /** Until the next pass: mostly seconds, now and then days. */
  wait: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 60_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 * DAY_MS }) },
  ),
  seen: fc.uniqueArray(seenPath, { selector: ({ name }) => name, maxLength: 3 }),
});

test('seconds of each kind from the rows are those of a model that saw every pass, and rows stay small', (t) => {
  let longest = 0;
  fc.assert(
    fc.property(
      fc.array(onePass, { minLength: 1, maxLength: 120, size: 'max' }),
      fc.nat(NOON % DAY_MS),
      fc.nat(4),
      (passes, start, back) => {
        const kept = new Kept();
        const model: { name: string; words: string; from: number; to: number }[] = [];
        let at = startOf('2026-01-05') + start;
        for (const { wait, seen } of passes) {
          kept.see(
            seen.map(({ name, exposure, verdict, proof }) =>
              path(name, exposure, verdict, { proof, ...(proof === 'none' ? {} : { provedAt: at }) }),
            ),
            at,
          );
          for (const { name, exposure, verdict } of seen)
            model.push({ name, words: `${exposure} ${verdict}`, from: at, to: at + wait });
          at += wait;
        }
        const from = startOf(dayOf(at)) - back * DAY_MS;
        const expected = new Map<string, Sums>();
        for (const span of model) {
          const ms = Math.min(span.to, at) - Math.max(span.from, from);
          if (ms <= 0) continue;
          const sums = expected.get(span.name) ?? { exposed: 0, atRisk: 0, unknown: 0, safe: 0 };
          sums[sumOf(span.words)] += ms;
          expected.set(span.name, sums);
        }
        const times = timesOf(kept.rows, from, at);
        t.deepEqual(Object.fromEntries(times.map(({ vip, ms }) => [vip, ms])), Object.fromEntries(expected));
        for (const { spans } of times) {
          for (const [i, span] of spans.entries()) {
            t.true(span.from < span.to);
            if (i > 0) t.true((spans[i - 1]?.to ?? 0) <= span.from, 'in order, and none at once');
          }
        }
        for (const row of kept.rows) for (const { spans } of row.paths) longest = Math.max(longest, spans.length);
        // Each day is put aside once.
        t.is(new Set(kept.aside.map(({ day }) => day)).size, kept.aside.length);
      },
    ),
    { numRuns: 500 },
  );
  t.is(longest, 16, 'more changes than are kept one by one were among them');
});

test('a clock that is set back makes no time run backwards', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }), seenPath), { maxLength: 60 }),
      (acts) => {
        const kept = new Kept();
        let at = NOON;
        let latest = NOON;
        for (const [ms, { exposure, verdict }] of acts) {
          at += ms;
          latest = Math.max(latest, at);
          kept.see([path('a', exposure, verdict)], at);
        }
        const times = timesOf(kept.rows, startOf('2020-01-01'), latest + SECOND);
        for (const { spans, ms } of times) {
          for (const span of spans) t.true(span.from < span.to);
          const all = Object.values(ms).reduce((sum, some) => sum + some, 0);
          t.true(all <= latest + SECOND - startOf('2020-01-01'));
        }
        t.is(new Set(kept.aside.map(({ day }) => day)).size, kept.aside.length);
      },
    ),
  );
});

test('which sum a state belongs to', (t) => {
  const of = (sum: keyof Sums) =>
    EXPOSURES.flatMap((exposure) => VERDICTS.map((verdict) => `${exposure} ${verdict}`)).filter(
      (words) => sumOf(words) === sum,
    );
  t.deepEqual(of('exposed'), ['active repairable', 'active blocked']);
  t.deepEqual(of('atRisk'), ['latent repairable', 'latent blocked']);
  t.deepEqual(of('unknown'), ['active unknown', 'latent unknown']);
});
