import test from 'ava';
import { shortName } from '../../shared/model/ids.ts';
import {
  estate,
  frontendId,
  healthOf,
  ilb,
  look,
  mirror,
  NOW,
  nicOf,
  OPT_OUT,
  pair,
  SCOPE,
  vm,
  vmId,
} from '../helpers/estate.ts';
import { evaluate } from '../helpers/evaluate.ts';
import { knowingAll } from '../helpers/looked.ts';

/** The estate of the vendor's article: two mirrors on the same two VMs, both primaries on one, and a member with one NIC. */
const article = () =>
  estate(
    ...pair(),
    vm('c', { c1: '10.0.1.30' }),
    ilb('ucr', '10.0.1.100', ['a1', 'b1', 'c1']),
    ilb('pix', '10.0.1.101', ['a1', 'b1'], { rules: [{ frontendPort: 1973 }] }),
  );

test('the article’s estate before anything was looked at', (t) => {
  const topology = article();
  const seen = look(topology, { health: healthOf(topology, { ucr: ['a1'], pix: ['a1'] }) });
  const rows = seen.evaluation.paths.map((path) =>
    [
      shortName(path.vmId),
      path.vip,
      path.port,
      path.exposure,
      path.verdict,
      path.via?.ip ?? '-',
      path.findings.map(({ code }) => code).join(),
    ].join(' '),
  );
  t.deepEqual(rows, [
    'a 10.0.1.100 1972 active unknown 10.0.1.11 ',
    'b 10.0.1.100 1972 latent unknown 10.0.1.21 ',
    'c 10.0.1.100 1972 latent blocked - NO_SECONDARY_NIC',
    'a 10.0.1.101 1973 active unknown 10.0.1.11 ',
    'b 10.0.1.101 1973 latent unknown 10.0.1.21 ',
  ]);
  t.deepEqual(seen.evaluation.colocated, [{ vmId: vmId('a'), frontendIds: [frontendId('ucr'), frontendId('pix')] }]);
  t.deepEqual([...seen.evaluation.plans.keys()].map(shortName), ['a', 'b']);
  t.deepEqual(seen.listed, []);
});

test('the article’s estate after its repair', (t) => {
  const topology = article();
  const seen = look(topology, { knowledge: knowingAll(look(topology).evaluation) });
  t.deepEqual(
    seen.evaluation.paths.map(({ verdict }) => verdict),
    ['compliant', 'compliant', 'blocked', 'compliant', 'compliant'],
  );
});

test('a view tells all of a frontend', (t) => {
  const topology = article();
  t.like(look(topology, { health: healthOf(topology, { pix: ['b1'] }) }).view('pix'), {
    id: frontendId('pix'),
    vip: '10.0.1.101',
    mirror: true,
    port: 1973,
    probeSeconds: 10,
    memberIds: [vmId('a'), vmId('b')],
    primaryId: vmId('b'),
    healthAt: NOW,
  });
});

test('OUT_OF_SCOPE and OPTED_OUT are said once of a VM, whatever it is a member of', (t) => {
  const topology = estate(
    ...pair(),
    vm('c', { c1: '10.0.1.30', c2: '10.0.1.31' }, { tags: OPT_OUT }),
    ilb('ucr', '10.0.1.100', ['a1', 'b1', 'c1']),
    ilb('pix', '10.0.1.101', ['a1', 'b1', 'c1']),
  );
  const seen = look(topology, { scope: { within: [vmId('a'), vmId('c')] } });
  t.deepEqual(seen.listed, ['b OUT_OF_SCOPE', 'c OPTED_OUT']);
  t.deepEqual(seen.paths, ['a>ucr', 'a>pix']);
});

test('a frontend with no path of ours is not shown, and health is not asked of it', (t) => {
  const seen = look(mirror(), { scope: { within: [vmId('elsewhere')] } });
  t.deepEqual(seen.evaluation.frontends, []);
  t.deepEqual(seen.listed, ['a OUT_OF_SCOPE', 'b OUT_OF_SCOPE']);
});

test('nothing at all', (t) => {
  const none = new Map();
  t.deepEqual(look(estate()).evaluation, {
    paths: [],
    frontends: [],
    plans: none,
    listed: [],
    colocated: [],
    pathsOfVm: none,
    pathsOfFrontend: none,
    frontendByKey: none,
    listedOf: none,
  });
});

test('a frontend with no member is no path', (t) => {
  const seen = look(estate(ilb('ucr', '10.0.1.100', []), { nics: [nicOf('n', true, {})] }));
  t.deepEqual([seen.paths, seen.listed], [[], []]);
});

test('what is given is left as it was', (t) => {
  const topology = article();
  const before = structuredClone(topology);
  const knowledge = knowingAll(look(topology).evaluation);
  const kept = structuredClone(knowledge);
  look(topology, { knowledge, health: healthOf(topology, { ucr: ['a1'] }) });
  t.deepEqual([topology, knowledge], [before, kept]);
});

test('1,000 VMs behind two frontends are evaluated well within a second', (t) => {
  const name = (i: number) => `v${String(i).padStart(3, '0')}`;
  const hex = (i: number) => i.toString(16).padStart(2, '0');
  const nic = (i: number, k: number) => ({
    at: `10.${k}.${Math.floor(i / 200)}.${(i % 200) + 10}`,
    mac: `00:0d:3a:0${k}:${hex(i >> 8)}:${hex(i & 255)}`,
  });
  const vms = Array.from({ length: 1000 }, (_, i) =>
    vm(name(i), { [`${name(i)}a`]: nic(i, 1), [`${name(i)}b`]: nic(i, 2) }),
  );
  const pool = vms.map((_, i) => `${name(i)}a`);
  const topology = estate(...vms, ilb('ucr', '10.0.1.100', pool), ilb('pix', '10.0.1.101', pool));
  const knowledge = knowingAll(look(topology).evaluation);
  const health = healthOf(topology, { ucr: [`${name(0)}a`], pix: [`${name(0)}a`] });
  const times = Array.from({ length: 5 }, () => {
    const start = process.cpuUsage();
    const { paths } = evaluate({ topology, health, knowledge, scope: SCOPE, now: NOW });
    const { user, system } = process.cpuUsage(start); // the same whatever else the machine does
    const took = (user + system) / 1000;
    t.is(paths.filter(({ verdict }) => verdict === 'compliant').length, 2000);
    return took;
  });
  t.log(`${Math.min(...times).toFixed(0)} ms`);
  t.true(Math.min(...times) < 1000, `${times}`);
});
