/** A command in flight: what Azure shows of it, and what comes of that. Long: one table of cases about one thing. */
import test from 'ava';
import { followCommands, rejoinCommands } from '../../shared/decide/commands.ts';
import type { Look } from '../../shared/decide/pass.ts';
import { startPass } from '../../shared/decide/startPass.ts';
import type { AzureError } from '../../shared/errors.ts';
import type { CommandView } from '../../shared/model/ports.ts';
import type { CommandRefusal, CommandRow, VmRow } from '../../shared/model/rows.ts';
import type { AgentView } from '../../shared/model/surroundings.ts';
import {
  accepted,
  ago,
  azureError,
  commanded,
  commandId,
  later,
  NOW,
  outcome,
  pass,
  printed,
  READY,
  refuses,
  run,
  seen,
  shows,
  vm,
} from '../helpers/seen.ts';
import { shown, steps } from '../helpers/shown.ts';
import { SETTINGS, vmId } from '../helpers/world.ts';

const refusal = (code: CommandRefusal['code'], status: number, more: Partial<CommandRefusal> = {}): CommandRefusal => ({
  code,
  status,
  action: 'runCommands/write',
  text: 'no',
  at: ago(20),
  notBefore: ago(1),
  ...more,
});
const mine = { commandId: commandId('hs-a', 7) };
const theirs = { commandId: 'f'.repeat(32) };
const intended = (more: Partial<CommandRow> = {}) => commanded('hs-a intended apply 7', more);
const sent = (more: Partial<CommandRow> = {}) => commanded('hs-a sent apply 7', { shown: true, ...more });
const unseen = (more: Partial<CommandRow> = {}) => commanded('hs-a sent apply 7', more);
const cancelling = (more: Partial<CommandRow> = {}) =>
  commanded('hs-a cancelling apply 7', more, {
    findings: [{ code: 'COMMAND_FAILED', params: { code: 'COMMAND_TIMED_OUT', detail: 'Running' } }],
  });
/** One whose run a person has just cancelled. */
const stopped = (more: Partial<CommandRow> = {}) =>
  commanded(
    'hs-a cancelling apply 7',
    { shown: true, stopped: true, cancelled: { at: ago(0), times: 0 }, ...more },
    {
      findings: [{ code: 'COMMAND_STOPPED', params: { by: 'nurse' } }],
    },
  );
const OVER = { deadline: ago(1) };
/** Held up for as long as a command may take to begin, or to be shown. */
const LONG = { heldUp: { ms: 240_000, at: ago(5) } };

