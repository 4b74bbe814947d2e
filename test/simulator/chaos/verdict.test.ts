import test from 'ava';
import { acceptedRun, type RunRow } from '../../../shared/model/rows.ts';
import { judge, type Remains } from '../../../simulator/chaos/verdict.ts';

const run = (runId: string, change: Partial<RunRow> = {}): RunRow => ({
  ...acceptedRun({
    subscriptionId: '00000000-0000-0000-0000-000000000000',
    runId,
    signal: 'sweep',
    scope: [],
    mode: 'apply',
    dryRun: false,
    observedAt: 0,
  }),
  state: 'settled',
  ...change,
});
const reason = { code: 'DEAD_LETTER', text: 'for a reason', at: 0 } as const;
const quiet: Remains = {
  runs: [run('a'), run('b', { state: 'failed', reason })],
  accepted: ['a', 'b'],
  commands: [
    { vm: 'x', commandId: '1' },
    { vm: 'x', commandId: '2' },
    { vm: 'y', commandId: '3' },
  ],
  overlaps: [],
  vms: 2,
  poison: 0,
  queued: 0,
};

test('what holds: one line, no breach', (t) => {
  t.deepEqual(judge(quiet), {
    line: 'accepted 2, settled 1, failed with reason 1, lost 0, doubled 0, commands per VM 1.5 (most 2), poison 0',
    breaches: [],
  });
});

const cases: [string, Partial<Remains>, RegExp, string][] = [
  ['a signal without a run', { accepted: ['a', 'b', 'c'] }, /lost 1,/, 'run c is lost'],
  [
    'a run that is open',
    { runs: [run('a'), run('b', { state: 'running' })] },
    /lost 1,/,
    'run b (sweep) is still running',
  ],
  [
    'a run that failed without a reason',
    { runs: [run('a'), run('b', { state: 'failed' })] },
    /failed with reason 0,/,
    'run b (sweep) failed without a reason',
  ],
  [
    'a command that ran twice',
    { commands: [...quiet.commands, { vm: 'x', commandId: '2' }] },
    /doubled 1,/,
    'command 2 reached x 2 times',
  ],
  ['two commands at once', { overlaps: ['x twice'] }, /doubled 1,/, 'changed at once: x twice'],
  ['a message given up', { poison: 1 }, /poison 1$/, '1 messages were given up'],
  ['a message left', { queued: 2 }, /poison 0$/, '2 messages are still on the queue'],
];
for (const [title, change, line, breach] of cases) {
  test(title, (t) => {
    const found = judge({ ...quiet, ...change });
    t.regex(found.line, line);
    t.deepEqual(found.breaches, [breach]);
  });
}
