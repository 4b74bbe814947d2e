/** Every path tried before anything is done: a primary's own fail, all others work. */
import { packets, tryPath } from '../probing.ts';
import { type Claims, shortConnect } from '../step.ts';
import { CONNECT_MS, type Story } from '../story.ts';

/** A connect alone proves nothing about the next failover: the backup's works here, and would fail as primary. */
export async function before(story: Story, claims: Claims): Promise<void> {
  const [site] = story.stack.sites;
  if (!site) return;
  await site.lab.resetCounters();
  await Promise.all(
    story.targetsOf(site).map(async (target) => {
      const connect = await tryPath(site.lab, target, CONNECT_MS);
      const own = story.isOwn(target);
      claims.claim((connect.outcome === 'ok') !== own, `${target.vm} to ${target.vip} ended ${connect.outcome}`);
      claims.note(`${target.vm} to ${target.vip}${own ? ' (its own)' : ''}: ${shortConnect(connect)}`);
      story.keepBefore(target, { outcome: connect.outcome, ms: Math.round(connect.ms) });
    }),
  );
  claims.note(await packets(site.lab));
}
