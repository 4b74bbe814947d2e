/** Which ports of all a security group ends. */
import test from 'ava';
import { portsEnded } from '../../shared/evaluate/portsEnded.ts';
import { type RuleSpec, securityRule } from '../helpers/securityRule.ts';

const ended = (...rules: RuleSpec[]): string =>
  portsEnded({
    direction: 'inbound',
    protocol: 'tcp',
    source: { address: '10.0.1.11' },
    destination: { address: '10.0.1.10' },
    group: { id: '/nsg', rules: rules.map(securityRule) },
  }).join(' ');
const deny = (...destinationPorts: string[]): RuleSpec => ({ id: 'd', destinationPorts });
const allow = (...destinationPorts: string[]): RuleSpec => ({ ...deny(...destinationPorts), id: 'a', access: 'allow' });

const CASES: [what: string, rules: RuleSpec[], ports: string][] = [
  ['no rule', [], ''],
  ['all', [deny('*')], '1-65535'],
  ['one port', [deny('1972')], '1972'],
  ['the first and the last', [deny('1', '65535')], '1 65535'],
  ['0 is no port', [deny('0')], ''],
  ['from 0 on', [deny('0-22')], '1-22'],
  ['spans and ports, in order', [deny('80-90', '22')], '22 80-90'],
  ['spans side by side are one', [deny('80-90', '91-99', '100')], '80-100'],
  ['spans over one another are one', [deny('80-90', '85-99')], '80-99'],
  ['spans of several rules', [deny('80'), { ...deny('81'), id: 'e' }], '80-81'],
  ['what is allowed ahead is left', [allow('1972', '50000-50010'), deny('*')], '1-1971 1973-49999 50011-65535'],
  ['allowed up to the end', [allow('100-65535'), deny('*')], '1-99'],
  ['blanks', [deny(' 80 - 90 ', ' 22 ')], '22 80-90'],
  ['of another source', [{ ...deny('22'), sources: ['10.0.1.12'] }], ''],
  ['of another protocol', [{ ...deny('22'), protocol: 'udp' }], ''],
  ['what may be ended', [{ ...deny('22'), sourcePorts: ['50000'] }], '22'],
  ['what cannot be read may be about any port', [deny('http')], '1-65535'],
];
for (const [what, rules, ports] of CASES) test(what, (t) => t.is(ended(...rules), ports));
