/** Members of one mirror in several subscriptions: who may send, in every order in which their loops can take turns. */
import test from 'ava';
import { needsElsewhere, precedence, rivalsOf } from '../../shared/decide/elsewhere.ts';
import type { Elsewhere } from '../../shared/decide/pass.ts';
import type { CommandRow, VmRow } from '../../shared/model/rows.ts';
import { outcome, run, seen, vm } from '../helpers/seen.ts';
import { articleWorld, frontendId, OTHER, SETTINGS, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const F = frontendId('ucr');
const NAMES = ['a', 'b', 'c'];

/** A VM's row with a command on one shared frontend. */
function row(name: string, phase: CommandRow['phase'], more: Partial<CommandRow> = {}): VmRow {
  const { command, ...rest } = vm(`hs-a ${phase} apply 7`);
  return { ...rest, vmId: vmId(name), command: { ...(command as CommandRow), shared: [F], ...more } };
}

type Rule = (rivals: readonly VmRow[], vmId: string) => ReturnType<typeof precedence>;
/** What is in the table, what the loop does next, and what it last read of the others there. */
interface Loop {
  row: 'none' | 'intended' | 'sent';
  next: 'intend' | 'read' | 'act' | 'end' | 'done';
  read: Loop['row'][];
}

/** What one loop's next step leads to; a loop may stand still before any of them for as long as it likes. */
function step(loops: readonly Loop[], i: number, rule: Rule): Loop[] {
  const all = structuredClone(loops) as Loop[];
  const own = all[i] as Loop;
  const rivals = (rows: readonly Loop['row'][]) =>
    NAMES.flatMap((name, j) => {
      const state = rows[j];
      return j === i || state === undefined || state === 'none' ? [] : [row(name, state)];
    });
  switch (own.next) {
    case 'intend':
      own.row = 'intended';
      own.next = 'read';
      break;
    case 'read':
      own.read = all.map((loop) => loop.row);
      own.next = 'act';
      break;
    case 'act': {
      const how = rule(rivals(own.read), vmId(NAMES[i] ?? ''));
      own.read = [];
      if (how === 'send') [own.row, own.next] = ['sent', 'end'];
      else if (how === 'wait') own.next = 'read';
      else [own.row, own.next] = ['none', 'intend'];
      break;
    }
    case 'end':
      [own.row, own.next] = ['none', 'done'];
      break;
  }
  return all;
}

/** Every state that so many loops can get into, with those that may follow. */
function explore(count: number, rule: Rule): Map<string, { loops: Loop[]; after: string[] }> {
  const found = new Map<string, { loops: Loop[]; after: string[] }>();
  const first: Loop[] = Array.from({ length: count }, () => ({ row: 'none', next: 'intend', read: [] }));
  const waiting = [first];
  for (let loops = waiting.pop(); loops; loops = waiting.pop()) {
    const name = JSON.stringify(loops);
    if (found.has(name)) continue;
    const steps = loops.flatMap((loop, i) => (loop.next === 'done' ? [] : [step(loops as Loop[], i, rule)]));
    found.set(name, { loops, after: steps.map((next) => JSON.stringify(next)) });
    waiting.push(...steps);
  }
  return found;
}

const atOnce = (states: ReturnType<typeof explore>): number =>
  Math.max(...[...states.values()].map(({ loops }) => loops.filter((loop) => loop.row === 'sent').length));

/** How many states have no way to the end of all. */
function stuck(states: ReturnType<typeof explore>): number {
  const ends = new Set<string>();
  for (let before = -1; before !== ends.size; ) {
    before = ends.size;
    for (const [name, { loops, after }] of states) {
      if (loops.every((loop) => loop.next === 'done') || after.some((next) => ends.has(next))) ends.add(name);
    }
  }
  return states.size - ends.size;
}

for (const count of [2, 3]) {
  test(`${count} loops, in every order of their steps: never two commands at once, and all come to their turn`, (t) => {
    const states = explore(count, precedence);
    t.log(`${states.size} states`);
    t.true(states.size > 10);
    t.is(atOnce(states), 1);
    t.is(stuck(states), 0);
  });
}

test('other rules fail: the lower key goes on at once, nobody is taken back, everybody is', (t) => {
  // What it read as intended may have decided meanwhile, and not have written it yet.
  const lowest: Rule = (rivals, id) =>
    rivals.every(({ command, vmId: other }) => command?.phase === 'intended' && id < other) ? 'send' : 'wait';
  t.is(atOnce(explore(2, lowest)), 2);
  t.true(stuck(explore(2, (rivals) => (rivals.length === 0 ? 'send' : 'wait'))) > 0);
  const blind: Rule = () => 'send';
  t.is(atOnce(explore(2, blind)), 2);
});

test('who is in the way: a change of a frontend that is shared, also where only its subscription is known', (t) => {
  const of = (...commanded: VmRow[]): Elsewhere => ({ commanded, members: new Map() });
  const other = row('z', 'sent');
  t.deepEqual(rivalsOf(of(other), [F]), [other]);
  t.deepEqual(rivalsOf(of(other), [`/subscriptions/${SUBSCRIPTION}`]), [other]);
  t.deepEqual(rivalsOf(of(row('z', 'cancelling')), [F]).length, 1);
  for (const [why, elsewhere, shared] of [
    ['another frontend', of(other), [frontendId('pi')]],
    ['a check changes nothing', of(row('z', 'sent', { mode: 'check' })), [F]],
    ['nothing is shared', of(other), undefined],
    ['nothing was read', undefined, [F]],
  ] as const) {
    t.deepEqual(rivalsOf(elsewhere, shared), [], why);
  }
});

const BOTH = { scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } };
/** The article's estate with hs-b in the other subscription; what this one's loop has read. */
function spread(words: Parameters<typeof seen>[0]) {
  const world = articleWorld();
  world.homes.set('hs-b', OTHER);
  return seen({ ...words, world });
}

test('others’ rows are read only where something that is shared is about to be sent', (t) => {
  const open = { runs: [run('s1 sweep')], outcomes: [outcome('s1 hs-a')] };
  t.deepEqual([...(needsElsewhere(spread(open), BOTH)?.members ?? [])].length, 1);
  t.is(needsElsewhere(spread(open), SETTINGS), undefined, 'one subscription');
  t.is(needsElsewhere(spread({}), BOTH), undefined, 'nothing is open');
  t.is(needsElsewhere(seen(open), BOTH), undefined, 'no mirror is shared');
  const later = { ...open, outcomes: [outcome('s1 hs-a', { notBefore: Date.UTC(2030, 0) })] };
  t.is(needsElsewhere(spread(later), BOTH), undefined, 'its time has not come');
  for (const [phase, isRead] of [
    ['intended', true],
    ['sent', false],
    ['cancelling', false],
  ] as const) {
    const unread = { ...spread({ estate: 'unread', vms: [row('hs-a', phase)] }) };
    t.is(needsElsewhere(unread, BOTH) !== undefined, isRead, phase);
  }
  const check = spread({ estate: 'unread', vms: [row('hs-a', 'intended', { mode: 'check' })] });
  t.is(needsElsewhere(check, BOTH), undefined, 'a check');
});
