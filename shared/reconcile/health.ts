/** Rule health: which frontends are asked, and what an answer changes. Pure. */
import { soleHealthy } from '../evaluate/healthy.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { FrontendView } from '../model/path.ts';
import { acceptedRun, type FrontendRow, isOpen, type RunRow } from '../model/rows.ts';
import { runIdOf } from '../model/runId.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { FrontendHealth, HealthMap } from '../model/topology.ts';
import type { Draft } from './draft.ts';

/** While a run is open, health older than this is asked again, milliseconds. */
const FRESH_MS = 15_000;
/** A failover run that ended within this explains a primary that moved. */
const EXPLAINED_MS = 5 * 60_000;

export interface DueInput {
  now: number;
  frontends: readonly FrontendRow[];
  runs: readonly RunRow[];
  /** Frontends that open runs look at in this pass. */
  inPlay: ReadonlySet<IdKey>;
  /** When health was asked for within the last minute. */
  recentAsks: readonly number[];
}

/**
 * The frontends to ask now, most urgent first and the longest unasked before others, so that a ceiling below the
 * number of frontends rotates through them all.
 */
export function healthDue(input: DueInput, settings: LoopSettings): FrontendRow[] {
  const { now } = input;
  const room = settings.healthPerMinute - input.recentAsks.filter((at) => at <= now && now - at < 60_000).length;
  if (room <= 0) return [];
  const announced = new Set(
    input.runs.flatMap((run) => (run.confirmation?.state === 'pending' ? run.confirmation.frontendIds.map(idKey) : [])),
  );
  const urgency = (row: FrontendRow): number => {
    // Asked in the future: before the clock was set back.
    const age = row.askedAt > now ? Number.POSITIVE_INFINITY : now - row.askedAt;
    if (announced.has(idKey(row.frontendId))) return age > 0 ? 0 : 9;
    if (input.inPlay.has(idKey(row.frontendId)) && age >= FRESH_MS) return 1;
    return row.mirror && age >= settings.watchSeconds * 1000 ? 2 : 9;
  };
  return input.frontends
    .filter((row) => row.healthRuleId !== undefined)
    .map((row) => ({ row, urgency: urgency(row) }))
    .filter((item) => item.urgency < 9)
    .sort((a, b) => a.urgency - b.urgency || a.row.askedAt - b.row.askedAt || compare(a.row, b.row))
    .slice(0, room)
    .map((item) => item.row);
}

const compare = (a: FrontendRow, b: FrontendRow): number => (idKey(a.frontendId) < idKey(b.frontendId) ? -1 : 1);

/** Health by frontend, as evaluate takes it. */
export function healthOf(rows: readonly FrontendRow[]): HealthMap {
  const map = new Map<IdKey, FrontendHealth>();
  for (const row of rows) {
    map.set(idKey(row.frontendId), {
      frontendId: row.frontendId,
      state: row.knownAt > 0 ? 'known' : 'unknown',
      backends: row.backends,
      at: row.knownAt,
    });
  }
  return map;
}

/** A primary that health shows elsewhere than before. */
export interface Move {
  row: FrontendRow;
  from: string;
  /** Since when it had been there; 0 when that is not known. */
  since: number;
}

/** Writes answers into the frontends' rows; returns the mirrors whose primary moved. */
export function takeHealth(draft: Draft): Move[] {
  const moves: Move[] = [];
  for (const [key, answer] of draft.observed.health) {
    const row = draft.frontends.get(key);
    if (!row) continue;
    row.askedAt = draft.now;
    draft.frontends.touch(row);
    if (answer.kind !== 'known') {
      draft.log.push({
        level: 'warn',
        step: 'health-unknown',
        fields: {
          frontendId: row.frontendId,
          why: answer.kind === 'failed' ? answer.error.message : 'not finished in time',
        },
      });
      continue;
    }
    row.knownAt = draft.now;
    row.backends = answer.backends;
    const primary = soleHealthy(answer.backends);
    if (!primary || primary.address === row.primaryAddress) continue;
    const from = row.primaryAddress;
    if (from !== undefined && row.mirror) moves.push({ row, from, since: row.primarySince ?? 0 });
    row.primaryAddress = primary.address;
    row.primarySince = draft.now;
  }
  return moves;
}

/** A move that no failover run has announced makes a run of its own. To be called once those are known by frontend. */
export function tellMove(draft: Draft, { row, from, since }: Move): void {
  const to = row.primaryAddress ?? '';
  const explained = draft.runs
    .all()
    .some(
      (run) =>
        run.signal === 'failover' &&
        (isOpen(run) || draft.now - (run.settledAt ?? 0) < EXPLAINED_MS) &&
        run.confirmation?.frontendIds.some((id) => idKey(id) === idKey(row.frontendId)),
    );
  draft.log.push({
    level: 'info',
    step: 'primary-moved',
    fields: { frontendId: row.frontendId, vip: row.vip, from, to, explained },
  });
  if (explained) return;
  // Named by the primary that it moved away from: a loop killed before the frontend's row was written finds the same run.
  const runId = runIdOf('primaryMoved', idKey(row.frontendId), from, String(since), to);
  if (draft.runs.get(runId)) return;
  draft.runs.add(
    acceptedRun({
      subscriptionId: draft.observed.subscriptionId,
      runId,
      signal: 'primaryMoved',
      scope: [{ kind: 'frontend', id: row.frontendId }],
      mode: 'apply',
      dryRun: false,
      observedAt: draft.now,
    }),
  );
}

/** Keeps a row for every frontend in play, with the rule to ask; one that is gone has none. */
export function keepFrontends(draft: Draft, views: readonly FrontendView[]): void {
  const there = new Set(views.map((view) => idKey(view.id)));
  for (const row of draft.frontends.all()) {
    if (there.has(idKey(row.frontendId)) || row.healthRuleId === undefined) continue;
    delete row.healthRuleId;
    draft.frontends.touch(row);
  }
  for (const view of views) {
    const row = draft.frontends.get(idKey(view.id));
    if (!row) {
      draft.frontends.add(frontendRow(view));
      continue;
    }
    const { healthRuleId, vip, probeSeconds, mirror } = view;
    if (
      row.vip === vip &&
      row.healthRuleId === healthRuleId &&
      row.probeSeconds === probeSeconds &&
      row.mirror === mirror
    )
      continue;
    Object.assign(row, { vip, probeSeconds, mirror });
    if (healthRuleId === undefined) delete row.healthRuleId;
    else row.healthRuleId = healthRuleId;
    draft.frontends.touch(row);
  }
}

/** The row of a frontend that was never asked. */
const frontendRow = (view: FrontendView): FrontendRow => ({
  frontendId: view.id,
  vip: view.vip,
  probeSeconds: view.probeSeconds,
  mirror: view.mirror,
  backends: [],
  knownAt: 0,
  askedAt: 0,
  ...(view.healthRuleId === undefined ? {} : { healthRuleId: view.healthRuleId }),
});
