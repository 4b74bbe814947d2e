/** Rule health where no probe is sent: the mirror's primary is up, and nobody else. */
import type { Estate } from '../estate/estate.ts';
import { memberParts } from '../estate/ids.ts';
import type { LabBackend } from './lab.ts';

/** Health of a rule's pool. `primaries`: VM by mirror. Throws Error for a rule that the estate does not have. */
export function primaryHealth(
  estate: Estate,
  primaries: ReadonlyMap<string, string | undefined>,
  loadBalancer: string,
  ruleName: string,
): LabBackend[] {
  const lb = estate.loadBalancers.find((candidate) => candidate.name === loadBalancer);
  const rule = lb?.rules.find((candidate) => candidate.name === ruleName);
  const pool = lb?.pools.find((candidate) => candidate.name === rule?.pool);
  if (!pool) throw new Error(`the estate has no rule ${loadBalancer}/${ruleName}`);
  const mirror = estate.mirrors.find((m) => m.loadBalancer === loadBalancer && m.frontend === rule?.frontend);
  return pool.members.map((member) => {
    const { vm, nic, ip } = memberParts(member);
    const found = estate.vms.find((v) => v.name === vm)?.nics.find((n) => n.name === nic);
    const up = mirror !== undefined && primaries.get(mirror.name) === vm;
    const reason = up ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError';
    return { address: found?.ips.find((i) => i.name === ip)?.address ?? '', member, up, reason };
  });
}
