/** A mirror moves and nobody says so: the minute's watch sees it by rule health and verifies. */
import { vmLine } from '../lines.ts';
import type { Claims } from '../step.ts';
import { RUN_MS, type Story } from '../story.ts';

export async function watched(story: Story, claims: Claims): Promise<void> {
  const { stack } = story;
  const [site] = stack.sites;
  if (!site) return;
  const [from, to] = story.pair(site);
  const mirror = site.estate.mirrors.find(
    (item) => story.primaries.get(item.name) === from && item.members.includes(to),
  );
  if (!mirror) return claims.claim(false, 'no mirror can move');
  const since = stack.steps.length;
  story.primaries.set(mirror.name, to);
  await site.lab.setPrimary(mirror.name, to);
  const began = Date.now();
  // The watch's own timer would do; it is rung by hand so that nobody has to wait for the minute.
  const isNew = (name: string) => (step: (typeof stack.steps)[number]) =>
    stack.steps.indexOf(step) >= since && step.step === name;
  const moved = stack.step(isNew('primary-moved'), RUN_MS);
  const timer = setInterval(() => void stack.host.runFunction('primaryWatch'), 2000);
  try {
    const seen = await moved;
    claims.claim(seen.explained === false, 'somebody had announced it');
    claims.note(`seen ${Date.now() - began} ms after the move, without any event`);
  } finally {
    clearInterval(timer);
  }
  const planned = await stack.step((step) => isNew('run-settled')(step) && step.signal === 'primaryMoved', RUN_MS);
  const run = await stack.ended(String(planned.runId), RUN_MS);
  story.take(run);
  for (const vm of run.vms) claims.note(vmLine(vm));
  const primary = run.vms.find((vm) => vm.vm === to);
  const path = primary?.paths.find((item) => item.frontend.endsWith(`/${mirror.frontend}`));
  claims.claim(path?.verdict === 'compliant' && path.proof.kind === 'self', `${to} is not proved through itself`);
  claims.claim(
    run.vms.every((vm) => vm.changed === 0),
    'something was changed',
  );
  await story.tryAll(site, claims, [from, to]);
}
