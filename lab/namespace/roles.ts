/** Guests whose NICs have several parts: each backend for one frontend and via for the other, or several backend addresses. */
import assert from 'node:assert/strict';
import type { PlannedFrontend } from '../../shared/model/guest.ts';
import { articleEstate, twoRoleEstate } from '../../simulator/estate/twoVms.ts';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import type { LabCase } from '../case.ts';
import { connectTo, guard, NICS, PI, said, setRpFilter, shell, snapshot, UCR, until } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { prove } from './recover.ts';

const twoRoles = () => twoRoleEstate();

const { backend, via } = NICS['vm-a'];
const plan: PlannedFrontend[] = [
  { vip: UCR, port: 1972, backends: [backend], via },
  { vip: PI, port: 1972, backends: [via], via: backend },
];
const SOURCES = [undefined, backend.ip, via.ip];

const matrix = async (lab: GuestLab): Promise<string[]> => {
  const list = [UCR, PI].flatMap((vip) => SOURCES.map((source) => [vip, source ? { source } : {}] as const));
  return (await Promise.all(list.map(([vip, more]) => connectTo(lab, 'vm-a', vip, more)))).map(said);
};

const PRIMARIES = [
  ['vm-a', 'vm-a'],
  ['vm-b', 'vm-a'],
  ['vm-a', 'vm-b'],
  ['vm-b', 'vm-b'],
] as const;

/** Every place of both primaries. Connections that worked before work after, and the VIPs are reached unbound. */
async function everyPrimary(rpFilter: number): Promise<string> {
  let proof = '';
  for (const [ucr, pi] of PRIMARIES) {
    const lab = await freshLab(twoRoles);
    await setRpFilter(lab, 'vm-a', rpFilter);
    for (const [mirror, vm] of [
      ['UCR', ucr],
      ['PI', pi],
    ] as const) {
      await lab.setPrimary(mirror, vm);
    }
    const up = async (rule: string, vm: string) =>
      (await lab.health('lb', rule)).filter((it) => it.up).every((it) => it.member?.startsWith(`${vm}/`));
    await until(`the probes to see UCR on ${ucr} and PI on ${pi}`, async () => (await up('ucr', ucr)) && up('pi', pi));

    const asBooted = await snapshot(lab, 'vm-a');
    const before = await matrix(lab);
    assert.deepEqual([before[0], before[3]], [ucr === 'vm-a' ? 'fails' : 'vm-b', pi === 'vm-a' ? 'fails' : 'vm-b']);
    const { report } = await guard(lab, 'vm-a', 'apply', plan);
    assert.deepEqual(
      report.paths.map((path) => [path.after, path.connectAfter.outcome]),
      [
        [[], 'ok'],
        [[], 'ok'],
      ],
    );
    assert.deepEqual(
      report.paths.map((path) => [path.source, path.proof]),
      [
        [via.ip, ucr === 'vm-a' ? 'self' : 'remote'],
        [backend.ip, pi === 'vm-a' ? 'self' : 'remote'],
      ],
    );
    const after = await matrix(lab);
    assert.deepEqual([after[0], after[3]], [ucr, pi], 'unbound');
    if (ucr === 'vm-a' && pi === 'vm-a') proof = await prove(lab, plan);
    before.forEach((result, index) => {
      if (result !== 'fails') assert.equal(after[index], result, `what connected still does: ${index}`);
    });
    await guard(lab, 'vm-a', 'remove', plan);
    assert.equal(await snapshot(lab, 'vm-a'), asBooted);
  }
  return `${PRIMARIES.length} places of the primaries; ${proof}`;
}

/** PI is served on a second address of the pool's NIC. */
const SECOND = { ip: '10.0.1.12', mac: backend.mac };
const twoAddresses = () =>
  articleEstate((it) => {
    for (const [index, address] of [SECOND.ip, '10.0.1.22'].entries())
      it.vms[index]?.nics[0]?.ips.push({ name: 'second', address });
    it.loadBalancers[0]?.pools.push({ name: 'second', members: ['vm-a/pool/second', 'vm-b/pool/second'] });
    Object.assign(it.loadBalancers[0]?.rules[1] ?? {}, { pool: 'second' });
  });

/** Connections of vm-a with itself and others, from each of its addresses. */
async function among(lab: GuestLab, sources: string[], destinations: string[]): Promise<string[]> {
  const results: string[] = [];
  for (const source of [undefined, ...sources])
    for (const address of destinations)
      results.push(said(await connectTo(lab, 'vm-a', address, source ? { source } : {})));
  return results;
}

