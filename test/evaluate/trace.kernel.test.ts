/** The trace of a connection beside what real network stacks do: every place of the primaries, with and without the fix. */
import { judge } from '../../shared/evaluate/judge.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { type Fix, traceConnection } from '../../shared/evaluate/trace.ts';
import { idKey } from '../../shared/model/ids.ts';
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import { connectTo, guard, planOf, shell, until } from '../guest/linux/guests.ts';
import { estate, frontendId, healthOf, ilb, NOW, SCOPE, vm, vmId } from '../helpers/estate.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { labOf } from '../simulator/guests/labOf.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

const VMS = ['vm-a', 'vm-b'] as const;
const VIPS = { ucr: '10.0.1.100', pi: '10.0.1.101' } as const;

/** The lab's estate as Azure lists it. */
const topology = estate(
  vm('vm-a', { 'vm-a-pool': '10.0.1.10', 'vm-a-via': '10.0.1.11' }),
  vm('vm-b', { 'vm-b-pool': '10.0.1.20', 'vm-b-via': '10.0.1.21' }),
  ilb('ucr', VIPS.ucr, ['vm-a-pool', 'vm-b-pool']),
  ilb('pi', VIPS.pi, ['vm-a-pool', 'vm-b-pool'], { rules: [{ backendPort: 51773 }] }),
);

async function put(lab: GuestLab, name: (typeof VMS)[number], fix: Fix): Promise<void> {
  const via = name === 'vm-a' ? '10.0.1.11' : '10.0.1.21';
  if (fix === 'route') {
    await shell(
      lab,
      name,
      Object.values(VIPS)
        .map((vip) => `ip route add ${vip}/32 via 10.0.1.1 dev eth1 src ${via}`)
        .join('; '),
    );
  }
  if (fix === 'whole') await guard(lab, name, 'apply', planOf(name));
}

async function place(lab: GuestLab, primaries: Record<keyof typeof VIPS, string>): Promise<void> {
  for (const [mirror, primary] of Object.entries(primaries)) await lab.setPrimary(mirror.toUpperCase(), primary);
  await until('the probes have seen it', async () => {
    const seen = await Promise.all(Object.keys(VIPS).map((mirror) => lab.health('lb', mirror)));
    return Object.values(primaries).every((primary, index) =>
      (seen[index] ?? []).every(({ up, member }) => up === (member?.split('/')[0] === primary)),
    );
  });
}

const PLACES = [
  { ucr: 'vm-a', pi: 'vm-a' },
  { ucr: 'vm-a', pi: 'vm-b' },
  { ucr: 'vm-b', pi: 'vm-b' },
];

for (const fix of ['none', 'route', 'whole'] as const) {
  kernelTest(`${fix}: each connect ends as traced, from the traced source, at the traced VM`, async (t) => {
    const lab = await freshLab();
    for (const name of VMS) await put(lab, name, fix);
    for (const primaries of PLACES) {
      await place(lab, primaries);
      const health = healthOf(topology, { ucr: [`${primaries.ucr}-pool`], pi: [`${primaries.pi}-pool`] });
      const surveyed = survey(topology, SCOPE);
      const evaluation = judge(surveyed, health, new Map(), NOW);
      for (const from of VMS) {
        for (const [mirror, vip] of Object.entries(VIPS)) {
          const traced = traceConnection(surveyed, evaluation, idKey(vmId(from)), idKey(frontendId(mirror)), fix);
          const [now] = traced?.scenarios[0]?.asIs ?? [];
          const what = `${fix}: ${from} to ${mirror}, primaries ${JSON.stringify(primaries)}`;
          const { outcome, local, answer } = await connectTo(lab, from, vip);
          t.is(now?.outcome, outcome === 'ok' ? 'works' : 'fails', `${what}: ${outcome}`);
          t.is(now?.target, primaries[mirror as keyof typeof VIPS] as string | undefined, what);
          const params = now?.steps.at(-1)?.params ?? {};
          if (outcome === 'ok') {
            const [, answers, peer] = /^([^/]+)\/\S+ (\S+):\d+/.exec(answer ?? '') ?? [];
            t.is(answers, now?.target ?? '', what);
            t.is(peer, params.source ?? '', `${what}: what the server sees`);
            t.is(local?.split(':')[0], params.source, `${what}: the source`);
          }
          // How it dies is seen too: a packet of one's own is dropped without a word, a reply that went inside is reset.
          const code = now?.steps.at(-1)?.code;
          if (code === 'OWN_SOURCE') t.is(outcome, 'timeout', what);
          if (code === 'REPLY_BY_LOOPBACK') t.not(outcome, 'ok', what);
        }
      }
    }
  });
}
