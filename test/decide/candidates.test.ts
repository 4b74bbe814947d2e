/** What could be sent to each VM, in which mode and for whom; what is superseded and refused. Long: tables of cases about one thing. */
import test from 'ava';
import { chooseCommands } from '../../shared/decide/candidates.ts';
import { shortName } from '../../shared/model/ids.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import { ago, frontend, later, looked, outcome, pass, planOf, run, vm, type Words } from '../helpers/seen.ts';
import { codes } from '../helpers/shown.ts';
import { articleWorld, frontendId, OTHER, SETTINGS, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';

/** `hs-a apply for s1,m1`; `superseded m1 hs-a`; `refused m1 hs-a REMOVED_BY_HAND`. */
function choices(words: Words): string[] {
  const { candidates, superseded, refused } = chooseCommands(pass(words));
  return [
    ...candidates.map(
      ({ vmId, mode, wishes }) => `${shortName(vmId)} ${mode} for ${wishes.map(({ run }) => run.runId)}`,
    ),
    ...superseded.map(({ outcome }) => `superseded ${outcome.runId} ${shortName(outcome.vmId)}`),
    ...refused.map(({ wish, why }) =>
      ['refused', wish.outcome.runId, shortName(wish.outcome.vmId), codes(why)].filter(Boolean).join(' '),
    ),
  ];
}

function worldWith(change: (world: World) => void): World {
  const world = articleWorld();
  change(world);
  return world;
}
const tagged = (tag: string) => worldWith(({ tags }) => tags.set('hs-a', { [tag]: 'true' }));
const HOLD = { hold: { runId: 'r1', at: ago(900) } };
const sweep = run('s1 sweep');
const byHand = run('m1 manual hs-a');
const change = run('c1 change hs-a');
const pending = { state: 'pending' as const, vmId: '', frontendIds: [], until: later(10) };
const NIC = { ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' };
const crowded = new World(
  ['hs-a'],
  Array.from({ length: 65 }, (_, i) => ({
    name: `m${i}`,
    vip: `10.0.2.${i + 1}`,
    members: ['hs-a'],
    primary: 'hs-a',
  })),
);

const table: [string, Words, string[]][] = [
  // who
  ['one that waits', { runs: [sweep], outcomes: [outcome('s1 hs-a')] }, ['hs-a apply for s1']],
  ['one that has its command already', { runs: [sweep], outcomes: [outcome('s1 hs-a 7')] }, []],
  ['one that has ended', { runs: [sweep], outcomes: [outcome('s1 hs-a compliant')] }, []],
  ['one whose time has not come', { runs: [sweep], outcomes: [outcome('s1 hs-a', { notBefore: later(1) })] }, []],
  [
    'one whose time has come',
    { runs: [sweep], outcomes: [outcome('s1 hs-a', { notBefore: ago(1) })] },
    ['hs-a apply for s1'],
  ],
  ['one of a run that has ended', { runs: [run('s1 sweep', { state: 'failed' })], outcomes: [outcome('s1 hs-a')] }, []],
  ['one of a run that is not known', { outcomes: [outcome('s1 hs-a')] }, []],
  [
    'one of a failover that is not confirmed yet',
    { runs: [run('f1 failover hs-a', { confirmation: pending })], outcomes: [outcome('f1 hs-a')] },
    [],
  ],
  [
    'one of a failover that is',
    {
      runs: [run('f1 failover hs-a', { confirmation: { ...pending, state: 'confirmed' } })],
      outcomes: [outcome('f1 hs-a')],
    },
    ['hs-a apply for f1'],
  ],

  // several runs on one VM
  [
    'two runs with one mode share a command',
    { runs: [sweep, change], outcomes: [outcome('s1 hs-a'), outcome('c1 hs-a')] },
    ['hs-a apply for s1,c1'],
  ],
  [
    'a person’s mode goes before an automatic one, which waits',
    { runs: [sweep, run('m1 manual hs-a', { mode: 'check' })], outcomes: [outcome('s1 hs-a'), outcome('m1 hs-a')] },
    ['hs-a check for m1'],
  ],
  [
    'of two persons the later one wins',
    {
      runs: [
        run('m1 manual hs-a', { observedAt: ago(60) }),
        run('m2 manual hs-a', { observedAt: ago(30), mode: 'remove' }),
      ],
      outcomes: [outcome('m1 hs-a'), outcome('m2 hs-a')],
    },
    ['hs-a remove for m2', 'superseded m1 hs-a'],
  ],
  [
    'of two persons who want the same both get it',
    { runs: [byHand, run('m2 manual hs-a')], outcomes: [outcome('m1 hs-a'), outcome('m2 hs-a')] },
    ['hs-a apply for m1,m2'],
  ],

  // which mode
  [
    'a VM that is only reported: check',
    { world: tagged(DEFAULT_TAGS.auditTag), runs: [sweep], outcomes: [outcome('s1 hs-a')] },
    ['hs-a check for s1'],
  ],
  [
    'a VM that is only reported, by hand: check',
    {
      world: tagged(DEFAULT_TAGS.auditTag),
      runs: [run('m1 manual hs-a', { mode: 'remove' })],
      outcomes: [outcome('m1 hs-a')],
    },
    ['hs-a check for m1'],
  ],
  [
    'audit of everything: check',
    { settings: { enforcement: 'audit' }, runs: [byHand], outcomes: [outcome('m1 hs-a')] },
    ['hs-a check for m1'],
  ],
  [
    'outside the window, automatic: check',
    { settings: { window: { from: 0, to: 60 } }, runs: [sweep], outcomes: [outcome('s1 hs-a')] },
    ['hs-a check for s1'],
  ],
  [
    'outside the window, by hand: as asked',
    { settings: { window: { from: 0, to: 60 } }, runs: [byHand], outcomes: [outcome('m1 hs-a')] },
    ['hs-a apply for m1'],
  ],
  [
    'within the window, automatic: as asked',
    { settings: { window: { from: 540, to: 660 } }, runs: [sweep], outcomes: [outcome('s1 hs-a')] },
    ['hs-a apply for s1'],
  ],

  // who not
  [
    'a removal by hand holds the VM: automatic runs only report',
    { runs: [sweep], vms: [vm('hs-a', HOLD)], outcomes: [outcome('s1 hs-a')] },
    ['refused s1 hs-a REMOVED_BY_HAND'],
  ],
  [
    'a hold, and a person who names the VM',
    { runs: [byHand], vms: [vm('hs-a', HOLD)], outcomes: [outcome('m1 hs-a')] },
    ['hs-a apply for m1'],
  ],
  [
    'a hold, and a person who names a mirror',
    { runs: [run('m1 manual ucr')], vms: [vm('hs-a', HOLD)], outcomes: [outcome('m1 hs-a')] },
    ['refused m1 hs-a REMOVED_BY_HAND'],
  ],
  [
    'a hold, and a check',
    { runs: [run('s1 sweep', { mode: 'check' })], vms: [vm('hs-a', HOLD)], outcomes: [outcome('s1 hs-a')] },
    ['hs-a check for s1'],
  ],
  [
    'a VM whose row cannot be used',
    { runs: [byHand], unusable: ['hs-a'], outcomes: [outcome('m1 hs-a'), outcome('m1 hs-b')] },
    ['hs-b apply for m1', 'refused m1 hs-a ROW_UNUSABLE'],
  ],
  [
    'a VM with more mirrors than a command can carry: those that it can',
    { world: crowded, runs: [sweep], outcomes: [outcome('s1 hs-a')] },
    ['hs-a apply for s1'],
  ],
  [
    'a VM with as many as a command can carry, and one in its guest that left the plan: nothing is taken away for it',
    {
      world: crowded,
      runs: [sweep],
      outcomes: [outcome('s1 hs-a')],
      vms: [vm('hs-a', { placed: [{ planned: { vip: '10.9.9.9', backends: [NIC], via: NIC } }] })],
    },
    ['refused s1 hs-a TOO_MANY_FRONTENDS'],
  ],
  [
    'a VM that was stopped since: the estate says it',
    { world: worldWith(({ stopped }) => stopped.add('hs-a')), runs: [sweep], outcomes: [outcome('s1 hs-a')] },
    ['refused s1 hs-a'],
  ],
  [
    'a VM that lost its secondary NIC since: the estate says it',
    { world: worldWith(({ oneNic }) => oneNic.add('hs-a')), runs: [sweep], outcomes: [outcome('s1 hs-a')] },
    ['refused s1 hs-a'],
  ],
  [
    'a VM that lost its secondary NIC, and a removal: it needs no plan',
    {
      world: worldWith(({ oneNic }) => oneNic.add('hs-a')),
      runs: [run('m1 manual hs-a', { mode: 'remove' })],
      outcomes: [outcome('m1 hs-a')],
    },
    ['hs-a remove for m1'],
  ],
  [
    'a VM that was opted out since: the estate says it',
    { world: tagged(DEFAULT_TAGS.optOutTag), runs: [byHand], outcomes: [outcome('m1 hs-a')] },
    ['refused m1 hs-a'],
  ],
];
for (const [what, words, comes] of table) test(what, (t) => t.deepEqual(choices(words), comes));

test('what a command needs: the plan, all VIPs of its VM, and what others work on too', (t) => {
  const [alone] = chooseCommands(pass({ runs: [sweep], outcomes: [outcome('s1 hs-a')] })).candidates;
  const { plan, hash } = planOf('hs-a');
  t.like(alone, { vmId: vmId('hs-a'), plan, planHash: hash, vips: ['10.0.1.100', '10.0.1.101'], shared: [] });
  const world = worldWith(({ homes }) => homes.set('hs-b', OTHER));
  const settings = { scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } };
  const [spread] = chooseCommands(pass({ world, settings, runs: [sweep], outcomes: [outcome('s1 hs-a')] })).candidates;
  t.deepEqual(spread?.shared, [frontendId('ucr'), frontendId('pi')]);
});

test('what needs lists that are missing is held back; a look and a removal are not, and keep others of them away', (t) => {
  const world = worldWith(({ mirrors }) => mirrors.pop());
  const chosen = (mode: 'apply' | 'check' | 'remove') => {
    const at = pass({
      world,
      frontends: [frontend('ucr')],
      runs: [run('m1 manual hs-a', { mode })],
      vms: [vm('hs-a', { look: looked('hs-a') })],
      outcomes: [outcome('m1 hs-a')],
    });
    const unread = [{ subscriptionId: OTHER, why: 'Azure answered 403.' }];
    return chooseCommands({ ...at, survey: { ...at.survey, unread } });
  };
  const { candidates, heldBack, refused } = chosen('apply');
  t.deepEqual([candidates, refused], [[], []]);
  t.deepEqual(
    heldBack.map(({ wish, why }) => [wish.run.runId, why.code]),
    [['m1', 'SUBSCRIPTION_UNREAD']],
  );
  for (const mode of ['check', 'remove'] as const) {
    const free = chosen(mode);
    t.deepEqual([free.heldBack, free.candidates[0]?.shared], [[], [`/subscriptions/${OTHER}`]], mode);
  }
});

// Who goes first. hs-a is primary for both mirrors of the article, hs-b for none.
const order: [string, Words, string[]][] = [
  [
    'members that are primary for nothing go first',
    { runs: [sweep], outcomes: [outcome('s1 hs-a'), outcome('s1 hs-b')] },
    ['hs-b', 'hs-a'],
  ],
  [
    'people go before that',
    { runs: [sweep, byHand], outcomes: [outcome('s1 hs-b'), outcome('m1 hs-a')] },
    ['hs-a', 'hs-b'],
  ],
  [
    'people go first also where others want the same',
    { runs: [sweep, byHand], outcomes: [outcome('s1 hs-b'), outcome('s1 hs-a'), outcome('m1 hs-a')] },
    ['hs-a', 'hs-b'],
  ],
  [
    'a failover’s new primary goes before that',
    { runs: [run('f1 failover hs-a')], outcomes: [outcome('f1 hs-b'), outcome('f1 hs-a')] },
    ['hs-a', 'hs-b'],
  ],
  [
    'the oldest run goes first',
    {
      world: worldWith(({ mirrors }) => {
        for (const mirror of mirrors) mirror.primary = undefined;
      }),
      runs: [run('s1 sweep', { observedAt: ago(30) }), run('s2 sweep', { observedAt: ago(90) })],
      outcomes: [outcome('s1 hs-a'), outcome('s2 hs-b')],
    },
    ['hs-b', 'hs-a'],
  ],
];
for (const [what, words, vms] of order) {
  test(`order: ${what}`, (t) =>
    t.deepEqual(
      chooseCommands(pass(words)).candidates.map(({ vmId }) => shortName(vmId)),
      vms,
    ));
}

test('a command is about all mirrors of its VM, planned or not', (t) => {
  const world = worldWith(({ oneNic }) => oneNic.add('hs-a'));
  const words = { world, runs: [run('m1 manual hs-a', { mode: 'remove' })], outcomes: [outcome('m1 hs-a')] };
  const [candidate] = chooseCommands(pass(words)).candidates;
  t.deepEqual(candidate?.vips, ['10.0.1.100', '10.0.1.101']);
  t.deepEqual(candidate?.plan, { frontends: [] });
});