/** Applies a plan whose VIPs lead back; what it costs, which backend address and port each proof saw, and remove. */
async function costOf(
  estate: () => ReturnType<typeof articleEstate>,
  { plan, sources, prepare = ':' }: { plan: PlannedFrontend[]; sources: string[]; prepare?: string },
): Promise<{ lost: string[]; all: number; accepted: string[]; proof: string; rules: string }> {
  const lab = await freshLab(estate);
  await shell(lab, 'vm-a', prepare);
  const destinations = [...sources, '127.0.0.1', '10.0.1.20'];
  const asBooted = await snapshot(lab, 'vm-a');
  const before = await among(lab, sources, destinations);
  const { report } = await guard(lab, 'vm-a', 'apply', plan);
  assert.deepEqual(
    report.paths.map((path) => [path.after.join(), path.proof]),
    [
      ['', 'self'],
      ['', 'self'],
    ],
  );
  const after = await among(lab, sources, destinations);
  const names = [undefined, ...sources].flatMap((from) => destinations.map((to) => `${from ?? 'unbound'} to ${to}`));
  const lost = names.filter((_, index) => after[index] !== before[index]);
  const proof = await prove(lab, plan);
  const rules = await shell(lab, 'vm-a', 'ip -4 rule');
  await guard(lab, 'vm-a', 'remove', plan);
  assert.equal(await snapshot(lab, 'vm-a'), asBooted);
  assert.deepEqual(await among(lab, sources, destinations), before);
  const accepted = report.paths.map((path) => `${path.accepted?.ip}:${path.accepted?.port}`);
  return { lost, all: names.length, accepted, proof, rules };
}

const severalAddresses: LabCase['run'] = async () => {
  const plan: PlannedFrontend[] = [
    { vip: UCR, port: 1972, backends: [backend], via },
    { vip: PI, port: 1972, backends: [backend, SECOND], via },
  ];
  const sources = [backend.ip, SECOND.ip, via.ip];
  const { lost, all, accepted, proof } = await costOf(twoAddresses, { plan, sources });
  const known = [backend.ip, SECOND.ip].flatMap((ip) => [`${ip} to ${via.ip}`, `${via.ip} to ${ip}`]);
  assert.deepEqual([...lost].sort(), known.sort(), 'the known cost');
  assert.deepEqual(accepted, [`${backend.ip}:1972`, `${SECOND.ip}:51773`]);
  return {
    ok: true,
    detail: `${all} connections, ${lost.length} lost (the known cost); accepted by ${accepted.join(' and ')}; ${proof}`,
  };
};

/** The second NIC has an address of another range of the virtual network: 10.0.1.11 and this have no prefix in common. */
const FAR = { ip: '192.168.7.11', mac: via.mac };
const twoRanges = () =>
  articleEstate((it) => {
    it.vms[0]?.nics[1]?.ips.push({ name: 'far', address: FAR.ip });
  });

const severalVias: LabCase['run'] = async () => {
  const plan: PlannedFrontend[] = [
    { vip: UCR, port: 1972, backends: [backend], via },
    { vip: PI, port: 1972, backends: [backend], via: FAR },
  ];
  const sources = [backend.ip, via.ip, FAR.ip];
  const { lost, all, proof, rules } = await costOf(twoRanges, {
    plan,
    sources,
    prepare: `ip route add 192.168.7.0/24 dev eth1 scope link src ${FAR.ip}`,
  });
  const known = [via.ip, FAR.ip].flatMap((ip) => [`${backend.ip} to ${ip}`, `${ip} to ${backend.ip}`]);
  assert.deepEqual([...lost].sort(), known.sort(), 'the known cost');
  assert.match(rules, new RegExp(`^0:\\s+not from ${backend.ip} iif lo lookup local`));
  return {
    ok: true,
    detail: `one rule at 0 for all that ${backend.ip} sends; ${all} connections, ${lost.length} lost (the known cost); ${proof}`,
  };
};

export const roleCases = (): LabCase[] => [
  ...[0, 1, 2].map(
    (rpFilter): LabCase => ({
      name: `NICs with two roles, rp_filter ${rpFilter}`,
      manager: 'none',
      run: async () => ({ ok: true, detail: await everyPrimary(rpFilter) }),
    }),
  ),
  { name: 'several backend addresses of one frontend', manager: 'none', run: severalAddresses },
  { name: 'via addresses that no prefix covers', manager: 'none', run: severalVias },
];
