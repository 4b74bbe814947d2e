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
import { type Finding, finding } from '../../shared/model/findings.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { OutcomeRow } from '../../shared/model/rows.ts';
import { ago, frontend, later, looked, NOW, outcome, pass, run, vm, type Words } from '../helpers/seen.ts';
import { codes, outcomeText } from '../helpers/shown.ts';
import { articleWorld, vmId, type World } from '../helpers/world.ts';

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

test('why nobody is known to be healthy: Azure does not tell, where it refuses', (t) => {
  const nobody = finding('NO_HEALTHY_BACKEND');
  const said = (refused: boolean) => {
    const told = { code: 'AuthorizationFailed', action: 'health/action', text: 'no', at: NOW };
    const at = pass({ frontends: [frontend('ucr', refused ? { refused: told } : {}), frontend('pi')] });
    const key = idKey(vmId('hs-a'));
    const paths = (at.evaluation.pathsOfVm.get(key) ?? []).map((path) => ({
      ...path,
      findings: [finding('NO_PROBE'), nobody],
    }));
    const row = outcome('s1 hs-a');
    settleFromEstate({ ...at, evaluation: { ...at.evaluation, pathsOfVm: new Map([[key, paths]]) } }, row);
    return row.paths.map(({ findings }) => findings.map(({ code }) => code).join());
  };
  t.deepEqual(said(false), ['NO_PROBE,NO_HEALTHY_BACKEND', 'NO_PROBE,NO_HEALTHY_BACKEND']);
  t.deepEqual(said(true), ['NO_PROBE,HEALTH_REFUSED', 'NO_PROBE,NO_HEALTHY_BACKEND']);
});

test('what is said of a VM is why, and what its lists say; a row that must fit has no paths', (t) => {
  const at = pass({ vms: [fine('hs-a')] });
  const listedOf = new Map([[idKey(vmId('hs-a')), [{ id: vmId('hs-a'), finding: finding('OPTED_OUT') }]]]);
  const known = { ...at, evaluation: { ...at.evaluation, listedOf } };
  const rows = [outcome('s1 hs-a'), outcome('s1 hs-a'), outcome('s1 hs-a')] as const;
  settleFromEstate(known, rows[0]);
  settleFromEstate(known, rows[1], [finding('REMOVED_BY_HAND')]);
  settleFromEstate(known, rows[2], [UNUSABLE]);
  t.deepEqual(
    rows.map(({ findings, paths }) => [codes(findings), paths.length]),
    [
      ['OPTED_OUT', 2],
      ['REMOVED_BY_HAND,OPTED_OUT', 2],
      ['ROW_UNUSABLE,OPTED_OUT', 0],
    ],
  );
});

const failures: [Finding, OutcomeRow['result'] & string][] = [
  [finding('COMMAND_STOPPED', { by: 'nurse' }), 'cancelled'],
  [finding('AGENT_NOT_READY', { status: 'Not Ready' }), 'unknown'],
  [finding('AGENT_TOO_OLD'), 'blocked'],
  [finding('COMMAND_FAILED', { code: 'REPORT_MISSING' }), 'failed'],
];
for (const [failure, result] of failures) {
  test(`a command that ended with ${failure.code}: ${result}`, (t) => {
    const row = outcome('s1 hs-a 7');
    const known = vm('hs-a', { last: { seq: 7, mode: 'apply', endedAt: NOW, changed: 0, warnings: [], failure } });
    settleFromCommand(pass({ vms: [known] }), run('s1 sweep'), row, known);
    t.is(row.result, result);
    t.deepEqual(row.findings, [failure]);
    t.is(row.looked, undefined);
  });
}

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
