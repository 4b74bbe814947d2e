/** Random things done to vm-a: parts of the recipe, other people's routes and rules, disturbances. */
import fc from 'fast-check';
import { articleRoute, ON_A, PI_ON_A, PI_VIP, recipe, recipeFor, UCR_VIP } from '../steps.ts';

/** One command in the guest: `ip` or `sysctl` and its words. */
export type Step = string[];

export interface Scenario {
  steps: Step[];
  /** Who is primary of UCR. */
  primary: 'vm-a' | 'vm-b';
}

const pick = <T>(...list: T[]): fc.Arbitrary<T> => fc.constantFrom(...list);
const ip = (text: string): Step => ['ip', ...text.split(' ')];
/** Words of a command, some of them left out. */
const line = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<Step> =>
  fc.tuple(...parts).map((words) => words.join(' ').split(' ').filter(Boolean));

const DEVICE = pick('eth0', 'eth1');
const ADDRESSES = ['10.0.1.10', '10.0.1.11'];
const TABLES = ['local', 'main', '7201', '7202'];

const destination = pick(
  ...[UCR_VIP, PI_VIP, ...ADDRESSES, '10.0.1.20'].map((it) => `${it}/32`),
  ...['10.0.1.0/24', '10.0.1.96/29', 'default', '0.0.0.0/1'],
);
const routeWords = [
  destination,
  pick('via 10.0.1.1', 'via 10.0.1.1', 'via 10.0.1.1', '', 'via 10.0.1.20', 'via 10.0.7.7'),
  pick('dev eth0', 'dev eth1', 'dev eth1', ''),
  pick('', '', 'src 10.0.1.10', 'src 10.0.1.11', 'src 10.9.9.9'),
  pick('', 'metric 50', 'metric 100', 'metric 200'),
  pick('', '', 'table 7201', 'table 7202'),
  pick('', 'proto 201', 'proto static'),
];
const deadEnd = line(
  pick('ip route add'),
  pick('blackhole', 'unreachable', 'prohibit', 'throw'),
  destination,
  pick('', 'table 7201', 'table 7202'),
);
const ruleWords = [
  pick('pref 0', 'pref 0', 'pref 1', 'pref 2', 'pref 100', 'pref 32766', ''),
  pick('', '', '', 'not'),
  pick('', 'from all', 'from 10.0.1.10', 'from 10.0.1.11', 'from 0.0.0.0/32', 'from 10.0.1.0/24'),
  pick('', '', `to ${UCR_VIP}`, 'to 10.0.1.11', 'to 10.0.1.10', 'to 10.0.1.0/24', 'to 10.0.1.20'),
  pick('', '', 'iif lo', 'iif eth0', 'iif eth1', 'iif eth7'),
  fc.oneof(
    { weight: 8, arbitrary: pick(...TABLES).map((it) => `lookup ${it}`) },
    { weight: 1, arbitrary: pick('unreachable', 'prohibit', 'blackhole') },
    { weight: 2, arbitrary: pick('goto 1', 'goto 100', 'goto 32765', 'goto 32766') },
  ),
  pick('', '', '', 'suppress_prefixlength 0', 'suppress_prefixlength 24'),
  pick('', 'protocol 201'),
];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: line(pick('ip route add', 'ip route add', 'ip route replace', 'ip route append'), ...routeWords),
  },
  { weight: 2, arbitrary: line(pick('ip route del'), ...routeWords) },
  { weight: 1, arbitrary: deadEnd },
  { weight: 4, arbitrary: line(pick('ip rule add'), ...ruleWords) },
  { weight: 1, arbitrary: line(pick('ip rule del'), ...ruleWords) },
  { weight: 1, arbitrary: line(pick('ip rule del pref'), pick('0', '1', '2', '100', '32766')) },
  { weight: 2, arbitrary: line(pick('ip link set'), DEVICE, pick('down', 'up')) },
  {
    weight: 2,
    arbitrary: line(
      pick('ip address add', 'ip address del'),
      pick('10.0.1.10/24', '10.0.1.11/24', '10.0.1.12/24', '10.0.1.12/32', '10.0.1.100/32'),
      pick('dev eth0', 'dev eth1', 'dev lo'),
      pick('', 'noprefixroute'),
    ),
  },
  {
    weight: 3,
    arbitrary: pick(
      ...['rule del pref 0 from 10.0.1.10', 'rule del pref 2 from 10.0.1.11', 'rule del pref 2 from 0.0.0.0/32'],
      ...[`route del ${UCR_VIP} table 7201`, 'route del 10.0.1.11 table 7202', 'rule add pref 0 lookup local'],
      ...['rule del protocol 201', 'rule del goto 32763', `rule del pref 0 not from 10.0.1.10 iif lo lookup local`],
      ...['rule del pref 0 lookup local', `route replace ${UCR_VIP} via 10.0.1.1 dev eth0 table 7201`],
    ).map(ip),
  },
  { weight: 1, arbitrary: pick(ip('route flush table 7201'), ip('route flush table main'), ip('rule flush')) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(pick('rp_filter', 'rp_filter', 'accept_local'), pick('all', 'eth0', 'eth1'), pick(0, 1, 2))
      .map(([name, device, value]) => ['sysctl', '-qw', `net.ipv4.conf.${device}.${name}=${value}`]),
  },
);