const table: [string, VmRow, Look, string[]][] = [
  // intended: read before it is sent
  ['a free slot: sent', intended(), shows(undefined, READY), ['vm hs-a sent apply 7', 'send hs-a A apply 7']],
  [
    'a slot whose last command ended: sent, and its start is remembered',
    intended(),
    shows({ ...theirs, state: 'Succeeded', startTime: 't1' }, READY),
    ['vm hs-a sent apply 7', 'send hs-a A apply 7'],
  ],
  ...(['Pending', 'Running'] as const).map((state): (typeof table)[number] => [
    `a slot in which another command is ${state}: waited for`,
    intended(),
    shows({ ...theirs, state }, READY),
    ['vm hs-a intended apply 7'],
  ]),
  ...['Creating', 'Updating', 'Deleting'].map((provisioningState): (typeof table)[number] => [
    `a slot that Azure is ${provisioningState}: waited for`,
    intended(),
    shows({ ...theirs, provisioningState }, READY),
    ['vm hs-a intended apply 7'],
  ]),
  [
    'a slot that is busy for longer than a command takes: failed',
    intended(LONG),
    shows({ ...theirs, state: 'Running' }, READY),
    ['vm hs-a ended 7 COMMAND_SLOT_BUSY'],
  ],
  [
    'an agent that is not ready: nothing is sent',
    intended(),
    shows(undefined, { status: 'Not Ready' }),
    ['vm hs-a ended 7 AGENT_NOT_READY'],
  ],
  [
    'an agent too old: nothing is sent',
    intended(),
    shows(undefined, { status: 'Ready', version: '2.2.40' }),
    ['vm hs-a ended 7 AGENT_TOO_OLD'],
  ],
  ['a look that was refused for good: failed', intended(), refuses(403), ['vm hs-a ended 7 ACCESS_DENIED']],
  ['a token that ran out: looked at again', intended(), refuses(401), ['vm hs-a intended apply 7']],
  ['a look that failed: looked at again', intended(), refuses(503), ['vm hs-a intended apply 7']],
  ['looks that failed for too long: failed', intended(LONG), refuses(503), ['vm hs-a ended 7 COMMAND_NOT_SEEN']],

  // sent: Azure has it
  [
    'a command that Azure holds for the first time: its deadline begins',
    unseen(),
    shows({ ...mine, state: 'Pending' }),
    ['vm hs-a sent apply 7'],
  ],
  ...(['Unknown', 'Pending', 'Running'] as const).map((state): (typeof table)[number] => [
    `a command that is ${state} within its deadline: waited for`,
    sent(),
    shows({ ...mine, state }),
    [],
  ]),
  ...(['Unknown', 'Pending', 'Running'] as const).map((state): (typeof table)[number] => [
    `a command that is ${state} past its deadline: cancelled`,
    sent(OVER),
    shows({ ...mine, state }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ]),
  [
    'a command that could not be run at all: failed',
    sent(),
    shows({ ...mine, state: 'Unknown', provisioningState: 'Failed', message: 'no agent' }),
    ['vm hs-a ended 7 COMMAND_NOT_RUN'],
  ],
  [
    'a report: taken in',
    sent(),
    shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7) }),
    ['vm hs-a ended 7'],
  ],
  [
    'a report of a script that ended with an error: taken in as well',
    sent(),
    shows({ ...mine, state: 'Failed', exitCode: 1, output: printed('hs-a', 7, { more: { e: 'BUSY', d: 'lock' } }) }),
    ['vm hs-a ended 7'],
  ],
  ...(['Succeeded', 'Failed', 'TimedOut', 'Canceled'] as const).map((state): (typeof table)[number] => [
    `a command that is ${state} and printed no report: failed`,
    sent(),
    shows({ ...mine, state, output: 'noise' }),
    ['vm hs-a ended 7 REPORT_MISSING'],
  ]),
  [
    'a report that was cut: failed',
    sent(),
    shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7).slice(0, 60) }),
    ['vm hs-a ended 7 REPORT_CUT'],
  ],
  [
    'the end of the execution before: not started yet',
    sent({ priorStart: 't1' }),
    shows({ ...mine, state: 'Succeeded', startTime: 't1', output: printed('hs-a', 7) }),
    [],
  ],
  [
    'the end of the execution before, past the deadline: cancelled',
    sent({ priorStart: 't1', ...OVER }),
    shows({ ...mine, state: 'Succeeded', startTime: 't1' }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  [
    'the output of the run before: not there yet',
    sent(),
    shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 6) }),
    [],
  ],
  ['a look that failed while it runs: waited for', sent(OVER), refuses(503), []],
  ['a look that is refused for good while it runs: failed', sent(), refuses(403), ['vm hs-a ended 7 ACCESS_DENIED']],

  // sent: Azure has not got it
  [
    'a command that Azure does not hold: sent again',
    unseen(),
    shows(),
    ['vm hs-a sent apply 7', 'send hs-a A apply 7'],
  ],
  [
    'another script in the slot that has ended: sent again',
    unseen(),
    shows({ ...theirs, state: 'Succeeded' }),
    ['vm hs-a sent apply 7', 'send hs-a A apply 7'],
  ],
  ['another script in the slot that runs: waited for', unseen(), shows({ ...theirs, state: 'Running' }), []],
  [
    'another script that runs past the deadline: cancelled',
    unseen(OVER),
    shows({ ...theirs, state: 'Running' }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  ['a command that Azure never showed: failed', unseen(LONG), shows(), ['vm hs-a ended 7 COMMAND_NOT_ACCEPTED']],
  [
    'a command that a conflict kept out: given up for now',
    unseen({ refusal: refusal('AZURE_CONFLICT', 409) }),
    shows(),
    ['vm hs-a ended 7 AZURE_CONFLICT again'],
  ],
  [
    'a command that throttling kept out: given up for now',
    unseen({ refusal: refusal('AZURE_THROTTLED', 429) }),
    shows(),
    ['vm hs-a ended 7 AZURE_THROTTLED again'],
  ],
  [
    'a PUT that failed a moment ago: not sent yet',
    unseen({ refusal: refusal('AZURE_FAILED', 500, { notBefore: later(5) }) }),
    shows(),
    ['vm hs-a sent apply 7'],
  ],
  [
    'a PUT that failed a while ago: sent again',
    unseen({ refusal: refusal('AZURE_FAILED', 500) }),
    shows(),
    ['vm hs-a sent apply 7', 'send hs-a A apply 7'],
  ],
  [
    'a PUT that failed for too long: failed with what Azure said',
    unseen({ refusal: refusal('AZURE_FAILED', 500), ...LONG }),
    shows(),
    ['vm hs-a ended 7 AZURE_FAILED'],
  ],
  [
    'a PUT that is not allowed: failed',
    unseen({ refusal: refusal('AZURE_DENIED', 403) }),
    shows(),
    ['vm hs-a ended 7 ACCESS_DENIED'],
  ],
  [
    'a PUT without a token for too long: failed',
    unseen({ refusal: refusal('AZURE_DENIED', 401), ...LONG }),
    shows(),
    ['vm hs-a ended 7 AZURE_DENIED'],
  ],
  ...(
    [
      ['RequestDisallowedByPolicy', 403, 'Resource was disallowed by policy.', 'AZURE_REFUSES'],
      ['ScopeLocked', 409, 'following scope(s) are locked', 'AZURE_REFUSES'],
      ['OperationNotAllowed', 409, 'when extension operations are disallowed', 'AZURE_REFUSES'],
      ['OperationNotAllowed', 409, 'since another operation is in progress', 'AZURE_CONFLICT again'],
      ['Conflict', 409, 'Run command extension execution is in progress.', 'AZURE_CONFLICT again'],
      ['AuthorizationFailed', 403, 'does not have authorization', 'ACCESS_DENIED again'],
    ] as const
  ).map(([azureCode, status, text, ends]): (typeof table)[number] => [
    `a PUT that is answered ${status} ${azureCode} (${text}): ${ends}`,
    unseen({ refusal: refusal(status === 403 ? 'AZURE_DENIED' : 'AZURE_CONFLICT', status, { azureCode, text }) }),
    shows(),
    [`vm hs-a ended 7 ${ends}`],
  ]),
  [
    'a right that is missing once more, after a new role had its time: failed',
    {
      ...unseen({ refusal: refusal('AZURE_DENIED', 403, { azureCode: 'AuthorizationFailed' }) }),
      last: {
        seq: 6,
        mode: 'apply',
        endedAt: ago(300),
        changed: 0,
        warnings: [],
        failure: { code: 'ACCESS_DENIED', params: {} },
        retryAt: ago(1),
      },
    },
    shows(),
    ['vm hs-a ended 7 ACCESS_DENIED'],
  ],
  [
    'a PUT to a VM that is gone: failed',
    unseen({ refusal: refusal('AZURE_NOT_FOUND', 404) }),
    shows(),
    ['vm hs-a ended 7 VM_GONE'],
  ],
  [
    'a plan that no script can be made of: failed',
    unseen({ refusal: refusal('PLAN_INVALID', 0) }),
    shows(),
    ['vm hs-a ended 7 PLAN_INVALID'],
  ],

  // cancelling
  [
    'a cancelled command that still runs: cancelled again after a while',
    cancelling({ cancelled: { at: ago(20), times: 2 } }),
    shows({ ...mine, state: 'Running' }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  [
    'a cancel that a loop may have been killed before it made: made by the next pass',
    cancelling({ cancelled: { at: ago(1), times: 1 } }),
    shows({ ...mine, state: 'Running' }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  [
    'a command that was cancelled a moment ago: not yet again',
    cancelling({ cancelled: { at: ago(19), times: 2 } }),
    shows({ ...mine, state: 'Running' }),
    [],
  ],
  [
    'a command that was cancelled again and again: no more',
    cancelling({ cancelled: { at: ago(9000), times: 5 } }),
    shows({ ...mine, state: 'Running' }),
    [],
  ],
  [
    'a DELETE that was refused a moment ago: not asked again yet',
    cancelling({
      cancelled: { at: ago(60), times: 1 },
      refusal: refusal('AZURE_CONFLICT', 409, { notBefore: later(5) }),
    }),
    shows({ ...mine, state: 'Running' }),
    [],
  ],
  [
    'a cancelled command that has ended: failed with why it was cancelled, and the other slot is next',
    cancelling(),
    shows({ ...mine, state: 'Canceled' }),
    ['vm hs-a ended 7 COMMAND_TIMED_OUT slot B'],
  ],
  ['a cancelled command that is gone: the same', cancelling(), shows(), ['vm hs-a ended 7 COMMAND_TIMED_OUT slot B']],
  [
    'a report that comes after the cancel: too late',
    cancelling(),
    shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7) }),
    ['vm hs-a ended 7 COMMAND_TIMED_OUT slot B'],
  ],
  ['a look that is refused while it is cancelled: the VM stays taken', cancelling(), refuses(403), []],

  // stopped: a person has cancelled its run
  [
    'a stopped command that runs: asked to be deleted at once',
    stopped(),
    shows({ ...mine, state: 'Running' }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  [
    'a stopped command that has ended by itself: its report is what happened',
    stopped(),
    shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7) }),
    ['vm hs-a ended 7'],
  ],
  [
    'a stopped command that has ended without a report: it was stopped',
    stopped(),
    shows({ ...mine, state: 'Failed' }),
    ['vm hs-a ended 7 COMMAND_STOPPED slot B'],
  ],
  [
    'a stopped command of which Azure still shows the execution before: deleted, and its report is not believed',
    stopped({ priorStart: 't1' }),
    shows({ ...mine, state: 'Succeeded', startTime: 't1', output: printed('hs-a', 7) }),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  [
    'a stopped command that Azure does not hold: deleted all the same, its PUT may be on its way',
    stopped({ shown: undefined as never }),
    shows(),
    ['vm hs-a cancelling apply 7', 'cancel hs-a A 7'],
  ],
  [
    'a stopped command that was deleted: stopped, and the other slot is next',
    stopped({ cancelled: { at: ago(5), times: 1 } }),
    shows(),
    ['vm hs-a ended 7 COMMAND_STOPPED slot B'],
  ],
  [
    'a stopped command whose DELETE lost against its end: its report is what happened',
    stopped({ cancelled: { at: ago(5), times: 1 } }),
    shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7) }),
    ['vm hs-a ended 7'],
  ],
  ['a look at a stopped command that fails: asked for with the next', stopped(), refuses(503), []],
];
for (const [what, row, look, comes] of table) {
  test(what, (t) => {
    const at = pass({ vms: [row], looks: { 'hs-a': look } });
    followCommands(at);
    t.deepEqual(shown(at), comes);
  });
}

