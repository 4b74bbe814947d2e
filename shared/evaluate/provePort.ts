/**
 * The port to prove: a bare connect goes there from every member, so it must be a port where a connect harms nobody.
 * A superserver takes any number of connections. A port that takes a single connection (HL7 over MLLP) would lose
 * its real client, so nothing is guessed: where no rule is known to lead to a superserver, a person must say.
 */
import type { Rule } from '../model/topology.ts';
import type { FrontendInPlay } from './frontends.ts';

/** InterSystems' superserver ports: of a first instance, and where installers begin when 1972 is taken. */
const SUPERSERVER = [1972, 51773] as const;

/** Ports that people and installers count up to for further instances on one VM (the article's second mirror: 1973). */
const isCountedUp = (port: number): boolean => (port > 1972 && port <= 1979) || (port > 51773 && port <= 51799);

/** IANA's port for HL7 and the 666x that HL7 engines use by habit. */
const isHl7 = (port: number): boolean => port === 2575 || (port >= 6660 && port <= 6669);

export type PortChoice = { port: number } | { missing: 'UDP_ONLY' | 'NO_SAFE_PORT' };

/**
 * Chooses the port to prove among rules of one frontend (all that do not float, or those that lead to one member), in
 * this order:
 * 1. a port of the load balancer's tag (`1973`, or several: `1972, 1973`) that a TCP or HA ports rule carries;
 * 2. a rule to a superserver port by its backend port, then by its frontend port: 1972 before 51773;
 * 3. of a mirror: its one rule to a port counted up from those (1973 to 1979, 51774 to 51799);
 * 4. of a mirror whose frontend has no other TCP rule: that rule, unless it leads to a port of HL7;
 * 5. of a mirror with HA ports: 1972.
 * A rule counts as a mirror's when it is on the mirror's own probe, since only that leads to the primary and nobody
 * else; in 2 such a rule goes before any other.
 */
export function provePort(
  rules: readonly Rule[],
  frontend: Pick<FrontendInPlay, 'rules' | 'mirrorRules'>,
  tag: string | undefined,
): PortChoice {
  const tcp = rules.filter(isTcp);
  const anyPort = rules.some((rule) => rule.protocol === 'all');
  if (tcp.length === 0 && !anyPort) return { missing: 'UDP_ONLY' };

  const tagged = portsOf(tag).find((port) => anyPort || tcp.some((rule) => rule.frontendPort === port));
  if (tagged !== undefined) return { port: tagged };

  const mirrored = tcp.filter((rule) => frontend.mirrorRules.includes(rule));
  const known = knownPort(mirrored) ?? knownPort(tcp);
  if (known !== undefined) return { port: known };

  const counted = onlyPort(mirrored.filter((rule) => isCountedUp(rule.backendPort)));
  if (counted !== undefined) return { port: counted };

  const alone = frontend.rules.filter(isTcp).length === 1;
  const single = alone ? mirrored[0] : undefined;
  if (single && !isHl7(single.frontendPort) && !isHl7(single.backendPort)) return { port: single.frontendPort };

  if (frontend.mirrorRules.some((rule) => rule.protocol === 'all' && rules.includes(rule)))
    return { port: SUPERSERVER[0] };
  return { missing: 'NO_SAFE_PORT' };
}

function knownPort(rules: readonly Rule[]): number | undefined {
  for (const side of ['backendPort', 'frontendPort'] as const) {
    for (const port of SUPERSERVER) {
      const matching = rules
        .filter((rule) => rule[side] === port && !isHl7(rule.backendPort))
        .map((rule) => rule.frontendPort);
      if (matching.length > 0) return Math.min(...matching);
    }
  }
  return undefined;
}

/** The frontend port that all rules share; undefined with none or several. */
function onlyPort(rules: readonly Rule[]): number | undefined {
  const ports = new Set(rules.map((rule) => rule.frontendPort));
  return ports.size === 1 ? rules[0]?.frontendPort : undefined;
}

const isTcp = (rule: Rule): boolean => rule.protocol === 'tcp' && isPort(rule.frontendPort);
const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65535;

/** The ports in a tag's text; anything else in it is passed over. */
const portsOf = (tag: string | undefined): number[] =>
  (tag ?? '')
    .split(/[\s,;]+/)
    .filter((word) => /^[1-9][0-9]{0,4}$/.test(word))
    .map(Number)
    .filter(isPort);
