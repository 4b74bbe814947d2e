/** Who is looked at by a sweep: guests that keep themselves by the age of the look, all others each time, in parts. */
import test from 'ava';
import { lookNeed, spreadLooks } from '../../shared/decide/looks.ts';
import { countOutcomes, waitingOutcome } from '../../shared/decide/outcomes.ts';
import { planRuns } from '../../shared/decide/planRun.ts';
import type { VmRow } from '../../shared/model/rows.ts';
import { accepted, ago, later, looked, NOW, outcome, pass, planOf, run, vm } from '../helpers/seen.ts';
import { shown } from '../helpers/shown.ts';
import { SETTINGS, vmId } from '../helpers/world.ts';

const kept = (more = {}) => vm('hs-a', { look: looked('hs-a'), ...more });
/** Windows, or Linux without systemd. */
const bare = (name = 'hs-a', more = {}) => {
  const look = looked(name);
  delete look.report.heals;
  return vm(name, { look, ...more });
};
const need = (row: VmRow | undefined) => lookNeed(row, planOf('hs-a'), NOW, SETTINGS);

for (const [what, row, needed] of [
  ['never looked at', undefined, 'now'],
  ['all right a minute ago, and a service keeps it', kept(), 'none'],
  ['all right a minute ago, and no service keeps it', bare(), 'turn'],
  ['all right, longer ago than the set age', kept({ look: looked('hs-a', { at: ago(25 * 3600) }) }), 'now'],
  ['looked at before the VM was away', kept({ awayAt: ago(30) }), 'now'],
  ['looked at after the VM was away', kept({ awayAt: ago(90) }), 'none'],
  ['not as planned', kept({ look: looked('hs-a', { drift: ['route-missing'] }) }), 'now'],
  ['a command that failed since', kept({ findings: [{ code: 'COMMAND_FAILED', params: {} }] }), 'now'],
] as const) {
  test(`${what}: ${needed}`, (t) => t.is(need(row), needed));
}

test('a sweep looks at guests that nothing keeps, and believes the others', (t) => {
  const at = pass({ runs: [accepted('s1 sweep')], vms: [bare('hs-a'), vm('hs-b', { look: looked('hs-b') })] });
  planRuns(at);
  t.deepEqual(shown(at), ['outcome s1 hs-a waiting', 'run s1 running']);
  t.is(at.runs.get('s1')?.fresh, 1);
});

test('a change of a load balancer looks at none of both', (t) => {
  const at = pass({ runs: [accepted('c1 change ucr')], vms: [bare('hs-a'), vm('hs-b', { look: looked('hs-b') })] });
  planRuns(at);
  t.deepEqual(shown(at), ['run c1 running']);
});

/** When each of so many turns comes, minutes. */
const times = (count: number, maxCommands = 10): number[] => {
  const at = pass({ settings: { maxCommands } });
  const turns = Array.from({ length: count }, (_, i) =>
    waitingOutcome(run('s1 sweep'), vmId(`vm-${String(count - i).padStart(5, '0')}`)),
  );
  spreadLooks(at, turns);
  return turns.toReversed().map(({ notBefore = NOW }) => (notBefore - NOW) / 60_000);
};

test('a few turns are taken at once, many are spread in their order, and the last is within the hour', (t) => {
  t.deepEqual(times(10), Array(10).fill(0));
  t.deepEqual(times(25), [...Array(10).fill(0), ...Array(10).fill(5), ...Array(5).fill(10)]);
  t.is(Math.max(...times(1000)), 45);
  t.deepEqual(
    [0, 45].map((minute) => times(1000).filter((time) => time === minute).length),
    [100, 100],
  );
  t.deepEqual(times(1000), times(1000), 'a VM has its place from sweep to sweep');
  const at = pass({});
  const turns = [waitingOutcome(run('s1 sweep'), vmId('a')), waitingOutcome(run('s1 sweep'), vmId('b'))];
  spreadLooks({ ...at, settings: { ...at.settings, maxCommands: 1 } }, turns);
  t.deepEqual(
    turns.map(({ waitingFor, notBefore }) => [waitingFor, notBefore]),
    [
      [undefined, undefined],
      ['SWEEP_PART', later(300)],
    ],
  );
});

test('a run counts whom it looked at and whom it believed', (t) => {
  const counts = countOutcomes(3, [
    outcome('s1 hs-a compliant', { looked: true }),
    outcome('s1 hs-b repaired', { looked: true }),
    outcome('s1 hs-c compliant'),
    outcome('s1 hs-d blocked'),
    outcome('s1 hs-e blocked', { looked: true }),
  ]);
  t.like(counts, { vms: 8, compliant: 5, looked: 3, believed: 4 });
});
