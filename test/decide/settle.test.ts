/**
 * How outcomes and runs end: with their commands, for want of time, without an estate, by another run.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { closeRuns, giveUp, joinRuns, settleEnded, withoutEstate } from '../../shared/decide/settle.ts';
import { finding } from '../../shared/model/findings.ts';
import type { VmRow } from '../../shared/model/rows.ts';
import {
  accepted,
  ago,
  azureError,
  commanded,
  frontend,
  later,
  looked,
  NOW,
  outcome,
  pass,
  run,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { codes, shown } from '../helpers/shown.ts';
import { articleWorld, OTHER } from '../helpers/world.ts';

/** The last command of hs-a, as it ended. */
const ended = (last: Partial<NonNullable<VmRow['last']>>, more: Partial<VmRow> = {}): VmRow =>
  vm('hs-a', { last: { seq: 7, mode: 'apply', endedAt: NOW, changed: 0, warnings: [], ...last }, ...more });
const withFailure = (code: string, more: Partial<NonNullable<VmRow['last']>> = {}) => {
  const failure = finding('COMMAND_FAILED', { code, detail: 'no' });
  return ended({ failure, ...more }, { findings: more.retryAt === undefined ? [failure] : [] });
};
const agentSilent = () => ended({ failure: finding('AGENT_NOT_READY', { status: 'Not Ready' }) });
const fineNow = (last: Partial<NonNullable<VmRow['last']>> = {}) => ended(last, { look: looked('hs-a', { at: NOW }) });
const seven = [outcome('m1 hs-a 7')];
const byHand = [run('m1 manual hs-a')];

const settled: [string, Words, string[]][] = [
  ['a command that still runs: its outcome too', { runs: byHand, outcomes: seven, vms: [vm('hs-a sent apply 7')] }, []],
  ['a report that all was well', { runs: byHand, outcomes: seven, vms: [fineNow()] }, ['outcome m1 hs-a compliant']],
  [
    'a report that something was mended',
    { runs: byHand, outcomes: seven, vms: [fineNow({ changed: 3 })] },
    ['outcome m1 hs-a repaired'],
  ],
  [
    'a report of a look that found something',
    {
      runs: byHand,
      outcomes: seven,
      vms: [ended({ mode: 'check' }, { look: looked('hs-a', { at: NOW, mode: 'check', drift: ['route-missing'] }) })],
    },
    ['outcome m1 hs-a repairable'],
  ],
  [
    'a removal',
    { runs: byHand, outcomes: seven, vms: [ended({ mode: 'remove', changed: 4 }, { hold: { runId: 'm1', at: NOW } })] },
    ['outcome m1 hs-a removed'],
  ],
  [
    'a removal that failed in the guest',
    { runs: byHand, outcomes: seven, vms: [ended({ mode: 'remove', failure: finding('GUEST_FAILED') })] },
    ['outcome m1 hs-a failed GUEST_FAILED'],
  ],
  [
    'an apply after which connects fail: blocked, and its mirrors are halted',
    { runs: byHand, outcomes: seven, vms: [ended({}, { look: looked('hs-a', { at: NOW, connect: 'timeout' }) })] },
    ['frontend ucr 10.0.1.10 halted by hs-a', 'frontend pi 10.0.1.10 halted by hs-a', 'outcome m1 hs-a blocked'],
  ],
  [
    'a command without a report: failed, and its mirrors are halted',
    { runs: byHand, outcomes: seven, vms: [withFailure('REPORT_MISSING')] },
    [
      'frontend ucr 10.0.1.10 halted by hs-a',
      'frontend pi 10.0.1.10 halted by hs-a',
      'outcome m1 hs-a failed REPORT_MISSING',
    ],
  ],
  [
    'an agent too old: blocked',
    { runs: byHand, outcomes: seven, vms: [ended({ failure: finding('AGENT_TOO_OLD') })] },
    ['outcome m1 hs-a blocked AGENT_TOO_OLD'],
  ],
  [
    'an agent that is not ready, by hand: unknown',
    { runs: byHand, outcomes: seven, vms: [agentSilent()] },
    ['outcome m1 hs-a unknown AGENT_NOT_READY'],
  ],
  [
    'an agent that is not ready after a change: waited for',
    { runs: [run('c1 change hs-a')], outcomes: [outcome('c1 hs-a 7')], vms: [agentSilent()] },
    ['outcome c1 hs-a waiting AGENT_NOT_READY'],
  ],
  [
    'an agent that is not ready a quarter of an hour after a change: unknown',
    {
      runs: [run('c1 change hs-a', { observedAt: ago(900) })],
      outcomes: [outcome('c1 hs-a 7')],
      vms: [agentSilent()],
    },
    ['outcome c1 hs-a unknown AGENT_NOT_READY'],
  ],
  [
    'a VM on which somebody else’s command runs: waited for',
    { runs: byHand, outcomes: seven, vms: [withFailure('AZURE_CONFLICT', { retryAt: later(20) })] },
    ['outcome m1 hs-a waiting AZURE_CONFLICT'],
  ],
  [
    'a VM on which somebody else’s command runs for longer than a run may take: failed',
    {
      runs: [run('m1 manual hs-a', { startedAt: ago(7200) })],
      outcomes: seven,
      vms: [withFailure('AZURE_CONFLICT', { retryAt: later(20) })],
    },
    ['outcome m1 hs-a failed AZURE_CONFLICT'],
  ],
  [
    'a command whose row was never written: its outcome takes its turn again',
    { runs: byHand, outcomes: seven, vms: [ended({ seq: 6 })] },
    ['outcome m1 hs-a waiting'],
  ],
  ['a command of a VM that has no row: the same', { runs: byHand, outcomes: seven }, ['outcome m1 hs-a waiting']],
  [
    'a later command of another run: what the estate says of the VM stands',
    { runs: byHand, outcomes: seven, vms: [fineNow({ seq: 9, changed: 5 })] },
    ['outcome m1 hs-a compliant'],
  ],
  [
    'a VM whose row cannot be used by now: failed, and since nobody knows what came of its apply, its mirrors are halted',
    { runs: byHand, outcomes: seven, unusable: ['hs-a'] },
    [
      'frontend ucr 10.0.1.10 halted by hs-a',
      'frontend pi 10.0.1.10 halted by hs-a',
      'outcome m1 hs-a failed ROW_UNUSABLE',
    ],
  ],
  [
    'a VM that was only looked at, and whose row cannot be used by now: failed, and no more',
    { runs: [run('m1 manual hs-a', { mode: 'check' })], outcomes: seven, unusable: ['hs-a'] },
    ['outcome m1 hs-a failed ROW_UNUSABLE'],
  ],
  [
    'an outcome of a run that is not open',
    { runs: [run('m1 manual hs-a', { state: 'failed' })], outcomes: seven, vms: [fineNow()] },
    [],
  ],
  [
    'a failover that the probes did not follow: blocked on the VM that it named',
    {
      runs: [
        run('f1 failover hs-a 10.0.1.100', {
          confirmation: {
            state: 'refused',
            vmId: vm('hs-a').vmId,
            frontendIds: [frontend('ucr').frontendId],
            until: ago(1),
          },
        }),
      ],
      outcomes: [outcome('f1 hs-a 7'), outcome('f1 hs-b 7')],
      vms: [fineNow(), { ...vm('hs-b ok 7'), look: looked('hs-b', { at: ago(5) }) }],
    },
    ['outcome f1 hs-a blocked PRIMARY_NOT_CONFIRMED', 'outcome f1 hs-b compliant'],
  ],
];
for (const [what, words, comes] of settled) {
  test(what, (t) => {
    const at = pass(words);
    settleEnded(at);
    t.deepEqual(shown(at), comes);
  });
}

