/** Client ports of a modelled guest. */
import test from 'ava';
import { ModelGuest, ModelInstances } from '../../../../simulator/guests/model/sockets.ts';
import { bootedMachine } from './machines.ts';

test('no client port comes back before all others had their turn, so that no connect meets an old flow', (t) => {
  const guest = new ModelGuest(bootedMachine(), new ModelInstances([]));
  const ports = Array.from({ length: 60_999 - 32_768 + 1 }, () => guest.clientPort());
  t.is(new Set(ports).size, ports.length);
  t.deepEqual([Math.min(...ports), Math.max(...ports)], [32_768, 60_999]);
});

test('a port in use is passed over', (t) => {
  const guest = new ModelGuest(bootedMachine(), new ModelInstances([]));
  const taken = ((guest.clientPort() + 1 - 32_768) % 28_232) + 32_768;
  const end = { address: '10.0.1.10', port: taken };
  guest.connections.add({ local: end, peer: { address: '10.0.1.100', port: 1972 }, inode: 1 });
  t.not(guest.clientPort(), taken);
});
