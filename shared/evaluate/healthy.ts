/** What counts as a healthy backend, who is the one, and who gets connections: two questions. */
import type { BackendHealth } from '../model/topology.ts';

/**
 * True when a probe saw the backend answer. `Up_Admin` (a person said so) and `Up_Probe_AllDownIsUp` (nobody
 * answers, so everybody counts) are up without that.
 */
export const isEvidence = (backend: BackendHealth): boolean =>
  backend.up && !/^up_(admin|probe_alldownisup)$/i.test(backend.reason);

/**
 * True when the load balancer gives a backend new connections: whatever the reason is for which it counts as up, so also
 * by admin state and when all are down (learn.microsoft.com, "Azure Load Balancer health status" and "admin state").
 */
export const getsFlows = ({ up, reason }: BackendHealth): boolean => up || /^up_/i.test(reason);

/** True while a person holds a backend down. */
export const isHeldDown = (backend: BackendHealth): boolean => !backend.up && /^down_admin$/i.test(backend.reason);

/** The healthy backend, when there is exactly one. */
export function soleHealthy(backends: readonly BackendHealth[]): BackendHealth | undefined {
  const healthy = backends.filter(isEvidence);
  return healthy.length === 1 ? healthy[0] : undefined;
}
