import test from 'ava';
import type { Instance } from '../../../../simulator/guests/instances.ts';
import { ModelGuest, ModelInstances } from '../../../../simulator/guests/model/sockets.ts';
import { ss } from '../../../../simulator/guests/model/ss.ts';
import { bootedMachine } from './machines.ts';

const instance: Instance = {
  mirror: 'UCR',
  address: '10.0.1.10',
  primary: true,
  listeners: [{ port: 1972, primaryOnly: false }],
  status: [{ port: 52773, path: '/status' }],
};
const guest = new ModelGuest(bootedMachine(), new ModelInstances([instance]));
const client = { local: { address: '10.0.1.11', port: 40000 }, peer: { address: '10.0.1.100', port: 1972 }, inode: 7 };
const server = { local: { address: '10.0.1.10', port: 1972 }, peer: { address: '10.0.1.11', port: 40000 }, inode: 8 };
guest.connections.add(client).add(server);

const lines = (...argv: string[]): string[] => ss(guest, argv).stdout.split('\n').filter(Boolean);

test('all sockets, with inodes where asked for', (t) => {
  t.deepEqual(lines('-H', '-t', '-a', '-n', '-e'), [
    'LISTEN 0 511 0.0.0.0:1972 0.0.0.0:* ino:1000 sk:3e8',
    'LISTEN 0 511 0.0.0.0:52773 0.0.0.0:* ino:1001 sk:3e9',
    'ESTAB 0 0 10.0.1.11:40000 10.0.1.100:1972 ino:7 sk:7',
    'ESTAB 0 0 10.0.1.10:1972 10.0.1.11:40000 ino:8 sk:8',
  ]);
  t.is(lines('-Htln').length, 2);
  t.regex(lines('-tn')[0] ?? '', /^State/);
});

test('the filter: addresses, ports, and, or, parentheses', (t) => {
  const found = (filter: string) => lines('-Hta', filter).map((it) => it.split(' ')[3]);
  t.deepEqual(found('dst 10.0.1.100'), ['10.0.1.11:40000']);
  t.deepEqual(found('dst 10.0.1.100 or ( src 10.0.1.10 and dst 10.0.1.11 )'), ['10.0.1.11:40000', '10.0.1.10:1972']);
  t.deepEqual(found('( src 10.0.1.10 ) and ( dst 10.0.1.100 )'), []);
  t.deepEqual(found('state established sport = :1972'), ['10.0.1.10:1972']);
  t.deepEqual(found('dst 10.0.1.11:40000'), ['10.0.1.10:1972']);
});

test('what it does not know is refused', (t) => {
  for (const argv of [['-K'], ['-t', 'dev eth0'], ['-t', '( dst 10.0.1.1'], ['-t', 'dst any'], ['-t', 'state closing']])
    t.is(ss(guest, argv).exitCode, 255, argv.join(' '));
});
