import test from 'ava';
import { planHash } from '../../shared/evaluate/planHash.ts';
import type { GuestPlan, PlannedFrontend } from '../../shared/model/guest.ts';
import { macOf } from '../helpers/estate.ts';

const backend = { ip: '10.0.1.10', mac: macOf('a1') };
const one: PlannedFrontend = {
  vip: '10.0.1.100',
  port: 1972,
  backends: [backend],
  via: { ip: '10.0.1.11', mac: macOf('a2') },
};
const two: PlannedFrontend = { ...one, vip: '10.0.1.101', port: 1973 };
const plan = (...frontends: PlannedFrontend[]): GuestPlan => ({ frontends });

test('64 hex digits that stay the same over versions of this program', (t) => {
  t.is(planHash(plan(one)), '296556f26a6658cbaae4002463ec69ef2723e7fc9c139592bb7659683d443468');
});

test('neither the order of frontends nor that of keys matters', (t) => {
  const { via, backends, port, vip } = one;
  t.is(
    planHash(plan(one, two)),
    planHash(plan(two, { via: { mac: via.mac, ip: via.ip }, backends, port: port ?? 0, vip })),
  );
});

test('every field matters', (t) => {
  const { port: _, ...noPort } = one;
  const other = { ip: '10.0.1.12', mac: macOf('a3') };
  const plans = [
    plan(),
    plan(one),
    plan(one, two),
    plan(noPort),
    plan({ ...one, vip: '10.0.1.102' }),
    plan({ ...one, port: 1974 }),
    plan({ ...one, backends: [other] }),
    plan({ ...one, backends: [backend, other] }),
    plan({ ...one, backends: [other, backend] }),
    plan({ ...one, backends: [{ ...backend, mac: other.mac }] }),
    plan({ ...one, via: other }),
    plan({ ...one, via: { ...one.via, mac: other.mac } }),
    plan({ ...one, backends: [one.via], via: backend }),
    { ...plan(one), containers: '172.17.0.0/16' },
    { ...plan(one), containers: '172.18.0.0/16' },
  ];
  t.is(new Set(plans.map(planHash)).size, plans.length);
});