test('a VM that just started is looked at again in half a minute, one that another holds at its time', (t) => {
  const until = (words: Words) => {
    const at = pass(words);
    settleEnded(at);
    return [...at.outcomes.readAll()][0]?.notBefore;
  };
  const change = [run('c1 change hs-a')];
  t.is(until({ runs: change, outcomes: [outcome('c1 hs-a 7')], vms: [agentSilent()] }), later(30));
  const vms = [withFailure('AZURE_CONFLICT', { retryAt: later(20) })];
  t.is(until({ runs: byHand, outcomes: seven, vms }), later(20));
});

const stuckOn = (mode: 'apply' | 'check') =>
  commanded(`hs-a cancelling ${mode} 7`, { cancelled: { at: ago(400), times: 5 } });
const HALTED = ['frontend ucr 10.0.1.10 halted by hs-a', 'frontend pi 10.0.1.10 halted by hs-a'];
const byLook = [run('m1 manual hs-a', { mode: 'check' })];
const endless: [string, Words, string[]][] = [
  ['an apply: its mirrors are halted', { runs: byHand, vms: [stuckOn('apply')] }, HALTED],
  ['a look: no more', { runs: byLook, vms: [stuckOn('check')] }, []],
];
for (const [what, words, halts] of endless) {
  test(`a command that was cancelled and does not end fails, ${what}`, (t) => {
    const at = pass({ ...words, outcomes: seven });
    settleEnded(at);
    t.deepEqual(shown(at), [...halts, 'outcome m1 hs-a failed COMMAND_STUCK']);
  });
}

