/** What the loop knows of each VM, as judge takes it. */
import test from 'ava';
import { knowledgeOf } from '../../shared/decide/knowledge.ts';
import { finding } from '../../shared/model/findings.ts';
import { idKey } from '../../shared/model/ids.ts';
import { ago, looked, pass, vm, type Words } from '../helpers/seen.ts';
import { vmId } from '../helpers/world.ts';

/** `held look ACCESS_DENIED` of hs-a; undefined where nothing is known. */
function known(words: Words): string | undefined {
  const at = pass(words);
  const item = knowledgeOf(at, at.survey).get(idKey(vmId('hs-a')));
  if (!item) return undefined;
  const of = ({ code, params }: (typeof item.findings)[number]) => (params.vip ? `${code} of ${params.vip}` : code);
  return [item.held && 'held', item.look && 'look', ...item.findings.map(of)].filter(Boolean).join(' ');
}

const table: [string, Words, string | undefined][] = [
  ['no row', {}, undefined],
  ['a row without a look', { vms: [vm('hs-a')] }, ''],
  ['a look', { vms: [vm('hs-a', { look: looked('hs-a') })] }, 'look'],
  ['a hold', { vms: [vm('hs-a', { hold: { runId: 'r1', at: ago(9) } })] }, 'held'],
  ['a failed command', { vms: [vm('hs-a', { findings: [finding('ACCESS_DENIED')] })] }, 'ACCESS_DENIED'],
  ['a row that cannot be read', { unusable: ['hs-a'] }, 'ROW_UNUSABLE'],
  [
    'a row that could not be written',
    { vms: [vm('hs-a', { look: looked('hs-a') })], unusable: ['hs-a'] },
    'look ROW_UNUSABLE',
  ],
  ['another VM’s row that cannot be read', { unusable: ['hs-b'] }, undefined],
  ['a mirror’s row that cannot be used: on that mirror’s path', { unusable: ['pi'] }, 'ROW_UNUSABLE of 10.0.1.101'],
];
for (const [what, words, says] of table) test(what, (t) => t.is(known(words), says));

test('a VM whose row cannot be used is blocked on all its paths, one whose mirror’s cannot on that path alone', (t) => {
  const verdicts = (words: Words) =>
    pass(words)
      .evaluation.pathsOfVm.get(idKey(vmId('hs-a')))
      ?.map(({ verdict }) => verdict);
  const vms = [vm('hs-a', { look: looked('hs-a') })];
  t.deepEqual(verdicts({ vms }), ['compliant', 'compliant']);
  t.deepEqual(verdicts({ vms, unusable: ['hs-a'] }), ['blocked', 'blocked']);
  t.deepEqual(verdicts({ vms, unusable: ['pi'] }), ['compliant', 'blocked']);
});
