/**
 * What holds of VMs with several addresses behind one frontend, from the lists that ARM gives of them to the packets in
 * their guests, whatever the guests are.
 */
import type { ExecutionContext } from 'ava';
import { connectTo, guard, said, shell, snapshot, until } from '../../../lab/guests.ts';
import { createTopologyReader } from '../../../shared/azure/topology.ts';
import { planHash } from '../../../shared/evaluate/planHash.ts';
import type { GuestPlan, GuestReport } from '../../../shared/model/guest.ts';
import { type IdKey, idKey } from '../../../shared/model/ids.ts';
import type { Path, VmKnowledge } from '../../../shared/model/path.ts';
import type { FrontendHealth } from '../../../shared/model/topology.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { frontendId, vmId } from '../../../simulator/estate/ids.ts';
import type { GuestLab, LabOptions, PowerLab } from '../../../simulator/guests/lab.ts';
import { SCOPE } from '../../helpers/estate.ts';
import { evaluate } from '../../helpers/evaluate.ts';
import { withArm } from '../arm/withArm.ts';
import { twoAddressesEstate, twoPoolNicsEstate, twoPoolsEstate } from './estates.ts';

type Declare = (title: string, run: (t: ExecutionContext) => Promise<void>) => void;

const UCR = '10.0.1.100';
const CONNECTS = 12;

interface Case {
  what: string;
  estate: () => Estate;
  backends: string[];
  via: string;
  /** UCR's ports, and the end behind each address and port. */
  ports: number[];
  ends: string[];
}

const CASES: Case[] = [
  {
    what: 'two addresses in one pool',
    estate: twoAddressesEstate,
    backends: ['10.0.1.10', '10.0.1.12'],
    via: '10.0.1.11',
    ports: [1972],
    ends: ['10.0.1.10:1972', '10.0.1.12:1972'],
  },
  {
    what: 'two rules with a pool each',
    estate: twoPoolsEstate,
    backends: ['10.0.1.10', '10.0.1.12'],
    via: '10.0.1.11',
    ports: [1972, 57772],
    ends: ['10.0.1.10:1972', '10.0.1.12:57772'],
  },
  {
    what: 'two NICs in one pool and a third outside it',
    estate: twoPoolNicsEstate,
    backends: ['10.0.1.10', '10.0.1.11'],
    via: '10.0.1.13',
    ports: [1972],
    ends: ['10.0.1.10:1972', '10.0.1.11:1972'],
  },
];

/** Declares the tests, each with a lab of its own. */
export function addressFacts(declare: Declare, start: (options: LabOptions) => Promise<PowerLab>): void {
  for (const one of CASES) {
    declare(`${one.what}: all are planned, set, found when lost and removed, and what was not proved is told`, (t) =>
      withLab(start, one, (lab) => holds(t, lab, one)),
    );
    declare(`${one.what}: with one of them set the others’ connects fail`, (t) =>
      withLab(start, one, (lab) => failsByHalves(t, lab, one)),
    );
  }
}

async function withLab(
  start: (options: LabOptions) => Promise<PowerLab>,
  { estate, backends }: Case,
  use: (lab: GuestLab) => Promise<void>,
): Promise<void> {
  const lab = await start({ estate: estate() });
  try {
    const up = async (rule: string) => (await lab.health('lb', rule)).filter((it) => it.up).map((it) => it.address);
    const rules = estate().loadBalancers[0]?.rules.filter(({ frontend }) => frontend === 'ucr') ?? [];
    await until('the probes of every address', async () => {
      const seen = new Set((await Promise.all(rules.map(({ name }) => up(name)))).flat());
      return backends.every((address) => seen.has(address));
    });
    await use(lab);
  } finally {
    await lab.stop();
  }
}