const reasons: [string, Partial<CommandView>, RegExp][] = [
  [
    'a script that could not be started, in the handler’s words',
    { provisioningState: 'Failed', state: 'Unknown', message: 'Non-zero exit code: 126\n bash: script.sh: noexec\n' },
    /^bash: script\.sh: noexec$/,
  ],
  [
    'a shell that could not run it, in its own words',
    { state: 'Failed', exitCode: 126, error: '\u001b[31mbash: /x/script.sh: Permission denied\u001b[0m\r\n\n' },
    /^Failed, exit code 126: .* Last line: bash: \/x\/script\.sh: Permission denied$/,
  ],
  [
    'a script that said something else than a report',
    { state: 'Succeeded', exitCode: 0, output: `one\n${'two '.repeat(500)}\n` },
    /Last line: two two .{150,200}…$/,
  ],
  ['nothing said at all', { state: 'Failed', exitCode: 137 }, /^Failed, exit code 137: The command printed nothing\.$/],
];
for (const [what, view, detail] of reasons) {
  test(`the reason is carried through: ${what}`, (t) => {
    const at = pass({ vms: [sent()], looks: { 'hs-a': shows({ ...mine, ...view }) } });
    followCommands(at);
    t.regex([...at.vms.all()][0]?.findings[0]?.params.detail ?? '', detail);
  });
}

