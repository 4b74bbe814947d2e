/** Compliance as a document and as CSV. */
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { openEstate } from '../../shared/reconcile/estate.ts';
import { complianceView } from '../../shared/views/compliance.ts';
import { complianceCsv } from '../../shared/views/complianceCsv.ts';
import { articleWorld, SUBSCRIPTION, type World } from '../helpers/world.ts';

const view = async (world: World) => complianceView(await openEstate(world.ports(), world.settings)());

async function swept(): Promise<World> {
  const world = articleWorld();
  world.oneNic.add('hs-b');
  world.sweep();
  await world.run();
  world.now += 90_000;
  return world;
}

test('a path: verdict, exposure, since when, last proof with its age, drift, and whether the look is believed', async (t) => {
  const world = await swept();
  const endedAt = (await world.vmRow('hs-a'))?.look?.at ?? 0;
  const { paths, counts, asOf, listedAt, unread, listed } = await view(world);
  t.is(asOf, new Date(world.now).toISOString());
  t.is(listedAt, asOf);
  t.is(world.now - endedAt, 90_000);
  t.deepEqual([unread, listed], [[], []]);
  t.deepEqual(counts, { paths: 4, exposedNow: 0, compliant: 2, repairable: 0, blocked: 2, unknown: 0 });
  const at = new Date(endedAt).toISOString();
  const primarySince = paths[0]?.primarySince ?? '';
  t.true(Date.parse(primarySince) > 0 && Date.parse(primarySince) <= endedAt);
  t.deepEqual(paths[0], {
    vm: 'hs-a',
    vip: '10.0.1.100',
    verdict: 'compliant',
    exposure: 'active',
    since: at,
    primarySince,
    proof: { kind: 'self', at, ageSeconds: 90 },
    notProved: ['10.0.1.10:1972'],
    look: { at, mode: 'apply', driftFound: 4, driftLeft: 0, believed: true },
    findings: [],
    loadBalancer: 'lb',
    vmId: world.vmId('hs-a'),
    frontend: world.frontendId('ucr'),
  });
  const blocked = paths.find(({ vm }) => vm === 'hs-b');
  t.like(blocked, { verdict: 'blocked', exposure: 'latent', proof: { kind: 'none' } });
  t.is(blocked?.findings[0]?.code, 'NO_SECONDARY_NIC');
  t.false(blocked !== undefined && 'look' in blocked);
});

test('since when: from the first pass that saw it so, through proofs anew; not told where the last pass saw another state', async (t) => {
  const world = await swept();
  const sinceOf = async (vm: string) => {
    const path = (await view(world)).paths.find((one) => one.vm === vm && one.vip === '10.0.1.100');
    return [path?.verdict, path?.exposure, path?.since, path?.sinceFirstSeen] as const;
  };
  const repaired = (await view(world)).paths[0]?.since;
  const [, , blocked] = await sinceOf('hs-b');
  t.deepEqual(await sinceOf('hs-b'), ['blocked', 'latent', blocked, true], 'it was so when it was first seen');
  t.true(Date.parse(blocked ?? '') <= Date.parse(repaired ?? ''));
  for (let day = 0; day < 3; day += 1) {
    world.now += 86_400_000;
    world.sweep();
    await world.run();
  }
  t.deepEqual(await sinceOf('hs-a'), ['compliant', 'active', repaired, undefined], 'proved anew each day');

  const [row] = await world.store.history.list(SUBSCRIPTION);
  t.truthy(row);
  world.guests.set('hs-a', 'wrong');
  world.manual('check', 'hs-a');
  await world.run();
  const [verdict, , changed] = await sinceOf('hs-a');
  t.is(verdict, 'repairable');
  t.true(Date.parse(changed ?? '') > world.now - 600_000);

  // What is judged from the lists of now and what the last pass noted differ: since when is not known.
  world.oneNic.add('hs-a');
  t.deepEqual(await sinceOf('hs-a'), ['blocked', 'active', undefined, undefined]);
});

test('a primary whose fix is gone fails now', async (t) => {
  const world = await swept();
  world.guests.set('hs-a', 'wrong');
  world.manual('check', 'hs-a');
  await world.run();
  const { counts, paths } = await view(world);
  t.like(counts, { exposedNow: 2, repairable: 2 });
  t.like(paths[0]?.look, { mode: 'check', driftFound: 4, driftLeft: 4, believed: false });
});

test('the addresses and ports that connects came back to, each with its own age', async (t) => {
  const world = await swept();
  const known = await openEstate(world.ports(), world.settings)();
  const [first, ...others] = known.evaluation.paths;
  if (!first) throw new Error('no path');
  const seen = [10, 20].map((seconds) => ({ ip: '10.0.1.10', port: 1970 + seconds, at: world.now - seconds * 1000 }));
  const proved = { ...first, proof: { ...first.proof, seen } };
  const { paths } = complianceView({ ...known, evaluation: { ...known.evaluation, paths: [proved, ...others] } });
  const at = (seconds: number) => new Date(world.now - seconds * 1000).toISOString();
  t.deepEqual(paths[0]?.proof.saw, [
    { address: '10.0.1.10', port: 1980, at: at(10), ageSeconds: 10 },
    { address: '10.0.1.10', port: 1990, at: at(20), ageSeconds: 20 },
  ]);
});

test('as CSV: a line per path, and one for each thing that nothing is said of', async (t) => {
  const world = await swept();
  const document = await view(world);
  const text = complianceCsv({
    ...document,
    listed: [{ id: '/x', code: 'OPTED_OUT', text: '=1+1; opted out' }],
    unread: [{ id: `/subscriptions/${SUBSCRIPTION}`, code: 'AZURE_DENIED', action: 'a/read', text: 'denied' }],
    unreadable: [{ code: 'ROW_UNUSABLE', text: 'row' }],
    paths: document.paths.map((path) => ({
      ...path,
      proof: { ...path.proof, saw: [{ address: '10.0.1.10', port: 1972, at: document.asOf, ageSeconds: 0 }] },
    })),
  });
  const rows: Record<string, string>[] = parse(text, { bom: true, columns: true });
  t.is(rows.length, 7);
  t.true(rows.every(({ asOf }) => asOf === document.asOf));
  t.like(rows[0], {
    vm: 'hs-a',
    vip: '10.0.1.100',
    verdict: 'compliant',
    exposure: 'active',
    since: document.paths[0]?.since,
    sinceFirstSeen: '',
    primarySince: document.paths[0]?.primarySince,
    proof: 'self',
    proofAgeSeconds: String(document.paths[0]?.proof.ageSeconds),
    proofSaw: '10.0.1.10:1972',
    driftFound: '4',
    driftLeft: '0',
    believed: 'true',
    vmId: world.vmId('hs-a'),
  });
  t.deepEqual(
    rows.slice(4).map(({ vm, vmId, findings }) => [vm, vmId, findings]),
    [
      ['', '/x', 'OPTED_OUT: =1+1, opted out'],
      ['', `/subscriptions/${SUBSCRIPTION}`, 'AZURE_DENIED: denied'],
      ['', '', 'ROW_UNUSABLE: row'],
    ],
  );
});
