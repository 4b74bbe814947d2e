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

/**
 * The addresses of the one member that is healthy, when there is exactly one: of all healthy backends, by `together`, which
 * names the addresses of each member that has several.
 */
export function soleHealthy(
  backends: readonly BackendHealth[],
  together: readonly (readonly string[])[] = [],
): readonly string[] | undefined {
  const healthy = [...new Set(backends.filter(isEvidence).map(({ address }) => address))];
  const [first] = healthy;
  if (first === undefined) return undefined;
  const own = together.find((addresses) => addresses.includes(first)) ?? [first];
  return healthy.every((address) => own.includes(address)) ? own : undefined;
}
