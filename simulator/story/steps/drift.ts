/** A guest in which no service keeps the fix loses everything by hand. Nothing tells the program; the next sweep looks, and repairs it. */
import { vmLine } from '../lines.ts';
import { packets, tryPath } from '../probing.ts';
import { type Claims, shortConnect } from '../step.ts';
import { CONNECT_MS, RUN_MS, type Story } from '../story.ts';

/** As after `ip rule flush` by somebody who means well; the kernel's own rules stay. */
const LOSE_EVERYTHING = `
systemctl stop ilb-hairpin-guard.service 2>/dev/null
for table in $(seq 7201 7210); do ip route flush table $table 2>/dev/null; done
while ip rule del protocol 201 2>/dev/null; do :; done
true`;

export async function drift(story: Story, claims: Claims): Promise<void> {
  const { stack } = story;
  const [site] = stack.sites;
  if (!site) return;
  const { lab } = site;
  const [vm] = story.pair(site);
  await lab.exec(vm, ['bash', '-c', LOSE_EVERYTHING]);
  const own = story.targetsOf(site).filter((target) => target.vm === vm && story.isOwn(target));
  const lost = await Promise.all(own.map((target) => tryPath(lab, target, CONNECT_MS)));
  claims.claim(lost.length > 0 && lost.every((connect) => connect.outcome !== 'ok'), 'the loss did no harm');
  claims.note(`${vm} lost all rules and routes: ${lost.map(shortConnect).join(', ')} to its own VIPs`);

  const sweep = await stack.sweep(RUN_MS);
  story.take(sweep);
  const { looked, repaired: mended } = sweep.counts;
  claims.claim(looked > 1 && mended === 1, `the sweep looked at ${looked} guests and repaired ${mended}`);
  const repaired = sweep.vms.find((item) => item.vm === vm);
  claims.claim(repaired?.result === 'repaired', `the sweep left ${vm} ${repaired?.result ?? 'out'}`);
  if (repaired) {
    const found = new Set(repaired.paths.flatMap((path) => path.before?.drift ?? []));
    claims.note(`the sweep looked at ${looked} guests: ${vmLine(repaired)}; found ${[...found].join(', ')}`);
  }
  await lab.resetCounters();
  await story.tryAll(site, claims, [vm]);
  claims.note(await packets(lab));
}
