/** Intents that a loop wrote after its lease was over, beside those of the loop that came after it. */
import test from 'ava';
import { followCommands } from '../../shared/decide/commands.ts';
import { surplusIntents } from '../../shared/decide/surplus.ts';
import { shortName } from '../../shared/model/ids.ts';
import type { CommandRow, VmRow } from '../../shared/model/rows.ts';
import { ago, commanded, later, outcome, pass, READY, run, shows } from '../helpers/seen.ts';
import { shown } from '../helpers/shown.ts';

/** `hs-a intended apply`: a VM's row; both are members of both mirrors. */
const row = (words: string, seconds = 5, more: Partial<CommandRow> = {}): VmRow =>
  commanded(`${words} 7`, { intendedAt: ago(seconds), ...more });

const surplus = (vms: VmRow[], maxCommands = 10): string[] =>
  [...surplusIntents(pass({ vms, settings: { maxCommands } }))].map(shortName);

const table: [string, VmRow[], number, string[]][] = [
  ['one alone', [row('hs-a intended apply')], 10, []],
  ['a change while the other member is changed', [row('hs-a intended apply'), row('hs-b sent apply')], 10, ['hs-a']],
  [
    'a change while the other member’s is cancelled',
    [row('hs-a intended apply'), row('hs-b cancelling apply')],
    10,
    ['hs-a'],
  ],
  ['two changes: the later one', [row('hs-a intended apply', 5), row('hs-b intended remove', 9)], 10, ['hs-a']],
  ['two changes of one time: by id', [row('hs-b intended apply'), row('hs-a intended apply')], 10, ['hs-b']],
  ['a check beside a change', [row('hs-a intended check'), row('hs-b sent apply')], 10, []],
  ['no place beside what was sent', [row('hs-a intended check'), row('hs-b sent check')], 1, ['hs-a']],
  ['a command that is cancelled has no place', [row('hs-a intended check'), row('hs-b cancelling check')], 1, []],
  [
    'one whose run was cancelled has its place until it is stopped',
    [row('hs-a intended check'), row('hs-b cancelling check', 5, { stopped: true, deadline: later(1) })],
    1,
    ['hs-a'],
  ],
  [
    'or until its deadline',
    [row('hs-a intended check'), row('hs-b cancelling check', 5, { stopped: true, deadline: ago(1) })],
    1,
    [],
  ],
  ['two checks and one place', [row('hs-a intended check', 5), row('hs-b intended check', 9)], 1, ['hs-a']],
];
for (const [title, vms, most, expected] of table) {
  test(title, (t) => {
    t.deepEqual(surplus(vms, most), expected);
  });
}

test('what is too much is taken back, and its outcome takes its turn again', (t) => {
  const runs = [run('sweep')];
  const outcomes = ['hs-a', 'hs-b'].map((name) => outcome(name));
  const it = pass({
    runs,
    outcomes,
    vms: [row('hs-a intended apply', 5), row('hs-b intended apply', 9)],
    looks: { 'hs-a': shows(undefined, READY), 'hs-b': shows(undefined, READY) },
  });
  followCommands(it);
  t.deepEqual(
    shown(it).filter((line) => /^(vm|send)/.test(line)),
    ['vm hs-a', 'vm hs-b sent apply 7', 'send hs-b A apply 7'],
  );
});