/** The mirror pi is not listed any more, and the guest holds its VIP. */
const oneMirror = articleWorld();
oneMirror.mirrors.pop();
const missing: [string, typeof byHand, number, string[]][] = [
  ['it waits', byHand, 599, []],
  [
    'after ten minutes nobody knows, and its mirrors are halted',
    byHand,
    600,
    [HALTED[0] ?? '', 'outcome m1 hs-a unknown SUBSCRIPTION_UNREAD'],
  ],
  ['after ten minutes nobody knows what a look came to', byLook, 600, ['outcome m1 hs-a unknown SUBSCRIPTION_UNREAD']],
];
for (const [what, runs, seconds, comes] of missing) {
  test(`a command that ended while lists are missing that its VM is behind: ${what}`, (t) => {
    const vms = [ended({ endedAt: ago(seconds) }, { look: looked('hs-a') })];
    const at = pass({ world: oneMirror, frontends: [frontend('ucr')], runs, outcomes: seven, vms });
    const unread = [{ subscriptionId: OTHER, why: 'Azure answered 403.' }];
    settleEnded({ ...at, survey: { ...at.survey, unread } });
    t.deepEqual(shown(at), comes);
  });
}

test('a command whose row was never written is not counted', (t) => {
  const at = pass({ runs: byHand, outcomes: [outcome('m1 hs-a 7', { commands: 2 })] });
  settleEnded(at);
  t.is([...at.outcomes.readAll()][0]?.commands, 1);
});

// Budgets: two hours from when a run was planned.
const OLD = { startedAt: ago(7200) };
const old = run('m1 manual hs-a', OLD);
const OVER = { deadline: ago(1) };
const budgets: [string, Words, string | undefined][] = [
  ['in time', { runs: byHand, outcomes: [outcome('m1 hs-a')] }, undefined],
  [
    'late, and it waits for another member',
    { runs: [old], outcomes: [outcome('m1 hs-a', { waitingFor: 'MEMBER_BUSY' })] },
    'waited for MEMBER_BUSY',
  ],
  ['late, and it never had its turn', { runs: [old], outcomes: [outcome('m1 hs-a')] }, 'waited for its turn'],
  ['late, and its command has time left', { runs: [old], outcomes: seven, vms: [vm('hs-a sent apply 7')] }, undefined],
  [
    'late, and its command is over its time unseen',
    { runs: [old], outcomes: seven, vms: [commanded('hs-a sent apply 7', OVER)] },
    'Azure does not show how its command ended',
  ],
  [
    'late, and Azure does not end its command',
    {
      runs: [old],
      outcomes: seven,
      vms: [
        commanded('hs-a cancelling apply 7', OVER, {
          findings: [finding('COMMAND_FAILED', { code: 'COMMAND_TIMED_OUT', detail: 'Running' })],
        }),
      ],
    },
    'COMMAND_TIMED_OUT Running, and Azure does not end it',
  ],
  [
    'late, and the estate cannot be read',
    { runs: [old], outcomes: [outcome('m1 hs-a')], estate: azureError(403) },
    'the estate cannot be read: Microsoft.Compute/virtualMachines/read: answered 403',
  ],
  [
    'late, and Azure took no command for it',
    {
      runs: [old],
      outcomes: [outcome('m1 hs-a', { waitingFor: 'AZURE_CONFLICT' })],
      vms: [withFailure('AZURE_CONFLICT', { retryAt: later(20) })],
    },
    'waited for AZURE_CONFLICT; Azure’s last answer: no',
  ],
  [
    'late, and a right is missing',
    {
      runs: [old],
      outcomes: [outcome('m1 hs-a', { waitingFor: 'RIGHT_MISSING' })],
      vms: [ended({ failure: finding('ACCESS_DENIED', { code: '403', text: 'no role' }), retryAt: later(20) })],
    },
    'waited for RIGHT_MISSING; Azure’s last answer: 403: no role',
  ],
  [
    'late, and its last command failed for good',
    { runs: [old], outcomes: [outcome('m1 hs-a')], vms: [withFailure('REPORT_MISSING')] },
    'waited for its turn',
  ],
  ['late, and it has ended', { runs: [old], outcomes: [outcome('m1 hs-a repaired')] }, undefined],
  [
    'not planned yet, and accepted long ago',
    { runs: [accepted('m1 manual hs-a', { observedAt: ago(9000) })], outcomes: [outcome('m1 hs-a')] },
    undefined,
  ],
];
for (const [what, words, detail] of budgets) {
  test(`${what}: ${detail === undefined ? 'goes on' : `given up, ${detail}`}`, (t) => {
    const at = pass(words);
    giveUp(at);
    const [row] = at.outcomes.readAll();
    const given = detail === undefined ? [] : ['outcome m1 hs-a failed RUN_EXPIRED'];
    t.deepEqual(shown(at), given);
    t.is(row?.findings[0]?.params.detail, detail);
  });
}

