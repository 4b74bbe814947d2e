import test from 'ava';
import type { Machine } from '../../../../simulator/guests/model/machine.ts';
import { acceptsInput, lookup, routeConnect, routeOutput, UNBOUND } from '../../../../simulator/guests/model/route.ts';
import { articleRoute, ON_A, recipe, UCR_VIP } from '../steps.ts';
import { bootedMachine, ip } from './machines.ts';

const { backend, via } = ON_A;
const wayTo = (machine: Machine, source: string, destination: string): string => {
  const departure = routeConnect(machine, source, destination);
  return `${departure.source} ${departure.local ? 'inside' : departure.route.device}`;
};

test('unbound, a packet leaves by the route with the lowest metric and that route’s source', (t) => {
  const machine = bootedMachine();
  t.is(wayTo(machine, UNBOUND, '10.0.1.20'), '10.0.1.10 eth0');
  t.is(wayTo(machine, UNBOUND, '10.9.9.9'), '10.0.1.10 eth0');
  t.is(wayTo(machine, via, '10.0.1.20'), '10.0.1.11 eth0', 'a bound source does not choose the NIC');
  t.is(wayTo(machine, UNBOUND, via), '10.0.1.11 inside');
});

test('the article’s route sends to the VIP through eth1, and the reply stays inside', (t) => {
  const machine = bootedMachine(articleRoute(ON_A));
  t.is(wayTo(machine, UNBOUND, UCR_VIP), '10.0.1.11 eth1');
  t.is(wayTo(machine, backend, via), '10.0.1.10 inside');
});

test('with the recipe the reply goes to the wire, and a connect is looked up twice to the same end', (t) => {
  const machine = bootedMachine(...recipe(ON_A));
  t.is(wayTo(machine, UNBOUND, UCR_VIP), '10.0.1.11 eth1');
  t.is(wayTo(machine, backend, via), '10.0.1.10 eth0');
  t.is(wayTo(machine, backend, UCR_VIP), '10.0.1.10 eth0', 'bound to the backend address nothing changes');
  ip(machine, 'rule del pref 2 from 10.0.1.11');
  t.is(
    wayTo(machine, UNBOUND, UCR_VIP),
    '10.0.1.11 eth0',
    'the second lookup, with the source of the first, goes wrong',
  );
});

for (const rpFilter of [0, 1, 2])
  test(`the own packet that comes back is a martian without steering, with rp_filter ${rpFilter}`, (t) => {
    const machine = bootedMachine(articleRoute(ON_A));
    machine.rpFilter.set('all', rpFilter).set('eth0', rpFilter).set('eth1', rpFilter);
    t.false(acceptsInput(machine, 'eth0', via, backend));
    ip(machine, `route del ${UCR_VIP}`);
    for (const line of recipe(ON_A)) ip(machine, line);
    t.true(acceptsInput(machine, 'eth0', via, backend), 'with steering it is none');
    t.true(acceptsInput(machine, 'eth1', UCR_VIP, via), 'nor is the load balancer’s answer');
  });

test('rp_filter 1 wants the best way back through the same NIC, 2 any way, 0 none', (t) => {
  const machine = bootedMachine();
  const answers = [1, 2, 0].map((value) => {
    machine.rpFilter.set('all', value).set('eth1', value);
    return acceptsInput(machine, 'eth1', '10.0.1.20', via);
  });
  t.deepEqual(answers, [false, true, true], 'the best way back to 10.0.1.20 is eth0');
  machine.rpFilter.set('all', 0).set('eth1', 1);
  t.false(acceptsInput(machine, 'eth1', '10.0.1.20', via), 'the larger of all and the NIC’s own counts');
});

test('accept_local lets the own packet in where the filter is off', (t) => {
  const machine = bootedMachine();
  machine.rpFilter.set('all', 0).set('eth0', 0);
  t.false(acceptsInput(machine, 'eth0', via, backend));
  machine.acceptLocal.set('all', 1);
  t.true(acceptsInput(machine, 'eth0', via, backend));
});

test('a packet for somebody else is not taken', (t) => {
  t.false(acceptsInput(bootedMachine(), 'eth0', '10.0.1.20', '10.0.1.99'));
});

test('rules: not, to, iif, dead ends, suppress_prefixlength', (t) => {
  const found = (lines: string[], flow: Partial<Parameters<typeof lookup>[1]> = {}) => {
    const { route, error } = lookup(bootedMachine(...lines), {
      source: UNBOUND,
      destination: '10.0.1.20',
      iif: 'lo',
      ...flow,
    });
    return error ?? route.device;
  };
  t.is(found(['rule add pref 5 to 10.0.1.20 unreachable']), 'ENETUNREACH');
  t.is(found(['rule add pref 5 to 10.0.1.20 prohibit']), 'EACCES');
  t.is(found(['rule add pref 5 iif eth0 to 10.0.1.20 prohibit']), 'eth0');
  t.is(found(['rule add pref 5 not to 10.0.1.20 prohibit']), 'eth0');
  t.is(found(['rule add pref 5 not to 10.0.1.21 prohibit']), 'EACCES');
  t.is(found(['route add default via 10.0.1.1 dev eth1 table 7201', 'rule add pref 5 lookup 7201']), 'eth1');
  const suppressed = [
    'route add default via 10.0.1.1 dev eth1 table 7201',
    'rule add pref 5 lookup 7201 suppress_prefixlength 0',
  ];
  t.is(found(suppressed), 'eth0');
  t.is(found(['route add throw 10.0.1.20 table 7201', 'rule add pref 5 lookup 7201']), 'eth0');
  t.is(found(['route add blackhole 10.0.1.20 table 7201', 'rule add pref 5 lookup 7201']), 'EINVAL');
});

test('until a rule changes, a longer prefix of main comes before a shorter one of local', (t) => {
  const lines = ['address add 10.0.1.10/24 dev lo', articleRoute(ON_A)];
  t.is(wayTo(bootedMachine(...lines), UNBOUND, UCR_VIP), '10.0.1.11 eth1');
  t.is(wayTo(bootedMachine(...lines, 'rule add pref 9 lookup 99'), UNBOUND, UCR_VIP), '10.0.1.10 inside');
});

test('a source that is not the machine’s own cannot send', (t) => {
  t.throws(() => routeOutput(bootedMachine(), '10.9.9.9', UCR_VIP), { message: 'Network is unreachable' });
  t.throws(() => routeOutput(bootedMachine(), '127.0.0.1', UCR_VIP), { message: 'Invalid argument' });
});
