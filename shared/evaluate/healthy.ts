/** What counts as a healthy backend, and who is the one. */
import type { BackendHealth } from '../model/topology.ts';

/**
 * True when a probe saw the backend answer. `Up_Admin` (a person said so) and `Up_Probe_AllDownIsUp` (nobody
 * answers, so everybody counts) are up without that.
 */
export const isEvidence = (backend: BackendHealth): boolean =>
  backend.up && !/^up_(admin|probe_alldownisup)$/i.test(backend.reason);

/** The healthy backend, when there is exactly one. */
export function soleHealthy(backends: readonly BackendHealth[]): BackendHealth | undefined {
  const healthy = backends.filter(isEvidence);
  return healthy.length === 1 ? healthy[0] : undefined;
}
