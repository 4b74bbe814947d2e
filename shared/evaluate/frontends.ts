/** Which frontends are in play: those of Standard internal load balancers with rules that translate the destination. */

import { addressNumber, compareText } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { ListedFinding } from '../model/path.ts';
import { type Scope, scopeRule } from '../model/scope.ts';
import type { FrontendIp, LoadBalancer, Pool, Probe, Rule, Topology } from '../model/topology.ts';
import { IdLookup } from './idLookup.ts';
import { byId } from './indexTopology.ts';
import { joined, passing } from './lists.ts';
import { addressFindings, isOptedOut } from './touchable.ts';

/** A frontend whose members are to be evaluated. */
export interface FrontendInPlay {
  key: IdKey;
  loadBalancer: LoadBalancer;
  frontend: FrontendIp;
  vip: string;
  /** The pools of its load balancer. */
  pools: IdLookup<Pool>;
  /** Its rules that do not float, by port and id. */
  rules: readonly Rule[];
  /** Those of them that are on a mirror's probe. */
  mirrorRules: readonly Rule[];
  /** True when there is one. */
  mirror: boolean;
  /** True when its load balancer lies outside the configured scope. */
  isOutside: boolean;
  /** One rule for each pair of pools and probe: what health says of it holds for all rules of that pair. */
  served: readonly Rule[];
  /** The one of them that tells who is primary, and how long its probe takes to turn, seconds. */
  healthRule: Rule | undefined;
  probeSeconds: number;
  /** Findings that hold for every member. */
  findings: readonly Finding[];
}

/** A mirror's probe answers 200 on the primary alone: `/csp/mirror_status.cxw` and the like under a prefix. */
const MIRROR_PATH = /mirror_status\.cxw(?:\?.*)?$/i;

/** The frontends in play by VIP, and what is listed of those that are not. */
export function frontendsInPlay(
  topology: Topology,
  scope: Scope,
): { inPlay: FrontendInPlay[]; listed: ListedFinding[] } {
  const inPlay = new Map<IdKey, FrontendInPlay>();
  const listed: ListedFinding[] = [];
  const seen = new Set<IdKey>();
  const isInScope = scopeRule(scope);
  for (const loadBalancer of topology.loadBalancers) {
    const key = idKey(loadBalancer.id);
    if (loadBalancer.sku.toLowerCase() !== 'standard' || seen.has(key)) continue;
    seen.add(key);
    const parts = partsOf(loadBalancer);
    const isOutside = !isInScope(key);
    for (const { key: frontendKey, frontend, rules } of internalFrontends(loadBalancer)) {
      const out = whyNotInPlay(loadBalancer, frontend, rules, scope);
      if (out) {
        listed.push(out);
        continue;
      }
      const translating = passing(rules, (rule) => !rule.floatingIp);
      const described = describe({ key: frontendKey, loadBalancer, frontend, isOutside }, translating, parts, scope);
      inPlay.set(frontendKey, described);
    }
  }
  return {
    inPlay: byVip([...inPlay.values()]),
    listed,
  };
}

/** In order of their VIPs; each is read as a number once. */
function byVip(frontends: FrontendInPlay[]): FrontendInPlay[] {
  const numbered = frontends.map((frontend) => ({ frontend, number: addressNumber(frontend.vip) }));
  numbered.sort(
    (a, b) =>
      a.number - b.number || compareText(a.frontend.vip, b.frontend.vip) || compareText(a.frontend.key, b.frontend.key),
  );
  return numbered.map(({ frontend }) => frontend);
}

/** What a load balancer's rules refer to. */
interface Parts {
  pools: IdLookup<Pool>;
  probes: IdLookup<Probe>;
}

const partsOf = ({ pools, probes }: LoadBalancer): Parts => ({
  pools: new IdLookup(pools),
  probes: new IdLookup(probes),
});

/** Frontends with an address in a subnet (public ones have neither) that at least one rule serves. */
function internalFrontends(loadBalancer: LoadBalancer): { key: IdKey; frontend: FrontendIp; rules: Rule[] }[] {
  const frontends = new IdLookup(loadBalancer.frontends);
  const rulesOf = Map.groupBy(loadBalancer.rules, (rule) => frontends.get(rule.frontendId));
  return loadBalancer.frontends
    .filter((frontend) => frontend.address !== undefined || frontend.subnetId !== undefined)
    .map((frontend) => ({ key: idKey(frontend.id), frontend, rules: (rulesOf.get(frontend) ?? []).sort(byPort) }))
    .filter(({ rules }) => rules.length > 0);
}

function whyNotInPlay(
  loadBalancer: LoadBalancer,
  frontend: FrontendIp,
  rules: Rule[],
  scope: Scope,
): ListedFinding | undefined {
  const vip = frontend.address ?? frontend.id;
  if (isOptedOut(loadBalancer.tags, scope)) {
    return { id: loadBalancer.id, finding: finding('OPTED_OUT', { id: loadBalancer.id }) };
  }
  if (frontend.version === 'IPv6') return { id: frontend.id, finding: finding('IPV6_FRONTEND', { vip }) };
  if (rules.every((rule) => rule.floatingIp)) return { id: frontend.id, finding: finding('FLOATING_IP', { vip }) };
  return undefined;
}

function describe(
  { key, loadBalancer, frontend, isOutside }: Pick<FrontendInPlay, 'key' | 'loadBalancer' | 'frontend' | 'isOutside'>,
  rules: readonly Rule[],
  { pools, probes }: Parts,
  scope: Scope,
): FrontendInPlay {
  const probeOf = ({ probeId }: Rule) => (probeId === undefined ? undefined : probes.get(probeId));
  const mirrorRules = passing(rules, (rule) => isMirrorProbe(probeOf(rule)));
  const healthRule = chooseHealthRule(mirrorRules) ?? chooseHealthRule(rules);
  const probe = healthRule && probeOf(healthRule);
  const vip = frontend.address ?? '';
  return {
    key,
    loadBalancer,
    frontend,
    isOutside,
    vip,
    pools,
    rules,
    mirrorRules,
    mirror: mirrorRules.length > 0,
    healthRule,
    served: servedAlike(healthRule && healthRule !== rules[0] ? [healthRule, ...rules] : rules),
    probeSeconds: probe ? probe.intervalSeconds * probe.threshold : 0,
    findings: joined(addressFindings(vip, scope), healthRule ? [] : [finding('NO_PROBE', { vip })]),
  };
}

/** A rule with a probe, rather not one for UDP. */
function chooseHealthRule(rules: readonly Rule[]): Rule | undefined {
  const probed = rules.filter(({ probeId }) => probeId !== undefined);
  return probed.find(({ protocol }) => protocol !== 'udp') ?? probed[0];
}

/** The first rule of each pair of pools and probe. */
function servedAlike(rules: readonly Rule[]): readonly Rule[] {
  if (rules.length === 1) return rules;
  const pairs = new Map<string, Rule>();
  for (const rule of rules) {
    const pair = [rule.probeId === undefined ? '' : idKey(rule.probeId), ...rule.poolIds.map(idKey).sort()].join(' ');
    if (!pairs.has(pair)) pairs.set(pair, rule);
  }
  return [...pairs.values()];
}

const isMirrorProbe = (probe: Probe | undefined): boolean =>
  (probe?.protocol === 'http' || probe?.protocol === 'https') && MIRROR_PATH.test(probe.path ?? '');

const byPort = (a: Rule, b: Rule): number => a.frontendPort - b.frontendPort || byId(a, b);
