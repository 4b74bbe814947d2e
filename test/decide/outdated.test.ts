/** A command that was meant earlier, asked again right before it is sent: what Azure lists and who may decide by now. */
import test from 'ava';
import { decide } from '../../shared/decide/decide.ts';
import type { VmRow } from '../../shared/model/rows.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import {
  ago,
  azureError,
  commanded,
  NOW,
  outcome,
  planOf,
  READY,
  refuses,
  run,
  seen,
  shows,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { linesOf, shownOf, steps } from '../helpers/shown.ts';
import { articleWorld, SETTINGS, vmId } from '../helpers/world.ts';

const SEQ = 8;
const FREE = { 'hs-a': shows(undefined, READY) };
const tagged = (name: string) => {
  const world = articleWorld();
  world.tags.set('hs-a', { [name]: 'true' });
  return world;
};
const alone = (member: string) => {
  const world = articleWorld();
  for (const mirror of world.mirrors) mirror.members = mirror.members.filter((name) => name !== member);
  return world;
};
const OUT = { scope: { ...SETTINGS.scope, within: [vmId('hs-b')], outsideLoadBalancers: true } };
const meant = (text = 'hs-a intended apply 7', more: Partial<VmRow> = {}) => ({
  runs: [run('m1 manual hs-a')],
  outcomes: [outcome('m1 hs-a 7')],
  vms: [vm(text, more)],
  looks: FREE,
});
/** A plan that is not today's: of a row that somebody else wrote, or of yesterday. */
const changed = (address: string) => {
  const [first, ...rest] = planOf('hs-a').plan.frontends;
  return { frontends: [{ ...first, vip: address }, ...rest] } as ReturnType<typeof planOf>['plan'];
};
const foreign = (address: string): Words => ({
  ...meant(),
  vms: [commanded('hs-a intended apply 7', { plan: changed(address) })],
});

