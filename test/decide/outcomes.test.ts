/** What a run says of one VM, and of its counts. */
import test from 'ava';
import {
  countOutcomes,
  end,
  letWait,
  settleFromCommand,
  settleFromEstate,
  take,
  waitingOutcome,
} from '../../shared/decide/outcomes.ts';
import { finding } from '../../shared/model/findings.ts';
import type { OutcomeRow } from '../../shared/model/rows.ts';
import { ago, later, looked, NOW, outcome, pass, run, vm, type Words } from '../helpers/seen.ts';
import { outcomeText } from '../helpers/shown.ts';
import { articleWorld, type World } from '../helpers/world.ts';

function worldWith(change: (world: World) => void): World {
  const world = articleWorld();
  change(world);
  return world;
}
const fine = (name: string) => vm(name, { look: looked(name) });
const UNUSABLE = finding('ROW_UNUSABLE', { row: 'r', why: 'broken' });

const estate: [string, Words, Parameters<typeof settleFromEstate>[2], OutcomeRow['result'], string][] = [
  ['never looked at', {}, [], undefined, 'unknown'],
  ['all paths as planned', { vms: [fine('hs-a')] }, [], undefined, 'compliant'],
  [
    'a route is missing',
    { vms: [vm('hs-a', { look: looked('hs-a', { mode: 'check', drift: ['route-missing'] }) })] },
    [],
    undefined,
    'repairable',
  ],
  ['no secondary NIC', { world: worldWith(({ oneNic }) => oneNic.add('hs-a')) }, [], undefined, 'blocked'],
  ['stopped', { world: worldWith(({ stopped }) => stopped.add('hs-a')) }, [], undefined, 'unknown'],
  ['a reason of the loop’s own', { vms: [fine('hs-a')] }, [UNUSABLE], undefined, 'blocked ROW_UNUSABLE'],
  ['a result of the loop’s own', { vms: [fine('hs-a')] }, [UNUSABLE], 'failed', 'failed ROW_UNUSABLE'],
];
for (const [what, words, why, result, comes] of estate) {
  test(`what the estate says of a VM, ${what}: ${comes}`, (t) => {
    const row = outcome('s1 hs-a');
    settleFromEstate(pass(words), row, why, result);
    t.is(outcomeText(row), `outcome s1 hs-a ${comes}`);
    t.is(row.settledAt, NOW);
  });
}

test('a VM behind nothing says so', (t) => {
  const row = outcome('m1 hs-c');
  settleFromEstate(pass({ world: worldWith(({ vms }) => vms.push('hs-c')) }), row);
  t.is(outcomeText(row), 'outcome m1 hs-c unknown NOT_A_MEMBER');
});

test('what a command saw of each path, before and after', (t) => {
  const row = outcome('s1 hs-a 7');
  const last = { seq: 7, mode: 'apply' as const, endedAt: ago(60), changed: 2, warnings: ['forwarding'] };
  const report = looked('hs-a').report;
  report.paths[0] = { ...(report.paths[0] as (typeof report.paths)[0]), before: ['route-missing'] };
  const known = vm('hs-a', { last, look: looked('hs-a', { report }) });
  settleFromCommand(pass({ vms: [known] }), run('s1 sweep'), row, known);
  t.like(row, { result: 'repaired', changed: 2, warnings: ['forwarding'] });
  t.deepEqual(
    row.paths.map(({ vip, before, after }) => [vip, before?.drift, after]),
    [
      ['10.0.1.100', ['route-missing'], { drift: [], outcome: 'ok', ms: 1 }],
      ['10.0.1.101', [], { drift: [], outcome: 'ok', ms: 1 }],
    ],
  );
});

test('a look of another command is not told as this one’s', (t) => {
  const row = outcome('s1 hs-a 7');
  const last = { seq: 8, mode: 'apply' as const, endedAt: ago(60), changed: 2, warnings: ['forwarding'] };
  const known = vm('hs-a', { last, look: looked('hs-a') });
  settleFromCommand(pass({ vms: [known] }), run('s1 sweep'), row, known);
  t.like(row, { result: 'compliant', changed: 0, warnings: [] });
  t.true(row.paths.every(({ before, after }) => before === undefined && after === undefined));
});

test('an outcome waits, is given a command, waits again, is given another, and ends', (t) => {
  const row = waitingOutcome(run('s1 sweep'), vm('hs-a').vmId);
  const words: string[] = [outcomeText(row)];
  letWait(row, 'AZURE_CONFLICT', later(20));
  words.push(`${outcomeText(row)} until ${row.notBefore}`);
  letWait(row, 'MEMBER_BUSY');
  words.push(`${outcomeText(row)} until ${row.notBefore}`);
  take(row, 7);
  words.push(outcomeText(row));
  letWait(row, 'AGENT_NOT_READY', later(30));
  take(row, 8);
  end(row, 'repaired', NOW);
  words.push(outcomeText(row));
  t.deepEqual(words, [
    'outcome s1 hs-a waiting',
    `outcome s1 hs-a waiting AZURE_CONFLICT until ${later(20)}`,
    'outcome s1 hs-a waiting MEMBER_BUSY until undefined',
    'outcome s1 hs-a commanded 7',
    'outcome s1 hs-a repaired',
  ]);
  t.like(row, { commands: 2, seq: 8, settledAt: NOW, waitingFor: undefined, notBefore: undefined });
});

test('counts: by result, with the VMs that needed no look and those whose outcome cannot be read', (t) => {
  const rows = [
    outcome('s1 hs-a repaired', { commands: 2 }),
    outcome('s1 hs-b repaired', { commands: 1 }),
    outcome('s1 hs-c superseded'),
    outcome('s1 hs-d'),
  ];
  t.like(countOutcomes(5, rows, 1), { vms: 10, compliant: 5, repaired: 2, superseded: 1, failed: 1, commands: 3 });
  t.like(countOutcomes(0, []), { vms: 0, compliant: 0, failed: 0 });
});
