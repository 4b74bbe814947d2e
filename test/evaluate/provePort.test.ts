import test from 'ava';
import { provePort } from '../../shared/evaluate/provePort.ts';
import type { Rule } from '../../shared/model/topology.ts';

/** Rules as text: `tcp 1973>1972 mirror` is a TCP rule from 1973 to 1972 on the mirror's probe; `all` is HA ports. */
const choose = (rules: string[], tag?: string): number | string => {
  const parsed = rules.map((text, i): Rule & { mirror: boolean } => {
    const [protocol, ports = '0', probe] = text.split(' ');
    const [frontendPort, backendPort = frontendPort] = ports.split('>').map(Number);
    return {
      id: String(i),
      frontendId: 'f',
      poolIds: [],
      protocol: protocol as Rule['protocol'],
      frontendPort: frontendPort ?? 0,
      backendPort: backendPort ?? 0,
      floatingIp: false,
      mirror: probe === 'mirror',
    };
  });
  const choice = provePort(parsed, { rules: parsed, mirrorRules: parsed.filter(({ mirror }) => mirror) }, tag);
  return 'port' in choice ? choice.port : choice.missing;
};

const table: [why: string, rules: string[], tag: string | undefined, result: number | string][] = [
  ['the superserver port', ['tcp 1972 mirror'], undefined, 1972],
  ['the other superserver port', ['tcp 51773'], undefined, 51773],
  ['a superserver port of a pool that is no mirror', ['tcp 443', 'tcp 1972'], undefined, 1972],
  ['a superserver behind another port', ['tcp 4972>1972 mirror', 'tcp 443 mirror'], undefined, 4972],
  ['what listens counts before what is published', ['tcp 1972>6661', 'tcp 4972>1972'], undefined, 4972],
  [
    'what listens, also before a superserver port that is published',
    ['tcp 1972>1974', 'tcp 4972>1972'],
    undefined,
    4972,
  ],
  ['a published superserver port of a further instance', ['tcp 1972>1974 mirror', 'tcp 443 mirror'], undefined, 1972],
  ['a superserver port that leads to an HL7 port', ['tcp 1972>6661 mirror'], undefined, 'NO_SAFE_PORT'],
  ['1972 before 51773', ['tcp 51773 mirror', 'tcp 1972 mirror'], undefined, 1972],
  ['the mirror’s probe before a port', ['tcp 1972', 'tcp 51773 mirror'], undefined, 51773],
  ['the lowest of several ways to one superserver', ['tcp 5002>1972', 'tcp 5001>1972'], undefined, 5001],

  ['the article’s second mirror: its one rule', ['tcp 1973 mirror'], undefined, 1973],
  ['the same beside a web and an HL7 port', ['tcp 443 mirror', 'tcp 1973 mirror', 'tcp 6662 mirror'], undefined, 1973],
  ['a counted-up port of the other family', ['tcp 51774 mirror', 'tcp 443 mirror'], undefined, 51774],
  ['a port beyond those that people count up to', ['tcp 1980 mirror', 'tcp 443 mirror'], undefined, 'NO_SAFE_PORT'],
  ['the last port of those', ['tcp 1979 mirror', 'tcp 443 mirror'], undefined, 1979],
  ['the last one of the other family', ['tcp 51799 mirror', 'tcp 443 mirror'], undefined, 51799],
  ['one beyond the other family', ['tcp 51800 mirror', 'tcp 443 mirror'], undefined, 'NO_SAFE_PORT'],
  ['a port between the families', ['tcp 50000 mirror', 'tcp 443 mirror'], undefined, 'NO_SAFE_PORT'],
  ['two ways to one counted-up port', ['tcp 5001>1973 mirror', 'tcp 5002>1973 mirror'], undefined, 'NO_SAFE_PORT'],
  ['two counted-up ports: nobody knows which', ['tcp 1973 mirror', 'tcp 1974 mirror'], undefined, 'NO_SAFE_PORT'],
  ['a counted-up port that is not on the mirror’s probe', ['tcp 1973', 'tcp 443 mirror'], undefined, 'NO_SAFE_PORT'],
  ['a counted-up port of no mirror', ['tcp 1973'], undefined, 'NO_SAFE_PORT'],

  ['a mirror’s only rule, whatever its port', ['tcp 7001 mirror'], undefined, 7001],
  ['beside UDP it is still the only TCP rule', ['tcp 7001 mirror', 'udp 7001 mirror'], undefined, 7001],
  ['a mirror’s only rule on an HL7 port', ['tcp 6661 mirror'], undefined, 'NO_SAFE_PORT'],
  ['the first of the HL7 ports by habit', ['tcp 6660 mirror'], undefined, 'NO_SAFE_PORT'],
  ['the last of them', ['tcp 6669 mirror'], undefined, 'NO_SAFE_PORT'],
  ['one before them', ['tcp 6659 mirror'], undefined, 6659],
  ['one beyond them', ['tcp 6670 mirror'], undefined, 6670],
  ['an HL7 port that leads to another', ['tcp 6661>7001 mirror'], undefined, 'NO_SAFE_PORT'],
  ['a mirror’s only rule to IANA’s HL7 port', ['tcp 7001>2575 mirror'], undefined, 'NO_SAFE_PORT'],
  ['a mirror with two unknown ports', ['tcp 7001 mirror', 'tcp 7002 mirror'], undefined, 'NO_SAFE_PORT'],
  ['a mirror’s unknown port beside another pool’s', ['tcp 7001 mirror', 'tcp 443'], undefined, 'NO_SAFE_PORT'],
  ['the only rule of what is no mirror', ['tcp 443'], undefined, 'NO_SAFE_PORT'],

  ['a tag names the port', ['tcp 7001', 'tcp 7002'], '7002', 7002],
  ['a tag goes before a guess', ['tcp 1972 mirror', 'tcp 51773 mirror'], '51773', 51773],
  ['a tag may name an HL7 port: a person said so', ['tcp 6661 mirror'], '6661', 6661],
  ['a tag for several frontends', ['tcp 7002'], '7001, 7002', 7002],
  ['a tag with other marks between its ports', ['tcp 7003'], '7001;7002 ; 7003', 7003],
  ['the first port of a tag that a rule carries', ['tcp 7002', 'tcp 7003'], '7001 7003 7002', 7003],
  ['the least port', ['all 0'], '1', 1],
  ['the largest port', ['all 0'], '65535', 65535],
  ['a port beyond the largest', ['all 0'], '65536', 'NO_SAFE_PORT'],
  ['a tag with more around its ports', ['all 0'], '7001x x7001 07001 700100', 'NO_SAFE_PORT'],
  ['a tag that names no rule’s frontend port', ['tcp 7001>7002'], '7002', 'NO_SAFE_PORT'],
  ['a tag that names a UDP rule', ['udp 7001', 'tcp 443'], '7001', 'NO_SAFE_PORT'],
  ['a tag that is no port', ['tcp 1972'], '-1 99999 1e3 0x7b abc', 1972],

  ['HA ports of a mirror', ['all 0 mirror'], undefined, 1972],
  ['HA ports of a mirror with a tag', ['all 0 mirror'], '1973', 1973],
  ['HA ports of what is no mirror, a firewall say', ['all 0'], undefined, 'NO_SAFE_PORT'],
  ['HA ports of what is no mirror with a tag', ['all 0'], '443', 443],
  ['HA ports beside a superserver rule', ['all 0 mirror', 'tcp 51773 mirror'], undefined, 51773],

  ['UDP only', ['udp 514'], undefined, 'UDP_ONLY'],
  ['UDP only, with a tag', ['udp 514'], '514', 'UDP_ONLY'],
  ['a protocol of tomorrow', ['unknown 443 mirror'], undefined, 'UDP_ONLY'],
  ['no rule', [], undefined, 'UDP_ONLY'],
  ['a TCP rule with no port', ['tcp 0 mirror'], undefined, 'UDP_ONLY'],
];

for (const [why, rules, tag, result] of table) {
  test(`${why}: ${rules.join(', ') || 'none'}${tag === undefined ? '' : `, tag ${tag}`} -> ${result}`, (t) => {
    t.is(choose(rules, tag), result);
    t.is(choose(rules.toReversed(), tag), result, 'whatever the order of rules');
  });
}