const AWAY = 'the estate cannot be read: it was not read';
const details: [string, VmRow, Look, string][] = [
  ['its slot stays busy', intended(LONG), shows({ ...theirs, state: 'Running' }, READY), 'Running since unknown'],
  [
    'its slot stays busy since a time that is known',
    intended(LONG),
    shows({ ...theirs, state: 'Running', startTime: 't1' }, READY),
    'Running since t1',
  ],
  ['it could not be looked at', intended(LONG), refuses(503), azureError(503).message],
  ['Azure never showed it', unseen(LONG), shows(), 'Azure never showed it'],
  [
    'its PUT failed for too long',
    unseen({ refusal: refusal('AZURE_FAILED', 500), ...LONG }),
    shows(),
    'runCommands/write: no',
  ],
  ['its VM is gone', unseen({ refusal: refusal('AZURE_NOT_FOUND', 404) }), shows(), 'no'],
  [
    'nothing is said of why it did not run',
    sent(),
    shows({ ...mine, state: 'Unknown', provisioningState: 'Failed' }),
    'provisioning failed',
  ],
  ['it was over its time', sent(OVER), shows({ ...mine, state: 'Running' }), 'Running'],
  [
    'Azure shows no newer execution',
    sent({ priorStart: 't1', ...OVER }),
    shows({ ...mine, state: 'Succeeded', startTime: 't1' }),
    'Azure still shows the execution before',
  ],
  [
    'it was cancelled, nobody knows why',
    commanded('hs-a cancelling apply 7', {}),
    shows({ ...mine, state: 'Canceled' }),
    'canceled',
  ],
];
for (const [what, row, look, detail] of details) {
  test(`it is said that ${what}`, (t) => {
    const at = pass({ vms: [row], looks: { 'hs-a': look } });
    followCommands(at);
    t.is([...at.vms.all()][0]?.findings[0]?.params.detail, detail);
  });
}

