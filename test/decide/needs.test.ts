/** What a pass must read, said of what it has read already. Long: tables of what is read and asked when. */
import test from 'ava';
import {
  healthDue,
  isAsking,
  needsEstate,
  needsFrontends,
  nextQuestion,
  nextWatch,
  questionsDue,
  roomForHealth,
  roomForOthers,
} from '../../shared/decide/needs.ts';
import { type IdKey, idKey, shortName } from '../../shared/model/ids.ts';
import type { FrontendRow, HealthQuestion, RunRow } from '../../shared/model/rows.ts';
import {
  accepted,
  ago,
  commandId,
  frontend,
  later,
  NOW,
  outcome,
  refuses,
  ruleId,
  run,
  seen,
  shows,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { frontendId, OTHER, SETTINGS, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const running = shows({ commandId: commandId('hs-a', 7), state: 'Running' });
const ended = shows({ commandId: commandId('hs-a', 7), state: 'Succeeded' });
const sweep = [run('s1 sweep')];
const busy = { runs: sweep, vms: [vm('hs-a sent apply 7')], looks: { 'hs-a': running } };
const pending = { state: 'pending' as const, vmId: vmId('hs-a'), frontendIds: [frontendId('ucr')], until: later(9) };

const estate: [string, Words, boolean][] = [
  ['nothing is open', {}, false],
  ['a run to plan', { runs: [accepted('s1 sweep')] }, true],
  ['a failover to confirm', { runs: [run('f1 failover hs-a', { confirmation: pending })], outcomes: [] }, true],
  ['a command that runs, and nobody else', { ...busy, outcomes: [outcome('s1 hs-a 7')] }, false],
  ['a command that ended', { ...busy, looks: { 'hs-a': ended }, outcomes: [outcome('s1 hs-a 7')] }, true],
  [
    'a command that could not be looked at',
    { ...busy, looks: { 'hs-a': refuses(503) }, outcomes: [outcome('s1 hs-a 7')] },
    true,
  ],
  ['a command of no run that is to be sent', { vms: [vm('hs-a intended apply 7')] }, true],
  [
    'a command of no run that Azure does not hold',
    { vms: [vm('hs-a sent apply 7')], looks: { 'hs-a': shows(undefined) } },
    true,
  ],
  [
    'a command of no run that could not be looked at',
    { vms: [vm('hs-a sent apply 7')], looks: { 'hs-a': refuses(503) } },
    false,
  ],
  ['an outcome whose command is over', { runs: sweep, outcomes: [outcome('s1 hs-a 7')] }, true],
  ['an outcome with an earlier command than its VM has', { ...busy, outcomes: [outcome('s1 hs-a 6')] }, true],
  ['an outcome that has ended', { runs: sweep, outcomes: [outcome('s1 hs-a repaired')] }, false],
  [
    'an outcome that waits, and no command',
    { runs: sweep, outcomes: [outcome('s1 hs-b', { waitingFor: 'MEMBER_BUSY' })] },
    true,
  ],
  [
    'an outcome whose time has not come',
    { runs: sweep, outcomes: [outcome('s1 hs-b', { notBefore: later(1) })] },
    false,
  ],
  [
    'an outcome whose time has come while another’s command runs',
    { ...busy, outcomes: [outcome('s1 hs-b', { waitingFor: 'AZURE_CONFLICT', notBefore: ago(1) })] },
    true,
  ],
  [
    'an outcome that waits for a member whose command runs',
    { ...busy, outcomes: [outcome('s1 hs-b', { waitingFor: 'MEMBER_BUSY' })] },
    false,
  ],
  [
    'an outcome that waits for a place while there is one',
    { ...busy, outcomes: [outcome('s1 hs-b', { waitingFor: 'COMMAND_LIMIT' })] },
    true,
  ],
  [
    'an outcome that waits for a place while there is none',
    { ...busy, settings: { maxCommands: 1 }, outcomes: [outcome('s1 hs-b', { waitingFor: 'COMMAND_LIMIT' })] },
    false,
  ],
  [
    'an outcome that waits for a place, and a command over its time has none',
    {
      ...busy,
      vms: [vm('hs-a cancelling apply 7')],
      settings: { maxCommands: 1 },
      outcomes: [outcome('s1 hs-b', { waitingFor: 'COMMAND_LIMIT' })],
    },
    true,
  ],
  ['an outcome that never had its turn while a command runs', { ...busy, outcomes: [outcome('s1 hs-b')] }, true],
];
for (const [what, words, needed] of estate) {
  test(`${what}: the estate is ${needed ? '' : 'not '}read`, (t) =>
    t.is(needsEstate(seen(words), { ...SETTINGS, ...words.settings }), needed));
}

test('frontends are read when a command moves, and when a mirror is to be watched', (t) => {
  const looking = (words: Words) => seen(words);
  t.false(needsFrontends(looking({}), later(1)));
  t.true(needsFrontends(looking({}), NOW));
  t.false(needsFrontends(looking(busy), later(1)));
  t.true(needsFrontends(looking({ ...busy, looks: { 'hs-a': ended } }), later(1)));
  t.true(needsFrontends(looking({ ...busy, looks: { 'hs-a': refuses(503) } }), later(1)));
});

const asked = (name: string, seconds: number, more: Partial<FrontendRow> = {}) =>
  frontend(name, { askedAt: ago(seconds), ...more });
const failover = run('f1 failover hs-a', { confirmation: pending });
const bothMirrors = run('f1 failover hs-a', {
  confirmation: { ...pending, frontendIds: [frontendId('ucr'), frontendId('pi')] },
});
const due: [string, FrontendRow[], string[], typeof sweep, number, string[]][] = [
  ['asked just now', [asked('ucr', 5)], [], [], 0, []],
  ['a mirror, nobody asked for 50 s', [asked('ucr', 50)], [], [], 0, ['ucr']],
  ['no mirror, nobody asked for 50 s', [asked('ucr', 50, { mirror: false })], [], [], 0, []],
  ['in play, asked 14 s ago', [asked('ucr', 14)], ['ucr'], [], 0, []],
  ['in play, asked 15 s ago', [asked('ucr', 15)], ['ucr'], [], 0, ['ucr']],
  ['announced, asked 1 s ago', [asked('ucr', 1)], [], [failover], 0, ['ucr']],
  ['announced, asked in this very pass', [asked('ucr', 0)], [], [failover], 0, []],
  ['asked in the future: the clock was set back', [asked('ucr', -900)], [], [], 0, ['ucr']],
  ['the longest unasked first', [asked('ucr', 60), asked('pi', 90)], [], [], 0, ['pi', 'ucr']],
  ['announced before in play before watched', [asked('pi', 90), asked('ucr', 1)], ['pi'], [failover], 0, ['ucr', 'pi']],
  ['no more than there is room for', [asked('ucr', 60), asked('pi', 90)], [], [], 89, ['pi']],
  ['announced: all the room there is', [asked('ucr', 60), asked('pi', 90)], [], [bothMirrors], 99, ['pi']],
  ['as many as there may be commands are kept for what is announced', [asked('ucr', 60)], ['ucr'], [], 90, []],
  ['two thirds while a failover waits', [asked('ucr', 60)], ['ucr'], [accepted('f1 failover hs-a')], 34, []],
  ['one third is for the others meanwhile', [asked('pi', 60)], ['pi'], [failover], 33, ['pi']],
  ['no room', [asked('ucr', 60)], [], [bothMirrors], 100, []],
];
for (const [what, rows, inPlay, runs, asks, names] of due) {
  test(`health: ${what}`, (t) => {
    const input = {
      subscriptionId: SUBSCRIPTION,
      now: NOW,
      frontends: rows,
      runs,
      inPlay: new Set(inPlay.map((name) => idKey(frontendId(name)))),
      recentAsks: Array(asks).fill(ago(30)),
    };
    t.deepEqual(
      healthDue(input, SETTINGS).map((row) => shortName(row.frontendId)),
      names,
    );
  });
}

test('a frontend without a rule to ask is never asked', (t) => {
  const { healthRuleId: _, ...row } = asked('ucr', 900);
  const input = {
    subscriptionId: SUBSCRIPTION,
    now: NOW,
    frontends: [row],
    runs: [],
    inPlay: new Set<IdKey>(),
    recentAsks: [],
  };
  t.deepEqual(healthDue(input, SETTINGS), []);
});

test('a frontend of another subscription is asked when a run needs it and its own loop has not just asked, and is not watched', (t) => {
  const due = (seconds: number, runs: RunRow[], inPlay: string[] = []) => {
    const row = asked('ucr', seconds);
    const input = {
      subscriptionId: OTHER,
      now: NOW,
      frontends: [row],
      runs,
      inPlay: new Set(inPlay.map((name) => idKey(frontendId(name)))),
      recentAsks: [],
    };
    return healthDue(input, SETTINGS).length;
  };
  const failover = [run('f1 failover hs-b', { confirmation: pending })];
  t.is(due(4, failover), 0);
  t.is(due(5, failover), 1);
  t.is(due(14, [], ['ucr']), 0);
  t.is(due(15, [], ['ucr']), 1);
  t.is(due(3600, []), 0);
  t.is(nextWatch(OTHER, [asked('ucr', 3600)], NOW, SETTINGS), later(50));
});

test('rules with another pool are asked last, and twice an hour while a run looks at their frontend', (t) => {
  const other = (name: string, seconds: number) => ({
    ruleId: ruleId(name),
    backends: [],
    knownAt: 0,
    askedAt: seconds === 0 ? 0 : ago(seconds),
  });
  const row = asked('ucr', 60, { others: [other('web', 0), other('udp', 1799), other('db', 1800)] });
  const asking = (inPlay: string[], room = 90) => {
    const input = {
      subscriptionId: SUBSCRIPTION,
      now: NOW,
      frontends: [row],
      runs: [],
      recentAsks: Array(90 - room).fill(ago(30)),
    };
    const due = healthDue({ ...input, inPlay: new Set(inPlay.map((name) => idKey(frontendId(name)))) }, SETTINGS);
    return due.map(({ healthRuleId = '' }) => shortName(healthRuleId));
  };
  t.deepEqual(asking(['ucr']), ['ucr', 'web', 'db']);
  t.deepEqual(asking(['pi']), ['ucr'], 'the watch asks for the one alone');
  t.deepEqual(asking(['ucr'], 1), ['ucr']);
});

test('within the time of an answer no more announced frontends are asked than there may be commands', (t) => {
  const names = Array.from({ length: 8 }, (_, i) => `m${i}`);
  const [first, second] = [names.slice(0, 4), names.slice(4)];
  const of = (runId: string, state: 'pending' | 'confirmed', mirrors: string[]) =>
    run(`${runId} failover hs-a`, { confirmation: { ...pending, state, frontendIds: mirrors.map(frontendId) } });
  const asking = (seconds: number, maxCommands: number) => {
    const input = {
      subscriptionId: SUBSCRIPTION,
      now: NOW,
      frontends: names.map((name) =>
        frontend('ucr', {
          frontendId: frontendId(name),
          askedAt: ago(first.includes(name) ? seconds : 40),
          mirror: false,
        }),
      ),
      runs: [of('f1', 'confirmed', first), of('f2', 'pending', second)],
      inPlay: new Set<IdKey>(),
      recentAsks: [],
    };
    return healthDue(input, { ...SETTINGS, maxCommands }).map((row) => shortName(row.frontendId));
  };
  t.deepEqual(asking(9, 6), ['m4', 'm5']);
  t.deepEqual(asking(9, 3), []);
  t.deepEqual(asking(10, 3), ['m4', 'm5', 'm6']);
});

test('room for health counts the asks of the last minute, and none from a clock that was ahead', (t) => {
  t.is(roomForHealth(NOW, [ago(59), ago(1), NOW], SETTINGS), 97);
  t.is(roomForHealth(NOW, [ago(60), later(5)], SETTINGS), 100);
});

test('the smallest ceiling leaves the watch its one question', (t) => {
  const one = { ...SETTINGS, healthPerMinute: 1 };
  t.is(roomForOthers(NOW, [], one, true), 1);
  t.is(roomForOthers(NOW, [ago(59)], one, false), 0);
});

test('of a low ceiling a third is kept for failovers', (t) => {
  t.is(roomForOthers(NOW, [ago(1), ago(2)], { ...SETTINGS, healthPerMinute: 30 }, false), 18);
  t.is(roomForOthers(NOW, [ago(1), ago(2)], { ...SETTINGS, healthPerMinute: 30 }, true), 8);
});

const watches: [string, FrontendRow[], number][] = [
  ['none: after the set time', [], 50],
  ['one asked 20 s ago: in 30 s', [asked('ucr', 20)], 30],
  ['the one asked longest ago', [asked('ucr', 20), asked('pi', 45)], 5],
  ['one that is due: at once', [asked('ucr', 70)], 0],
  ['no mirror: after the set time', [asked('ucr', 70, { mirror: false })], 50],
];
for (const [what, rows, seconds] of watches) {
  test(`mirrors to watch, ${what}`, (t) => t.is(nextWatch(SUBSCRIPTION, rows, NOW, SETTINGS), later(seconds)));
}

const asking = (name: string, more: Partial<HealthQuestion> = {}, row: Partial<FrontendRow> = {}) => {
  const question = { ruleId: ruleId(name), location: 'https://x/later', since: ago(5), notBefore: later(5), ...more };
  return asked(name, 5, { asking: question, ...row });
};
const { healthRuleId: _, ...ruleless } = asking('ucr');
const questions: [string, FrontendRow, boolean, boolean][] = [
  ['none', asked('ucr', 5), false, false],
  ['one whose time has not come', asking('ucr'), true, false],
  ['one whose time has come', asking('ucr', { notBefore: NOW }), true, true],
  ['one that was put by a clock ahead', asking('ucr', { since: later(1) }), true, true],
  ['one that is put now', asking('ucr', { since: NOW }), true, false],
  ['one about another rule', asking('ucr', { ruleId: ruleId('web'), notBefore: NOW }), false, false],
  ['one about the rule in other letters', asking('ucr', { ruleId: ruleId('ucr').toUpperCase() }), true, false],
  ['one about a rule that is gone', ruleless, false, false],
];
for (const [what, row, isOpen, isDue] of questions) {
  test(`a question that Azure has not answered, ${what}`, (t) => {
    t.is(isAsking(row), isOpen);
    t.is(questionsDue([row], NOW).length, isDue ? 1 : 0);
    t.is(nextQuestion([row]), isOpen ? row.asking?.notBefore : undefined);
  });
}

test('of several questions the first to go on with says when', (t) => {
  t.is(nextQuestion([asking('ucr', { notBefore: later(9) }), asking('pi', { notBefore: later(7) })]), later(7));
  t.is(nextQuestion([]), undefined);
});

test('lists that were refused ten minutes ago are read whatever is open', (t) => {
  const refusing = (seconds: number) => {
    const at = ago(seconds);
    const said = { code: 'AZURE_DENIED', azureCode: 'x', action: 'x', text: 'no', nextStep: 'x' };
    return { lists: { ...said, since: at, toldAt: at, triedAt: at } };
  };
  t.false(needsEstate(seen({}), SETTINGS, refusing(599)));
  t.true(needsEstate(seen({}), SETTINGS, refusing(600)));
});
