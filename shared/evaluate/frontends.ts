/** Which frontends are in play: those of Standard internal load balancers with rules that translate the destination. */

import { addressNumber, compareText } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { ListedFinding } from '../model/path.ts';
import { type Scope, scopeRule } from '../model/scope.ts';
import type { FrontendIp, LoadBalancer, Pool, Probe, Rule, Topology } from '../model/topology.ts';
import { IdLookup } from './idLookup.ts';
import { byId } from './indexTopology.ts';
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
  rules: Rule[];
  isMirrorRule: (rule: Rule) => boolean;
  /** True when its load balancer lies outside the configured scope. */
  isOutside: boolean;
  /** True when one of the rules is on a mirror's probe. */
  mirror: boolean;
  /** One rule for each pair of pools and probe: what health says of it holds for all rules of that pair. */
  served: Rule[];
  /** The one of them that tells who is primary, and how long its probe takes to turn, seconds. */
  healthRule?: Rule;
  probeSeconds: number;
  /** Findings that hold for every member. */
  findings: Finding[];
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
      const translating = rules.filter((rule) => !rule.floatingIp);
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
  known: Pick<FrontendInPlay, 'key' | 'loadBalancer' | 'frontend' | 'isOutside'>,
  rules: Rule[],
  { pools, probes }: Parts,
  scope: Scope,
): FrontendInPlay {
  const probesOf = rules.map(({ probeId }) => (probeId === undefined ? undefined : probes.get(probeId)));
  const mirrorRules = rules.filter((_, i) => isMirrorProbe(probesOf[i]));
  const isMirrorRule = (rule: Rule) => mirrorRules.includes(rule);
  const probed = rules.filter((rule) => rule.probeId !== undefined);
  const healthRule =
    probed.find((rule) => isMirrorRule(rule) && rule.protocol !== 'udp') ??
    probed.find(isMirrorRule) ??
    probed.find((rule) => rule.protocol !== 'udp') ??
    probed[0];
  const probe = healthRule && probesOf[rules.indexOf(healthRule)];
  const vip = known.frontend.address ?? '';
  return {
    ...known,
    vip,
    pools,
    rules,
    isMirrorRule,
    mirror: mirrorRules.length > 0,
    served: servedAlike(healthRule ? [healthRule, ...rules] : rules),
    ...defined({ healthRule }),
    probeSeconds: probe ? probe.intervalSeconds * probe.threshold : 0,
    findings: addressFindings(vip, scope).concat(probed.length > 0 ? [] : finding('NO_PROBE', { vip })),
  };
}

/** The first rule of each pair of pools and probe. */
function servedAlike(rules: readonly Rule[]): Rule[] {
  if (rules.every((rule) => rule === rules[0])) return rules.slice(0, 1);
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