// An estate that cannot be read.
const denied = azureError(403);
const reason = (seconds: number) => ({ code: 'AZURE_DENIED', text: '', at: ago(seconds) });
const unread: [string, Words, string[]][] = [
  [
    'a run that nobody planned: told why it waits',
    { runs: [accepted('s1 sweep')] },
    ['run s1 accepted because AZURE_DENIED'],
  ],
  [
    'a run that nobody planned for less than ten minutes',
    { runs: [accepted('s1 sweep', { reason: reason(599) })] },
    ['run s1 accepted because AZURE_DENIED'],
  ],
  [
    'a run that nobody planned for ten minutes: failed',
    { runs: [accepted('s1 sweep', { reason: reason(600) })] },
    ['run s1 failed because AZURE_DENIED'],
  ],
  [
    'the same, with outcomes of a loop that was killed: failed with it',
    {
      runs: [accepted('s1 sweep', { reason: reason(600) })],
      outcomes: [outcome('s1 hs-a'), outcome('s1 hs-b blocked')],
    },
    ['outcome s1 hs-a failed AZURE_DENIED', 'run s1 failed because AZURE_DENIED'],
  ],
  [
    'a run under way: told why it waits, as long as its budget lasts',
    { runs: [run('s1 sweep', { reason: reason(5000) })] },
    ['run s1 running because AZURE_DENIED'],
  ],
  ['a run that has ended', { runs: [run('s1 sweep', { state: 'settled' })] }, []],
  [
    'a reason from a clock that was ahead: counts from now',
    { runs: [accepted('s1 sweep', { reason: reason(-9000) })] },
    ['run s1 accepted because AZURE_DENIED'],
  ],
];
for (const [what, words, comes] of unread) {
  test(`without an estate: ${what}`, (t) => {
    const at = pass(words);
    withoutEstate(at, denied);
    t.deepEqual(shown(at), comes);
  });
}

test('without an estate: why, and since when', (t) => {
  const at = pass({ runs: [accepted('s1 sweep', { reason: reason(100) })] });
  withoutEstate(at, denied);
  t.deepEqual(at.runs.get('s1')?.reason, { code: 'AZURE_DENIED', text: denied.message, at: ago(100) });
});

// Runs that join others.
test('a run about the same as another ends at once, and the other one knows the latest signal', (t) => {
  const at = pass({
    runs: [
      accepted('c1 change hs-a', { observedAt: ago(9) }),
      accepted('c2 change hs-a', { observedAt: ago(3) }),
      accepted('c3 change hs-a', { observedAt: ago(5) }),
      accepted('c4 change hs-b', { observedAt: ago(1) }),
    ],
  });
  joinRuns(at);
  t.deepEqual(shown(at), ['run c1 accepted', 'run c2 settled joined c1', 'run c3 settled joined c1']);
  t.is(at.runs.get('c1')?.latestAt, ago(3));
  t.is(at.runs.get('c2')?.settledAt, NOW);
});

// Runs whose outcomes have ended.
const done = [outcome('s1 hs-a repaired', { commands: 2 }), outcome('s1 hs-b blocked')];
const closed: [string, Words, string[], boolean][] = [
  ['all outcomes have ended: settled', { runs: [run('s1 sweep')], outcomes: done }, ['run s1 settled'], true],
  ['no outcome at all: settled', { runs: [run('s1 sweep')] }, ['run s1 settled'], true],
  ['one outcome waits: open', { runs: [run('s1 sweep')], outcomes: [...done, outcome('s1 hs-c')] }, [], true],
  ['one outcome has a command: open', { runs: [run('s1 sweep')], outcomes: [...done, outcome('s1 hs-c 7')] }, [], true],
  [
    'all that was read has ended, and not all was read: read first',
    { runs: [run('s1 sweep')], outcomes: done, whole: [] },
    [],
    false,
  ],
  ['not planned yet: open', { runs: [accepted('s1 sweep')] }, [], true],
];
for (const [what, words, comes, all] of closed) {
  test(`a run: ${what}`, (t) => {
    const at = pass(words);
    t.is(closeRuns(at), all);
    t.deepEqual(shown(at), comes);
  });
}

test('a settled run counts its outcomes, the VMs that needed no look, and outcomes that cannot be read as failed', (t) => {
  const at = pass({ runs: [run('s1 sweep', { fresh: 3 })], outcomes: done, unreadable: { s1: ['hs-c'] } });
  closeRuns(at);
  t.like(at.runs.get('s1')?.counts, { vms: 6, compliant: 3, repaired: 1, blocked: 1, failed: 1, commands: 2 });
});

test('why a VM is given up says both what it had and that its time is over', (t) => {
  const at = pass({ runs: [old], outcomes: [outcome('m1 hs-a', { findings: [finding('VM_NOT_RUNNING')] })] });
  giveUp(at);
  t.is(codes([...at.outcomes.readAll()][0]?.findings ?? []), 'VM_NOT_RUNNING,RUN_EXPIRED');
});