/** The rules of guard.sh for one pair: who is not let through a step goes on with the next. */
const steps = ({ vip, backend, via }: typeof ON_A): string[] => [
  `route add ${via}/32 via 10.0.1.1 dev eth0 proto 201 table 7202`,
  `rule add pref 32765 to ${via} iif lo lookup local protocol 201`,
  'rule add pref 32763 not from 0.0.0.0/32 iif lo goto 32765 protocol 201',
  'rule add pref 32764 lookup 7201 protocol 201',
  `rule add pref 32761 not from ${via} iif lo goto 32763 protocol 201`,
  'rule add pref 32762 lookup 7201 protocol 201',
  `rule add pref 32759 not from ${backend} to ${via} iif lo goto 32761 protocol 201`,
  'rule add pref 32760 lookup 7202 protocol 201',
  `rule add pref 0 not from ${backend} to ${via} iif lo lookup local protocol kernel`,
  'rule del pref 0 lookup local protocol kernel',
  `route replace ${vip}/32 via 10.0.1.1 dev eth1 src ${via} proto 201 table 7201`,
];

/** The recipe for UCR, for PI as the article has it, and for both where each NIC is backend for one of them. */
const RECIPES = [
  steps(ON_A),
  steps(ON_A),
  recipe(ON_A),
  recipe({ ...ON_A, vip: PI_VIP }),
  [...recipeFor(PI_ON_A, 7203), ...recipe(ON_A)],
];

/** Parts of a recipe in its order, most often all of it. */
const recipeSteps: fc.Arbitrary<Step[]> = fc
  .tuple(pick(...RECIPES), fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, fc.constant(true)))
  .chain(([lines, partly]) => (partly ? fc.subarray(lines.map(ip)) : fc.constant(lines.map(ip))));

/** Any number of things before, the recipe or the article's route or neither, and any number of things after. */
export const scenarios: fc.Arbitrary<Scenario> = fc
  .tuple(
    fc.array(step, { maxLength: 4 }),
    fc.oneof(
      { weight: 4, arbitrary: recipeSteps },
      { weight: 1, arbitrary: fc.constant([ip(articleRoute(ON_A))]) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
    fc.array(step, { maxLength: 4 }),
    pick<'vm-a' | 'vm-b'>('vm-a', 'vm-a', 'vm-b'),
  )
  .map(([before, middle, after, primary]) => ({ steps: [...before, ...middle, ...after], primary }));