async function holds(t: ExecutionContext, lab: GuestLab, one: Case): Promise<void> {
  const { path, plan } = await judged(t, lab, one);
  t.deepEqual(
    path.backends.map(({ ip }) => ip),
    one.backends,
  );
  t.is(path.via?.ip, one.via);
  const asBooted = await snapshot(lab, 'vm-a');
  t.deepEqual(
    await connects(lab, one, 900),
    one.ports.map(() => 0),
    'without it nothing comes back',
  );

  const applied = await guard(lab, 'vm-a', 'apply', plan);
  t.is(applied.exitCode, 0, applied.stderr);
  t.deepEqual(
    await connects(lab, one, 20_000),
    one.ports.map(() => CONNECTS),
  );
  const after = (await judged(t, lab, one, { plan, report: applied.report })).path;
  t.is(after.verdict, 'compliant');
  const [saw] = after.proof.seen ?? [];
  t.true(one.ends.includes(`${saw?.ip}:${saw?.port}`), JSON.stringify(after.proof));
  t.deepEqual(
    after.notProved,
    one.ends.filter((end) => end !== `${saw?.ip}:${saw?.port}`),
  );

  const lost = one.backends.at(-1) ?? '';
  await loseStep(lab, lost, one.via);
  const checked = await guard(lab, 'vm-a', 'check', plan);
  t.true(checked.report.paths[0]?.before.includes('reply-rule'), JSON.stringify(checked.report));
  t.is((await judged(t, lab, one, { plan, report: checked.report })).path.verdict, 'repairable');
  const mended = await guard(lab, 'vm-a', 'apply', plan);
  t.deepEqual(mended.report.paths[0]?.after, []);
  t.deepEqual(
    await connects(lab, one, 20_000),
    one.ports.map(() => CONNECTS),
  );

  const removed = await guard(lab, 'vm-a', 'remove', plan);
  t.is(removed.exitCode, 0);
  t.is(await snapshot(lab, 'vm-a'), asBooted, 'byte for byte as it booted');
}

/** The control: the first address stands for the member. */
async function failsByHalves(t: ExecutionContext, lab: GuestLab, one: Case): Promise<void> {
  const { plan } = await judged(t, lab, one);
  const half = { frontends: plan.frontends.map((it) => ({ ...it, backends: it.backends.slice(0, 1) })) };
  const { report } = await guard(lab, 'vm-a', 'apply', half);
  t.deepEqual(report.paths[0]?.after, []);
  const came = await connects(lab, one, 900);
  t.true(
    came.some((count) => count < CONNECTS),
    `all of ${came.join(' and ')} came back`,
  );
}

/** How many of some connects of vm-a to its own VIP come back, for each port. */
async function connects(lab: GuestLab, { ports }: Case, timeoutMs: number): Promise<number[]> {
  return Promise.all(
    ports.map(async (port) => {
      const all = Array.from({ length: CONNECTS }, () => connectTo(lab, 'vm-a', UCR, { port, timeoutMs }));
      return (await Promise.all(all)).filter((it) => said(it) === 'vm-a').length;
    }),
  );
}

/** Takes away both rules by which replies from one address to another are steered. */
const loseStep = (lab: GuestLab, from: string, to: string): Promise<string> =>
  shell(
    lab,
    'vm-a',
    `pref=$(ip rule | sed -n 's/^\\([0-9]*\\):.*from ${from} to ${to} .*goto.*/\\1/p'); [ -n "$pref" ]; ip rule del pref $pref; ip rule del pref $((pref + 1))`,
  );

/** vm-a's path towards UCR as the lists, the probes and a report make it, and the VM's plan. */
async function judged(
  t: ExecutionContext,
  lab: GuestLab,
  { estate }: Case,
  heard?: { plan: GuestPlan; report: GuestReport },
): Promise<{ path: Path; plan: GuestPlan }> {
  const made = estate();
  const { clients } = await withArm(t, {}, made);
  const topology = await createTopologyReader(clients).read(made.subscriptionId);
  const now = Date.now();
  const ucr = frontendId(made, 'lb', 'ucr');
  const health: FrontendHealth = { frontendId: ucr, state: 'known', backends: await lab.health('lb', 'ucr'), at: now };
  const vm = idKey(vmId(made, 'vm-a'));
  const evaluation = evaluate({
    topology,
    health: new Map([[idKey(ucr), health]]),
    knowledge: new Map<IdKey, VmKnowledge>(heard ? [[vm, knowing(heard.plan, heard.report, now)]] : []),
    scope: { ...SCOPE, subscriptionIds: [made.subscriptionId] },
    now,
  });
  const path = evaluation.pathsOfVm.get(vm)?.find(({ vip }) => vip === UCR);
  const plan = evaluation.plans.get(vm)?.plan;
  if (!path || !plan) throw new Error('vm-a has no path to UCR, or no plan');
  return { path, plan };
}

function knowing(plan: GuestPlan, report: GuestReport, at: number): VmKnowledge {
  const proofs = report.paths.map(({ vip, proof, accepted }) => [
    vip,
    { kind: proof, at, ...(accepted && { seen: [{ ...accepted, at }] }) },
  ]);
  const look = { at, planHash: planHash(plan), report };
  return { look, proofs: Object.fromEntries(proofs), held: false, findings: [] };
}
