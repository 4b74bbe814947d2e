/** Both mirrors of a VM move to another; connects go on; the program verifies and changes nothing. */
import type { Pace } from '../probing.ts';
import { packets, startPacing } from '../probing.ts';
import { liesInFailover } from '../sabotage.ts';
import type { Claims } from '../step.ts';
import type { Story } from '../story.ts';

/** Between two connects to one path, ms. */
const EVERY_MS = 50;

export async function failOver(story: Story, claims: Claims): Promise<void> {
  const [site] = story.stack.sites;
  if (!site) return;
  const { lab, estate } = site;
  const [from, to] = story.pair(site);
  const moving = estate.mirrors.filter(
    (mirror) => story.primaries.get(mirror.name) === from && mirror.members.includes(to),
  );
  await lab.resetCounters();
  await lab.lie(liesInFailover(story.sabotage, estate, from));

  const pacing = story
    .targetsOf(site)
    .filter((target) => [from, to].includes(target.vm) && moving.some((mirror) => mirror.name === target.mirror))
    .map((target) => ({ target, stop: startPacing(lab, target, EVERY_MS, () => story.primaries.get(target.mirror)) }));
  await pause(300);
  const began = Date.now();
  const runs = await Promise.all(moving.map((mirror) => story.failOver(mirror.name, to)));
  const paces = await Promise.all(pacing.map(async ({ target, stop }) => ({ target, pace: await stop() })));

  const proofs = runs.flatMap((run) =>
    run.vms.filter((vm) => vm.vm === to).flatMap((vm) => vm.paths.map((path) => path.proof.at)),
  );
  story.failover = {
    gapMs: Math.max(...paces.map(({ pace }) => pace.gapMs)),
    failedConnects: paces.reduce((sum, { pace }) => sum + pace.failed, 0),
    verifiedMs: Math.max(...proofs.map((at) => Date.parse(at ?? ''))) - began,
  };
  for (const run of runs) {
    story.take(run);
    claims.claim(run.confirmation?.state === 'confirmed', `run ${run.runId} was not confirmed by the probes`);
    claims.claim(
      run.vms.every((vm) => vm.changed === 0),
      'something was changed',
    );
    const primary = run.vms.find((vm) => vm.vm === to);
    const moved =
      primary?.paths.filter((path) => moving.some((mirror) => path.frontend.endsWith(`/${mirror.frontend}`))) ?? [];
    const proved =
      moved.length > 0 && moved.every((path) => path.verdict === 'compliant' && path.proof.kind === 'self');
    claims.claim(proved, `${to} is not proved through itself`);
  }
  tellPaces(claims, paces);
  claims.note(`verified ${story.failover.verifiedMs} ms after the failover, nothing changed`);
  await story.tryAll(site, claims, [from, to]);
  claims.note(await packets(lab));
}

function tellPaces(claims: Claims, paces: { target: { vm: string; vip: string }; pace: Pace }[]): void {
  const now = Date.now();
  for (const { target, pace } of paces) {
    claims.claim((pace.lastFailedAt ?? 0) < now - 500, `${target.vm} to ${target.vip} still failed at the end`);
    claims.note(
      `${target.vm} to ${target.vip}: ${pace.connects} connects, ${pace.failed} without the primary, longest gap ${pace.gapMs} ms`,
    );
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