test('without lists nothing is sent, and that is said once it takes too long', (t) => {
  const after = (row: VmRow, estate?: AzureError) => {
    const at = startPass(
      seen({ vms: [row], looks: { 'hs-a': shows(undefined, READY) }, estate: estate ?? 'unread' }),
      SETTINGS,
    );
    followCommands(at);
    return [shown(at), [...at.vms.all()][0]?.findings[0]?.params.detail];
  };
  t.deepEqual(after(intended()), [['vm hs-a intended apply 7'], undefined]);
  t.deepEqual(after(intended(LONG)), [['vm hs-a ended 7 COMMAND_NOT_SEEN'], AWAY]);
  const error = azureError(503);
  t.is(after(intended(LONG), error)[1], `the estate cannot be read: ${error.message}`);
  t.deepEqual(after(unseen()), [['vm hs-a sent apply 7'], undefined], 'one that Azure does not hold is not sent again');
});

test('a command that is cancelled is asked to be deleted once, from now on', (t) => {
  const at = pass({ vms: [sent(OVER)], looks: { 'hs-a': shows({ ...mine, state: 'Running' }) } });
  followCommands(at);
  t.deepEqual([...at.vms.all()][0]?.command?.cancelled, { at: NOW, times: 1 });
  t.deepEqual(at.effects, [{ kind: 'cancel', runIds: ['m1'], vmId: vmId('hs-a'), seq: 7, slot: 'A' }]);
});

