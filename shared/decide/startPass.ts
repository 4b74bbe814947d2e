/** How a pass begins: the rows that were read, to be worked on. */
import { isEvidence } from '../evaluate/healthy.ts';
import { idKey } from '../model/ids.ts';
import type { FrontendRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import { withKept } from './kept.ts';
import type { Observed, Pass } from './pass.ts';
import { Outcomes, Rows } from './rows.ts';

/** Begins a pass; what was observed stays as it is. */
export function startPass(seen: Observed, settings: LoopSettings): Pass {
  const frontends = new Rows((frontend: FrontendRow) => idKey(frontend.frontendId), seen.frontends);
  const vms = new Rows((vm: VmRow) => idKey(vm.vmId), seen.vms);
  let healthy: Set<string> | undefined;
  return {
    seen,
    now: seen.now,
    settings,
    runs: new Rows((run) => run.runId, seen.runs),
    outcomes: new Outcomes(seen.outcomes),
    vms,
    frontends,
    news: new Rows((news) => idKey(news.subject), seen.news ?? []),
    survey: seen.survey && withKept(seen.survey, vms.readAll(), seen.now),
    healthyVips() {
      healthy ??= vipsWithEvidence(frontends.readAll());
      return healthy;
    },
    effects: [],
    handed: [],
    log: [],
  };
}

function vipsWithEvidence(rows: Iterable<FrontendRow>): Set<string> {
  const vips = new Set<string>();
  for (const row of rows) if (row.backends.some(isEvidence)) vips.add(row.vip);
  return vips;
}
