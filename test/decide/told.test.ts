/** What the log says of each decision: every line of a step, whole. Long: one table of cases about one thing. */
import test from 'ava';
import { cancelRuns } from '../../shared/decide/cancel.ts';
import { followCommands } from '../../shared/decide/commands.ts';
import { confirm } from '../../shared/decide/failover.ts';
import type { EstatePass } from '../../shared/decide/pass.ts';
import { planRuns } from '../../shared/decide/planRun.ts';
import { haltAll, startCommands } from '../../shared/decide/rollout.ts';
import { closeRuns, joinRuns, settleEnded, withoutEstate } from '../../shared/decide/settle.ts';
import { finding, findingText } from '../../shared/model/findings.ts';
import { type CommandRefusal, noCounts } from '../../shared/model/rows.ts';
import type { Step, StepFields } from '../../shared/model/steps.ts';
import {
  accepted,
  ago,
  azureError,
  commanded,
  commandId,
  later,
  looked,
  NOW,
  outcome,
  pass,
  printed,
  READY,
  refuses,
  run,
  shows,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { linesOf } from '../helpers/shown.ts';
import { frontendId, vmId } from '../helpers/world.ts';

const A = vmId('hs-a');
const cancel = { by: 'nurse', at: ago(1) };
const mine = { commandId: commandId('hs-a', 7) };
const seven = { runId: 'm1', vmId: A, seq: 7 };
const fine = (name: string) => vm(name, { look: looked(name) });
const sent = (more = {}) => commanded('hs-a sent apply 7', { shown: true, ...more });
const refusal = (code: CommandRefusal['code'], status: number, more: Partial<CommandRefusal> = {}): CommandRefusal => ({
  code,
  status,
  action: 'runCommands/write',
  text: 'no',
  at: ago(20),
  notBefore: later(20),
  ...more,
});
const failover = run('f1 failover hs-b 10.0.1.100', {
  confirmation: { state: 'pending', vmId: vmId('hs-b'), frontendIds: [frontendId('ucr')], until: ago(100) },
});
const confirmAll = (at: EstatePass) => {
  for (const one of at.runs.all()) confirm(at, one);
};

const table: [string, Words, (at: EstatePass) => void, Step, object[]][] = [
  [
    'a run that is planned',
    { runs: [accepted('s1 sweep')], vms: [fine('hs-b')] },
    planRuns,
    'planned',
    [{ runId: 's1', signal: 'sweep', vms: 2, fresh: 1 }],
  ],
  [
    'a run that somebody asked for',
    { runs: [accepted('m1 manual hs-a', { askedBy: 'nurse' })] },
    planRuns,
    'planned',
    [{ runId: 'm1', signal: 'manual', vms: 1, fresh: 0, askedBy: 'nurse' }],
  ],
  [
    'a run that joins another',
    { runs: [accepted('c1 change hs-a', { observedAt: ago(9) }), accepted('c2 change hs-a', { observedAt: ago(3) })] },
    joinRuns,
    'joined',
    [{ runId: 'c2', signal: 'resourceChange', joined: 'c1' }],
  ],
  [
    'a failover that the probes did not follow',
    { runs: [failover] },
    confirmAll,
    'failover-not-confirmed',
    [{ runId: 'f1', vmId: vmId('hs-b'), afterMs: 60_000 }],
  ],
  [
    'a command that is meant',
    { runs: [run('s1 sweep'), run('c1 change hs-a')], outcomes: [outcome('s1 hs-a'), outcome('c1 hs-a')] },
    startCommands,
    'intend',
    [{ runId: ['s1', 'c1'], vmId: A, seq: NOW / 1000 + 1, mode: 'apply', vips: 2 }],
  ],
  [
    'a command that is sent',
    { vms: [vm('hs-a intended apply 7')], looks: { 'hs-a': shows(undefined, READY) } },
    followCommands,
    'send',
    [{ ...seven, mode: 'apply' }],
  ],
  [
    'an intent that came in beside another',
    {
      vms: [vm('hs-a intended apply 7'), commanded('hs-b intended apply 7', { intendedAt: ago(50) })],
      looks: { 'hs-a': shows(undefined, READY), 'hs-b': shows(undefined, READY) },
    },
    followCommands,
    'taken-back',
    [seven],
  ],
  [
    'a look that failed',
    { vms: [sent()], looks: { 'hs-a': refuses(503, 'busy') } },
    followCommands,
    'look-failed',
    [{ ...seven, code: azureError(503).code, status: 503, text: azureError(503, 'busy').message }],
  ],
  [
    'a command past its deadline',
    { vms: [sent({ deadline: ago(1) })], looks: { 'hs-a': shows({ ...mine, state: 'Running' }) } },
    followCommands,
    'cancel',
    [{ ...seven, code: 'COMMAND_TIMED_OUT' }],
  ],
  [
    'a report',
    {
      vms: [sent()],
      looks: { 'hs-a': shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7, { changed: 3 }) }) },
    },
    followCommands,
    'report',
    [{ ...seven, changed: 3, errorCode: '' }],
  ],
  [
    'a report of an error',
    {
      vms: [sent()],
      looks: {
        'hs-a': shows({ ...mine, state: 'Failed', output: printed('hs-a', 7, { more: { e: 'BUSY', d: 'lock' } }) }),
      },
    },
    followCommands,
    'report',
    [{ ...seven, changed: 0, errorCode: 'BUSY' }],
  ],
  [
    'a command that Azure never showed',
    { vms: [commanded('hs-a sent apply 7', { heldUp: { ms: 240_000, at: ago(5) } })], looks: { 'hs-a': shows() } },
    followCommands,
    'command-failed',
    [
      {
        ...seven,
        code: 'COMMAND_NOT_ACCEPTED',
        text: findingText(finding('COMMAND_FAILED', { code: 'COMMAND_NOT_ACCEPTED', detail: 'Azure never showed it' })),
      },
    ],
  ],
  [
    'a PUT that is not allowed: the code is Azure’s',
    { vms: [commanded('hs-a sent apply 7', { refusal: refusal('AZURE_DENIED', 403) })], looks: { 'hs-a': shows() } },
    followCommands,
    'command-failed',
    [
      {
        ...seven,
        code: '403',
        text: findingText(finding('ACCESS_DENIED', { action: 'runCommands/write', code: '403', text: 'no' })),
      },
    ],
  ],
  [
    'a command that a conflict kept out',
    { vms: [commanded('hs-a sent apply 7', { refusal: refusal('AZURE_CONFLICT', 409) })], looks: { 'hs-a': shows() } },
    followCommands,
    'withdrawn',
    [
      {
        ...seven,
        retryAt: later(20),
        code: 'AZURE_CONFLICT',
        text: findingText(finding('COMMAND_FAILED', { code: 'AZURE_CONFLICT', detail: 'no' })),
      },
    ],
  ],
  [
    'a run that is cancelled',
    {
      runs: [run('m1 manual hs-a hs-b', { cancel })],
      outcomes: [outcome('m1 hs-a 7'), outcome('m1 hs-b')],
      vms: [sent()],
    },
    cancelRuns,
    'cancel',
    [{ ...seven, code: 'COMMAND_STOPPED' }],
  ],
  [
    'mirrors of a VM of which nobody knows what came of its apply',
    {},
    (at) => haltAll(at, run('m1 manual hs-a'), A),
    'halted',
    ['ucr', 'pi'].map((name) => ({ runId: 'm1', vmId: A, frontendId: frontendId(name) })),
  ],
  [
    'a VM of a run whose command has ended',
    {
      runs: [run('m1 manual hs-a')],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [
        vm('hs-a', {
          look: looked('hs-a', { at: NOW }),
          last: { seq: 7, mode: 'apply', endedAt: NOW, changed: 3, warnings: [] },
        }),
      ],
    },
    settleEnded,
    'settled',
    [{ runId: 'm1', vmId: A, result: 'repaired', changed: 3, findings: [] }],
  ],
  [
    'a run without an estate for ten minutes',
    { runs: [accepted('s1 sweep', { reason: { code: 'AZURE_DENIED', text: '', at: ago(600) } })] },
    (at) => withoutEstate(at, azureError(403)),
    'run-failed',
    [{ runId: 's1', code: 'AZURE_DENIED', text: azureError(403).message }],
  ],
  [
    'a run that is over',
    {
      runs: [run('s1 sweep', { fresh: 3 })],
      outcomes: [outcome('s1 hs-a repaired', { commands: 2 }), outcome('s1 hs-b blocked')],
    },
    closeRuns,
    'run-settled',
    [
      {
        ...noCounts(),
        ...{ runId: 's1', signal: 'sweep', afterMs: 60_000, vms: 5 },
        ...{ compliant: 3, repaired: 1, blocked: 1, commands: 2, believed: 3 },
      },
    ],
  ],
  [
    'a run that is over and that somebody asked for',
    { runs: [run('m1 manual hs-a', { askedBy: 'nurse' })] },
    closeRuns,
    'run-settled',
    [{ ...noCounts(), runId: 'm1', signal: 'manual', afterMs: 60_000, askedBy: 'nurse' }],
  ],
];
for (const [what, words, act, step, lines] of table) {
  test(`the log of ${what}`, (t) => {
    const at = pass(words);
    act(at);
    t.deepEqual(linesOf(at, step), lines as StepFields[Step][]);
  });
}