const table: [string, Words, string[]][] = [
  ['as it was meant: sent', meant(), ['vm hs-a sent apply 7', 'send hs-a A apply 7']],
  [
    'the VM opted out: not sent, and its outcome says so',
    { ...meant(), world: tagged(DEFAULT_TAGS.optOutTag) },
    ['vm hs-a ended 7 COMMAND_OUTDATED again', 'outcome m1 hs-a unknown OPTED_OUT', 'run m1 settled'],
  ],
  [
    'the VM is out of scope: not sent, and its outcome says so',
    { ...meant(), settings: OUT },
    ['vm hs-a ended 7 COMMAND_OUTDATED again', 'outcome m1 hs-a unknown OUT_OF_SCOPE', 'run m1 settled'],
  ],
  [
    'the VM is only reported: a check takes its place',
    { ...meant(), world: tagged(DEFAULT_TAGS.auditTag) },
    [`vm hs-a intended check ${SEQ}`, `outcome m1 hs-a commanded ${SEQ}`],
  ],
  [
    'everything is only reported: a check takes its place',
    { ...meant(), settings: { enforcement: 'audit' } },
    [`vm hs-a intended check ${SEQ}`, `outcome m1 hs-a commanded ${SEQ}`],
  ],
  [
    'everything is only reported, and it was a check: sent',
    { ...meant('hs-a intended check 7'), settings: { enforcement: 'audit' } },
    ['vm hs-a sent check 7', 'send hs-a A check 7'],
  ],
  [
    'the fix was removed by hand: not sent, and its outcome says so',
    { ...meant('hs-a intended apply 7', { hold: { runId: 'm0', at: ago(9) } }), runs: [run('m1 sweep')] },
    ['vm hs-a ended 7 COMMAND_OUTDATED again held', 'outcome m1 hs-a blocked REMOVED_BY_HAND', 'run m1 settled'],
  ],
  [
    'a removal that was asked for: sent, with its hold',
    {
      ...meant('hs-a intended remove 7', { hold: { runId: 'm1', at: ago(9) } }),
      runs: [run('m1 manual hs-a', { mode: 'remove' })],
    },
    ['vm hs-a sent remove 7 held', 'send hs-a A remove 7'],
  ],
  [
    'a removal, and the VM is only reported by now: not sent, and its hold is lifted',
    {
      ...meant('hs-a intended remove 7', { hold: { runId: 'm1', at: ago(9) } }),
      runs: [run('m1 manual hs-a', { mode: 'remove' })],
      world: tagged(DEFAULT_TAGS.auditTag),
    },
    [`vm hs-a intended check ${SEQ}`, `outcome m1 hs-a commanded ${SEQ}`],
  ],
  [
    'the VM is a member of nothing any more: not sent',
    { ...meant(), world: alone('hs-a') },
    ['vm hs-a ended 7 COMMAND_OUTDATED again', 'outcome m1 hs-a unknown NOT_A_MEMBER', 'run m1 settled'],
  ],
  ...['10.0.1.199', '168.63.129.16', '8.8.8.8'].map((address): (typeof table)[number] => [
    `a plan with ${address}, which is not today’s: today’s takes its place`,
    foreign(address),
    [`vm hs-a intended apply ${SEQ}`, `outcome m1 hs-a commanded ${SEQ}`],
  ]),
  [
    'the same where no run asks for it: dropped',
    { ...foreign('168.63.129.16'), runs: [], outcomes: [] },
    ['vm hs-a ended 7 COMMAND_OUTDATED again'],
  ],
  ['the lists were not read: it waits', { ...meant(), estate: 'unread' }, ['vm hs-a intended apply 7']],
  [
    'the lists cannot be read: it waits',
    { ...meant(), estate: azureError(503) },
    ['vm hs-a intended apply 7', 'run m1 running because AZURE_FAILED'],
  ],
  [
    'the lists cannot be read for longer than a command takes: failed',
    {
      ...meant(),
      vms: [commanded('hs-a intended apply 7', { heldUp: { ms: 240_000, at: ago(5) } })],
      estate: azureError(503),
    },
    ['vm hs-a ended 7 COMMAND_NOT_SEEN', 'run m1 running because AZURE_FAILED'],
  ],
  [
    'a command that Azure lost is not sent again to a VM that opted out',
    {
      ...meant(),
      vms: [vm('hs-a sent apply 7')],
      looks: { 'hs-a': shows(undefined) },
      world: tagged(DEFAULT_TAGS.optOutTag),
    },
    ['vm hs-a ended 7 COMMAND_OUTDATED again', 'outcome m1 hs-a unknown OPTED_OUT', 'run m1 settled'],
  ],
  [
    'the look failed, and the VM opted out: not sent',
    { ...meant(), looks: { 'hs-a': refuses(503) }, world: tagged(DEFAULT_TAGS.optOutTag) },
    ['vm hs-a intended apply 7'],
  ],
];
for (const [what, words, comes] of table) {
  test(what, (t) => t.deepEqual(shownOf(decide(seen(words), { ...SETTINGS, ...words.settings })), comes));
}

test('why it was not sent is on the VM’s row and in the log', (t) => {
  const decision = decide(seen(foreign('168.63.129.16')), SETTINGS);
  const row = decision.writes.find((write) => write.table === 'vms')?.row as VmRow;
  t.deepEqual(row.last?.failure?.params, {
    code: 'COMMAND_OUTDATED',
    detail: 'its plan is not the one that the VM should have by now',
  });
  t.true(steps(decision).includes('withdrawn'));
});

const why: [string, Words, string][] = [
  [
    'the VM opted out',
    { ...meant(), world: tagged(DEFAULT_TAGS.optOutTag) },
    'the VM is opted out, out of scope, or no member of a frontend any more',
  ],
  ['the VM is only reported', { ...meant(), world: tagged(DEFAULT_TAGS.auditTag) }, 'the VM is only reported by now'],
  [
    'the fix was removed by hand',
    meant('hs-a intended apply 7', { hold: { runId: 'm0', at: ago(9) } }),
    'the fix was removed from the VM by hand meanwhile',
  ],
  ['another plan', foreign('10.0.1.199'), 'its plan is not the one that the VM should have by now'],
];
for (const [what, words, detail] of why) {
  test(`why it is not sent is said: ${what}`, (t) => {
    const { log } = decide(seen({ ...words, runs: [run('m1 sweep')] }), SETTINGS);
    const [line] = linesOf({ log }, 'withdrawn');
    t.like(line, { code: 'COMMAND_OUTDATED', retryAt: NOW });
    t.true(line?.text.includes(`COMMAND_OUTDATED: ${detail})`), line?.text);
  });
}
