/** Each strategy on real packets behaves as its row says: the timeline, shortened. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { monotonicMs } from '../../../lab/compare/client.ts';
import { compareEstate } from '../../../lab/compare/estate.ts';
import { STRATEGIES, type StrategyId } from '../../../lab/compare/strategies.ts';
import { type Row, rowOf } from '../../../lab/compare/summary.ts';
import { type Played, play, TIMELINE, type Timeline } from '../../../lab/compare/timeline.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';

const SHORT: Timeline = {
  ...TIMELINE,
  away: 1,
  back: 5,
  drift: 9,
  end: 12,
  everyMs: 50,
  probeSeconds: 0.5,
  agentSeconds: 0.2,
};

/** Plays strategies one after another in a lab of their own. */
async function playAll(ids: StrategyId[]): Promise<Played[]> {
  const lab = await startKernelLab({
    estate: compareEstate({ intervalSeconds: SHORT.probeSeconds, threshold: 2 }),
  });
  try {
    const all: Played[] = [];
    for (const strategy of STRATEGIES.filter(({ id }) => ids.includes(id))) {
      if (all.length > 0) await lab.reset();
      all.push(await play(lab, monotonicMs(), strategy, SHORT));
    }
    return all;
  } finally {
    await lab.stop();
  }
}

testNeeding(KERNEL)('each strategy behaves as its row says', async (t) => {
  const all = (
    await Promise.all([playAll(['none', 'guard']), playAll(['route', 'redirect']), playAll(['loopback'])])
  ).flat();
  const bare = all.find(({ id }) => id === 'none') ?? t.fail('not played');
  const rows = Object.fromEntries(all.map((played) => [played.id, rowOf(played, bare as Played, SHORT)]));
  const row = (id: StrategyId) => rows[id] as Row;
  for (const it of Object.values(rows)) t.log(it.id, it.leaves, it.comes, it.drift, it.unbound, it.outsideGap);

  // A primary on its own VM cannot be reached; one elsewhere can.
  t.false(row('none').comes.ended);
  t.true(row('none').leaves.ended);
  t.is(row('none').seen.local, '-');

  // The same with the route alone, and it breaks what is bound to the backend address.
  t.false(row('route').comes.ended);
  t.is(row('route').seen.local, '-');
  t.true(row('route').broken.remote.some((it) => it.startsWith('backend to VIP: vm-a -> fails')));

  // Seven pauses between eight failures, in which the former primary answers its own VM.
  t.true(row('redirect').leaves.ms > 7 * SHORT.agentSeconds * 1000);
  t.true(row('redirect').unbound.wrong > 0.02);
  t.is(row('redirect').seen.local, 'backend address');

  // The VIP never leaves its VM, whoever is primary, until somebody takes it off; then nothing is left.
  t.false(row('loopback').leaves.ended);
  t.true(row('loopback').unbound.wrong > 0.2);
  t.false(row('loopback').drift.ended);
  t.is(row('loopback').seen.local, 'the VIP itself');

  // Ours waits for the load balancer as everybody does, mends what drifted, and breaks what docs name.
  const ours = row('guard');
  for (const gap of [ours.leaves, ours.comes]) t.true(gap.ended && gap.ms < ours.outsideGap.ms + 1500);
  t.true(ours.drift.ended);
  t.true(ours.unbound.failed < 0.15, 'no more than the drift');
  t.is(ours.seen.local, 'via address');
  t.deepEqual(
    [ours.broken.local, ours.broken.remote].map((list) => list.map((it) => it.split(':')[0])),
    [
      ['backend to own via', 'via to own backend'],
      ['backend to own via', 'via to own backend'],
    ],
  );
});

testNeeding(['shellcheck'])("shellcheck has nothing to say about the redirect's agent", (t) => {
  const agent = join(import.meta.dirname, '../../../lab/compare/redirect-agent.sh');
  const { stdout, status } = spawnSync('shellcheck', ['--severity=style', agent], { encoding: 'utf8' });
  t.is(stdout, '');
  t.is(status, 0);
});
