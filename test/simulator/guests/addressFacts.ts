/**
 * What holds of VMs with several addresses behind one frontend, from the lists that ARM gives of them to the packets in
 * their guests, whatever the guests are.
 */
import type { ExecutionContext } from 'ava';
import { connectTo, guard, said, shell, snapshot, until } from '../../../lab/guests.ts';
import type { GuestLab, LabOptions, PowerLab } from '../../../simulator/guests/lab.ts';
import { ADDRESS_CASES, type AddressCase, judged, UCR } from './addressCases.ts';

type Declare = (title: string, run: (t: ExecutionContext) => Promise<void>) => void;

const CONNECTS = 12;

/** Declares the tests, each with a lab of its own. */
export function addressFacts(declare: Declare, start: (options: LabOptions) => Promise<PowerLab>): void {
  for (const one of ADDRESS_CASES) {
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
  { estate, backends }: AddressCase,
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

async function holds(t: ExecutionContext, lab: GuestLab, one: AddressCase): Promise<void> {
  const { path, plan } = await seenOf(t, lab, one);
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
  const after = (await seenOf(t, lab, one, { plan, report: applied.report })).path;
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
  t.is((await seenOf(t, lab, one, { plan, report: checked.report })).path.verdict, 'repairable');
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
async function failsByHalves(t: ExecutionContext, lab: GuestLab, one: AddressCase): Promise<void> {
  const { plan } = await seenOf(t, lab, one);
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
async function connects(lab: GuestLab, { ports }: AddressCase, timeoutMs: number): Promise<number[]> {
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

const seenOf = async (t: ExecutionContext, lab: GuestLab, one: AddressCase, heard?: Parameters<typeof judged>[3]) =>
  judged(t, one.estate(), await lab.health('lb', 'ucr'), heard);
