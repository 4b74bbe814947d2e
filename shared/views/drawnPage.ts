/** An estate that was looked at from outside, as the page in one file: nothing is asked of an app. */

import type { EstateReading } from '../model/estateReading.ts';
import { idKey } from '../model/ids.ts';
import type { Judged } from './assessment.ts';
import { savedPage } from './dashboard.ts';
import { estateView, NO_ROWS } from './estate.ts';
import { type TraceView, traceView } from './trace.ts';

/** Traces are in the file for so many paths, the worst first: each is some KB. */
const MOST_TRACES = 1000;

/** The page. Throws the file system's error where it was not built (`npm run page`). */
export function drawnPage(observed: EstateReading, { surveyed, evaluation, ends }: Judged): Promise<string> {
  const estate = estateView(
    {
      observed,
      heard: observed.heard,
      listedAt: observed.at,
      evaluation,
      ...NO_ROWS,
    },
    'enforce',
  );
  const traces: Record<string, TraceView> = {};
  const worst = estate.groups.flatMap(({ vms, frontends }) =>
    vms.flatMap((vm) => vm.paths.map((path) => ({ vm, frontend: frontends[path.frontend] }))),
  );
  const byIds = new Map(evaluation.paths.map((path) => [`${path.vmKey} ${path.frontendKey}`, path]));
  for (const { vm, frontend } of worst.slice(0, MOST_TRACES)) {
    if (!frontend) continue;
    const path = byIds.get(`${idKey(vm.id)} ${idKey(frontend.id)}`);
    const trace =
      path && traceView(observed, surveyed, evaluation, { vm: path.vmKey, frontend: path.frontendKey }, ends);
    if (trace) traces[`${vm.id} ${frontend.id}`] = trace;
  }
  return savedPage({ estate, traces });
}