test('a command that is sent: when, until when, and held up by nothing any more', (t) => {
  const at = pass({
    vms: [intended({ heldUp: { ms: 1000, at: ago(5) } })],
    looks: { 'hs-a': shows(undefined, READY) },
  });
  followCommands(at);
  const command = [...at.vms.all()][0]?.command;
  t.like(command, { sentAt: NOW, deadline: later(240), heldUp: undefined, priorStart: undefined });
});

test('an agent that is not ready was away; one too old was not', (t) => {
  const awayAt = (agent: AgentView) => {
    const at = pass({ vms: [intended()], looks: { 'hs-a': shows(undefined, agent) } });
    followCommands(at);
    return [...at.vms.all()][0]?.awayAt;
  };
  t.is(awayAt({ status: 'Not Ready' }), NOW);
  t.is(awayAt({ status: 'Ready', version: '2.2.40' }), undefined);
});

test('the deadline counts from when Azure first shows the command', (t) => {
  const at = pass({ vms: [unseen({ deadline: ago(600) })], looks: { 'hs-a': shows({ ...mine, state: 'Running' }) } });
  followCommands(at);
  t.is([...at.vms.all()][0]?.command?.deadline, later(240));
  t.deepEqual(at.effects, []);
});

test('time in which nobody looked is not counted as held up', (t) => {
  const at = pass({ vms: [intended({ heldUp: { ms: 1000, at: ago(3600) } })], looks: { 'hs-a': refuses(503) } });
  followCommands(at);
  t.is([...at.vms.all()][0]?.command?.heldUp?.ms, 11_000, 'two bells at the most');
});

test('what is sent goes by the plan on the row, with its own id', (t) => {
  const row = intended();
  const at = pass({ vms: [row], looks: { 'hs-a': shows({ ...theirs, state: 'Failed', startTime: 't1' }, READY) } });
  followCommands(at);
  const [effect] = at.effects;
  t.like(effect, { kind: 'send', os: 'linux', location: 'westeurope', slot: 'A', timeoutSeconds: 60 });
  t.deepEqual(effect?.kind === 'send' && effect.command, {
    commandId: commandId('hs-a', 7),
    mode: 'apply',
    plan: row.command?.plan,
    limits: { connectSeconds: 3, totalSeconds: 60 },
  });
  t.like([...at.vms.all()][0]?.command, { priorStart: 't1', healthyVips: row.command?.vips });
  t.deepEqual(steps(at), ['send']);
});

test('a report that its VM’s row could not take: the command is over, and why no more of it is kept', (t) => {
  const look = shows({ ...mine, state: 'Succeeded', output: printed('hs-a', 7) });
  const at = pass({ vms: [sent()], looks: { 'hs-a': look }, unusable: ['hs-a'] });
  followCommands(at);
  t.deepEqual(shown(at), ['vm hs-a ended 7 ROW_UNUSABLE']);
  t.is([...at.vms.all()][0]?.look, undefined);
});

test('a look at a VM whose command is over by now changes nothing', (t) => {
  const at = pass({ vms: [vm('hs-a ok 7')], looks: { 'hs-a': shows({ ...mine, state: 'Running' }) } });
  followCommands(at);
  t.deepEqual(shown(at), []);
});

test('a loop was killed between the rows: the outcome is given the command that its VM has', (t) => {
  const at = pass({
    runs: [run('m1 manual hs-a'), accepted('m2 manual hs-b')],
    outcomes: [outcome('m1 hs-a'), outcome('m1 hs-b')],
    vms: [commanded('hs-a intended apply 7', { runIds: ['m1', 'gone'] })],
  });
  rejoinCommands(at);
  t.deepEqual(shown(at), ['outcome m1 hs-a commanded 7']);
});
