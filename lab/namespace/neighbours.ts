/**
 * Programs that add rules of their own before the fix or after it, and take them away again: what these did without the
 * fix they do with it, in the same order and with the same answers, and the VIPs are proved meanwhile.
 */
import assert from 'node:assert/strict';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { guard, planOf, shell, snapshot, until } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { meaningOf, NEIGHBOURS, type Neighbour, runAs } from '../neighbours.ts';
import { prove, stateOf } from './recover.ts';
import { articleLab, startService, stopService, VM } from './watcher.ts';

/** All of ours are there once, directly ahead of the first rule of somebody else behind the one for the local table. */
async function isAhead(lab: KernelLab): Promise<boolean> {
  const rules = (await shell(lab, VM, 'ip -4 rule')).trim().split('\n');
  const [first, last] = [/ proto 201 *$/, / proto 201 *$/].map((ours, at) =>
    at === 0 ? rules.findIndex((rule) => ours.test(rule)) : rules.findLastIndex((rule) => ours.test(rule)),
  ) as [number, number];
  const local = rules.findIndex((rule) => rule.includes('iif lo lookup local'));
  const plain = rules.some((rule) => rule.includes('from all lookup local'));
  const directly = Number.parseInt(rules[last] ?? '', 10) + 1 === Number.parseInt(rules[last + 1] ?? '', 10);
  return directly && last - first === 6 && local >= 0 && local === first - 1 && !plain;
}

const waitUntilAhead = (lab: KernelLab, when: string): Promise<number> =>
  until(`our rules to be ahead (${when})`, () => isAhead(lab));

const neighbour =
  ({ add, remove }: Neighbour): LabCase['run'] =>
  async () => {
    const lab = await freshLab(articleLab);
    const run = (text: string) => runAs(lab, text);
    const asBooted = await snapshot(lab, VM);
    await run(add);
    const without = await meaningOf(lab);

    // Before: it is there when the fix is applied.
    assert.equal((await guard(lab, VM, 'apply', planOf(VM))).report.errorCode, undefined);
    assert(await isAhead(lab), await shell(lab, VM, 'ip rule'));
    assert.deepEqual(await meaningOf(lab), without, 'added before');
    const before = await prove(lab);
    await startService(lab);
    await run(remove);
    await waitUntilAhead(lab, 'removed');
    const applied = await stateOf(lab);

    // After: the service is at work when it comes and when it goes.
    await run(add);
    const recoveredMs = Math.round(await waitUntilAhead(lab, 'added'));
    assert.deepEqual(await meaningOf(lab), without, 'added after');
    const after = await prove(lab);
    await run(remove);
    await until('the state to be as before it came', async () => (await stateOf(lab)) === applied);
    await prove(lab);
    await stopService(lab);
    await guard(lab, VM, 'remove', planOf(VM));
    assert.equal(await snapshot(lab, VM), asBooted, 'remove');
    const told = `${without.rules.length} rules, ${without.ways.length} ways and ${Object.keys(without.connects).length} connections as without us`;
    return { ok: true, recoveredMs, detail: `${told}; before: ${before}; after: ${after}` };
  };

/** The rules of earlier versions: the reply rule before the kernel's at 0, the others at 2. */
const EARLIER = `
ip route add 10.0.1.100/32 via 10.0.1.1 dev eth1 src 10.0.1.11 proto 201 table 7201; ip route add 10.0.1.101/32 via 10.0.1.1 dev eth1 src 10.0.1.11 proto 201 table 7201
ip route add 10.0.1.11/32 via 10.0.1.1 dev eth0 proto 201 table 7202; ip rule add pref 0 from 10.0.1.10 to 10.0.1.11 iif lo lookup 7202 protocol 201
ip rule add pref 1 lookup local protocol kernel; ip rule del pref 0 lookup local; ip rule add pref 0 lookup local protocol kernel; ip rule del pref 1 lookup local
ip rule add pref 2 from 10.0.1.11 to 10.0.1.100 lookup 7201 protocol 201; ip rule add pref 2 from 10.0.1.11 to 10.0.1.101 lookup 7201 protocol 201
ip rule add pref 2 from 0.0.0.0/32 lookup 7201 protocol 201`;

const upgrade: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const asBooted = await snapshot(lab, VM);
  await guard(lab, VM, 'apply', planOf(VM));
  const right = await stateOf(lab);
  await guard(lab, VM, 'remove', planOf(VM));
  for (const last of ['remove', 'apply'] as const) {
    await shell(lab, VM, EARLIER);
    if (last === 'apply') {
      const { report } = await guard(lab, VM, 'apply', planOf(VM));
      assert.deepEqual(
        report.paths.map((path) => [path.connectBefore.outcome, path.after.join(), path.proof]),
        [
          ['ok', '', 'self'],
          ['ok', '', 'self'],
        ],
      );
      assert.equal(await stateOf(lab), right, 'as a first apply');
      await prove(lab);
    }
    await guard(lab, VM, 'remove', planOf(VM));
    assert.equal(await snapshot(lab, VM), asBooted, `remove: ${last}`);
  }
  await guard(lab, VM, 'apply', planOf(VM));
  return {
    ok: true,
    detail: `one apply makes them as they are now, remove takes either away byte for byte; ${await prove(lab)}`,
  };
};

/** The kernel numbered somebody's rule while it had to be 0: no form of ours can come before it. */
const atZero: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(
    lab,
    VM,
    'ip route add default via 10.0.1.1 dev eth0 table 100; ip rule add pref 0 from 10.0.1.11 lookup 100',
  );
  const told = async () => (await guard(lab, VM, 'check', planOf(VM))).report.warnings;
  assert((await told()).includes('rule-at-zero from 10.0.1.11 lookup 100'), (await told()).join());
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.equal(report.errorCode, 'CHANGE_FAILED');
  await shell(
    lab,
    VM,
    'ip rule add pref 32000 from 10.0.1.11 lookup 100; ip rule del pref 0 from 10.0.1.11 lookup 100',
  );
  assert(!(await told()).some((warning) => warning.startsWith('rule-at-zero')));
  await guard(lab, VM, 'apply', planOf(VM));
  return {
    ok: true,
    detail: `named with the rule, before and after apply; with a preference of its own ${await prove(lab)}`,
  };
};

/** An agent that keeps a table for the secondary NIC, and took somebody's rule for its own: check says the one that is missing. */
const sourceRule: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await guard(lab, VM, 'apply', planOf(VM));
  await shell(lab, VM, 'ip route add default via 10.0.1.1 dev eth1 table 30401');
  const told = async () =>
    (await guard(lab, VM, 'check', planOf(VM))).report.warnings.filter((it) => it.startsWith('source-rule-missing'));
  const [warning = ''] = await told();
  assert.equal(warning, 'source-rule-missing from 10.0.1.11 priority 30401 lookup 30401');
  await shell(lab, VM, `ip rule add ${warning.replace('source-rule-missing ', '')}`);
  assert.deepEqual(await told(), []);
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `named with the rule that it would add; with that ${await prove(lab)}` };
};

export const neighbourCases = (): LabCase[] =>
  [
    ...Object.entries(NEIGHBOURS).map(([what, it]) => [what, neighbour(it)] as const),
    ['the rules of an earlier version of this program', upgrade] as const,
    ['a rule at preference 0, before which nothing can come', atZero] as const,
    ['an agent’s table to which no rule leads', sourceRule] as const,
  ].map(([what, run]) => ({ name: `neighbour: ${what}`, manager: 'none', run }));
