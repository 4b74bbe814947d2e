import test from 'ava';
import type { Estate } from '../../../../simulator/estate/estate.ts';
import { layoutOf } from '../../../../simulator/guests/layout.ts';
import { ModelFabric, type Packet } from '../../../../simulator/guests/model/fabric.ts';
import type { BackendState } from '../../../../simulator/guests/probes.ts';
import { articleEstate } from '../estates.ts';

const UP: BackendState = { up: true, reason: 'Up_Probe_Success', against: 0 };

function fabricOf(up: string[], change?: (estate: Estate) => void) {
  const layout = layoutOf(articleEstate(change));
  const fabric = new ModelFabric(layout, (key) => (up.some((it) => key.endsWith(it)) ? UP : undefined));
  const nic = (address: string) => {
    const found = layout.guests.flatMap((guest) => guest.nics).find((it) => it.addresses.includes(address));
    if (!found) throw new Error(address);
    return found;
  };
  return { fabric, nic };
}
const packet = (source: string, destination: string, more: Partial<Packet> = {}): Packet => ({
  ...{ source, sourcePort: 40000, destination, destinationPort: 1972 },
  ...more,
});

test('the destination is translated, the source never; the reply gets the VIP back', (t) => {
  const { fabric, nic } = fabricOf(['.10']);
  t.deepEqual(fabric.pass(nic('10.0.1.11'), packet('10.0.1.11', '10.0.1.101')), {
    to: nic('10.0.1.10'),
    packet: packet('10.0.1.11', '10.0.1.10', { destinationPort: 51773 }),
  });
  const reply = { source: '10.0.1.10', sourcePort: 51773, destination: '10.0.1.11', destinationPort: 40000 };
  t.deepEqual(fabric.pass(nic('10.0.1.10'), reply), {
    to: nic('10.0.1.11'),
    packet: { ...reply, source: '10.0.1.101', sourcePort: 1972 },
  });
  t.deepEqual(fabric.counters()[1], { vip: '10.0.1.101', flows: 1, packetsTo: 1, packetsFrom: 1 });
});

test('a foreign source is dropped, unless the NIC forwards', (t) => {
  const foreign = packet('10.0.1.11', '10.0.1.20');
  const { fabric, nic } = fabricOf([]);
  t.is(fabric.pass(nic('10.0.1.10'), foreign), undefined);
  const forwarding = fabricOf([], (estate) => Object.assign(estate.vms[0]?.nics[0] ?? {}, { ipForwarding: true }));
  t.deepEqual(forwarding.fabric.pass(forwarding.nic('10.0.1.10'), foreign)?.packet, foreign);
});

test('no healthy member, no rule for the port, floating IP, a lie: nobody gets it', (t) => {
  const drops = (up: string[], change?: (estate: Estate) => void, port = 1972) => {
    const { fabric, nic } = fabricOf(up, change);
    return fabric.pass(nic('10.0.1.20'), packet('10.0.1.20', '10.0.1.100', { destinationPort: port })) === undefined;
  };
  t.true(drops([]));
  t.true(drops(['.10'], undefined, 1973));
  t.true(drops(['.10'], (estate) => Object.assign(estate.loadBalancers[0]?.rules[0] ?? {}, { floatingIp: true })));
  t.false(drops(['.10']));
  const { fabric, nic } = fabricOf(['.10']);
  fabric.lies = { noTranslation: true };
  t.is(fabric.pass(nic('10.0.1.20'), packet('10.0.1.20', '10.0.1.100')), undefined);
});

test('a flow keeps its backend, a new one goes to a healthy member; both members get flows', (t) => {
  const up = ['.10'];
  const { fabric, nic } = fabricOf(up);
  const send = (sourcePort: number) =>
    fabric.pass(nic('10.0.1.21'), packet('10.0.1.21', '10.0.1.100', { sourcePort }))?.packet.destination;
  t.is(send(1), '10.0.1.10');
  up[0] = '.20';
  t.is(send(1), '10.0.1.10');
  t.is(send(2), '10.0.1.20');
  up.push('.10');
  const share = Map.groupBy(
    Array.from({ length: 200 }, (_, i) => send(1000 + i)),
    (it) => it,
  );
  for (const address of ['10.0.1.10', '10.0.1.20'])
    t.true((share.get(address)?.length ?? 0) > 50, `${address} got ${share.get(address)?.length} of 200`);
});

test('a rule for all ports keeps the port and leaves those that have a rule of their own', (t) => {
  const { fabric, nic } = fabricOf(['.10'], (estate) =>
    estate.loadBalancers[0]?.rules.push({
      ...{ name: 'all', frontend: 'pi', pool: 'members', probe: 'pi' },
      protocol: 'All',
      frontendPort: 0,
      backendPort: 0,
    }),
  );
  const port = (destinationPort: number) =>
    fabric.pass(nic('10.0.1.20'), packet('10.0.1.20', '10.0.1.101', { destinationPort }))?.packet.destinationPort;
  t.deepEqual([port(1972), port(4711)], [51773, 4711]);
});

test('probes come from outside and their answers go there', (t) => {
  const { fabric, nic } = fabricOf([]);
  t.is(fabric.pass('probe', packet('168.63.129.16', '10.0.1.10'))?.to, nic('10.0.1.10'));
  t.is(fabric.pass(nic('10.0.1.10'), packet('10.0.1.10', '168.63.129.16'))?.to, 'probe');
  t.is(fabric.pass(nic('10.0.1.11'), packet('10.0.1.10', '168.63.129.16')), undefined, 'an answer by the wrong NIC');
});
