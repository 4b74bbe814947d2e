/** Rule health as Azure answers it, from the probes' states. */
import type { LabBackend, LabLies } from './lab.ts';
import type { Layout, LayoutRule } from './layout.ts';
import type { BackendState } from './probes.ts';

type StateOf = (probeKey: string) => BackendState | undefined;

/** The rule of that name. Throws when there is none. */
export function findRule(layout: Layout, loadBalancer: string, name: string): LayoutRule {
  const rule = layout.rules.find((it) => it.loadBalancer === loadBalancer && it.name === name);
  if (!rule) throw new Error(`rule is ${JSON.stringify(`${loadBalancer}/${name}`)}: the estate has no such IPv4 rule`);
  return rule;
}

/** The backends that get new flows: what counts as up, for whatever reason. */
export const healthyBackends = (rule: LayoutRule, stateOf: StateOf): string[] =>
  ruleHealth(rule, stateOf, {}).flatMap(({ address, up }) => (up ? [address] : []));

/**
 * What rule health says of a rule's backends. Admin states go before probes, and with no healthy backend all that are probed
 * may count as up (learn.microsoft.com, Azure Load Balancer: admin state, health probes, health status). A lie about a
 * member holds for the rules that have it.
 */
export function ruleHealth(rule: LayoutRule, stateOf: StateOf, lies: LabLies): LabBackend[] {
  const lied = rule.backends.some((it) => it.member !== undefined && it.member === lies.probeSays);
  const isUp = (probe: string | undefined) => probe !== undefined && (stateOf(probe)?.up ?? false);
  const allDown = rule.allDownIsUp && !rule.backends.some(({ probe, admin }) => admin === undefined && isUp(probe));
  return rule.backends.map(({ address, member, probe, admin }) => {
    const who = { address, ...(member !== undefined && { member }) };
    if (lied && member === lies.probeSays) return { ...who, up: true, reason: 'Up_Probe_Success' };
    if (lied) return { ...who, up: false, reason: 'Down_Probe_HttpStatusCodeError' };
    if (admin === 'Down') return { ...who, up: false, reason: 'Down_Admin' };
    if (admin === 'Up' || probe === undefined) return { ...who, up: true, reason: 'Up_Admin' };
    if (allDown) return { ...who, up: true, reason: 'Up_Probe_AllDownIsUp' };
    const state = stateOf(probe);
    return { ...who, up: state?.up ?? false, reason: state?.reason ?? 'Down_Probe_TcpConnectError' };
  });
}

/** What the probes do not see yet of the estate's primaries; undefined when they see all of it. */
export function unsettled(layout: Layout, stateOf: StateOf): string | undefined {
  for (const guest of layout.guests) {
    for (const instance of guest.instances) {
      const ports = new Set(
        [...instance.status, ...instance.listeners.filter((it) => it.primaryOnly)].map(portAndPath),
      );
      for (const probe of layout.probes) {
        if (probe.address !== instance.address || !ports.has(portAndPath(probe))) continue;
        const up = guest.running && instance.primary;
        if (stateOf(probe.key)?.up !== up)
          return `${instance.mirror} on ${guest.vm} is not ${up ? 'up' : 'down'} (${probe.key})`;
      }
    }
  }
  return undefined;
}

const portAndPath = (it: { port: number; path?: string; protocol?: string }): string =>
  `${it.port}${it.protocol === 'Tcp' ? '' : (it.path ?? '')}`;
