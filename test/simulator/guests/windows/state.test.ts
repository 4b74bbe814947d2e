import test from 'ava';
import { restarted, windowsMachine } from '../../../../simulator/guests/windows/state.ts';

const machine = () =>
  windowsMachine([
    { mac: '00-0D-3A-00-00-01', addresses: [{ ip: '10.0.1.10', prefix: 26 }], accelerated: true },
    { mac: '00-0D-3A-00-00-02', addresses: [{ ip: '10.0.1.75', prefix: 26 }] },
  ]);

test('a machine boots with on-link routes for its NICs and one default route', (t) => {
  const { routes, interfaces } = machine();
  const of = (prefix: string) =>
    routes.filter((one) => one.prefix === prefix).map(({ index, gateway }) => [index, gateway]);
  t.deepEqual(of('0.0.0.0/0'), [[4, '10.0.1.1']]);
  t.deepEqual(of('10.0.1.0/26'), [[4, '0.0.0.0']]);
  t.deepEqual(of('10.0.1.64/26'), [[7, '0.0.0.0']]);
  t.deepEqual(of('10.0.1.75/32'), [[7, '0.0.0.0']]);
  t.true(routes.every(({ store }) => store === 'active'));
  t.deepEqual(
    interfaces.filter(({ mac }) => mac === '00-0D-3A-00-00-01').map(({ index, ip }) => [index, ip]),
    [
      [4, true],
      [5, false],
    ],
    'accelerated networking shows a second adapter without IP',
  );
});

test('a restart keeps persistent routes, drops those of the active store, and may renumber', (t) => {
  const state = machine();
  const gateway = '10.0.1.65';
  state.routes.push(
    { store: 'active', prefix: '10.0.1.100/32', index: 7, gateway, metric: 1 },
    { store: 'persistent', prefix: '10.0.1.101/32', index: 7, gateway, metric: 5 },
    { store: 'persistent', prefix: '10.0.1.102/32', index: 90, gateway, metric: 1 },
  );
  const later = restarted(state, (index) => index + 1);
  const hosts = later.routes.filter(({ prefix }) => /10\.0\.1\.10\d/.test(prefix));
  t.deepEqual(hosts, [
    { store: 'active', prefix: '10.0.1.101/32', index: 8, gateway, metric: 5 },
    { store: 'persistent', prefix: '10.0.1.101/32', index: 8, gateway, metric: 5 },
    { store: 'persistent', prefix: '10.0.1.102/32', index: 91, gateway, metric: 1 },
  ]);
  t.deepEqual(
    later.routes.filter(({ prefix }) => prefix === '0.0.0.0/0').map(({ index }) => index),
    [5],
  );
  t.is(state.routes.length, machine().routes.length + 3, 'the state that was given is left as it was');
});
