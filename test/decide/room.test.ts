/** What commands under way leave to others. */
import test from 'ava';
import { emptyRoom, isTaken, occupied, occupy } from '../../shared/decide/room.ts';
import type { CommandRow } from '../../shared/model/rows.ts';
import { ago, commanded, later, NOW } from '../helpers/seen.ts';

const asks = (mode: 'apply' | 'check' | 'remove', ...vips: string[]) => ({ mode, vips });

test('a VM is kept away by one of its mirrors, and a check neither keeps away nor is kept away', (t) => {
  const room = emptyRoom(9);
  occupy(room, asks('check', 'c'));
  occupy(room, asks('apply', 'a', 'b'));
  t.true(isTaken(room, asks('apply', 'b', 'd')));
  t.true(isTaken(room, asks('remove', 'd', 'a')));
  t.false(isTaken(room, asks('apply', 'c', 'd')));
  t.false(isTaken(room, asks('check', 'a', 'b')));
  t.is(room.places, 7);
});

const places: [string, Parameters<typeof commanded>[0], Partial<CommandRow>, number][] = [
  ['one that was sent', 'hs-a sent apply 7', {}, 0],
  ['one that is cancelled for its time', 'hs-a cancelling apply 7', { deadline: ago(1) }, 1],
  ['one that a person stopped, within its time', 'hs-a cancelling apply 7', { stopped: true, deadline: later(1) }, 0],
  ['one that a person stopped, past its time', 'hs-a cancelling apply 7', { stopped: true, deadline: NOW }, 1],
];
for (const [what, text, more, left] of places) {
  test(`${what} leaves ${left === 1 ? 'its' : 'no'} place to others, and its mirrors to nobody`, (t) => {
    const room = emptyRoom(1);
    occupied(room, commanded(text, more).command as CommandRow, NOW);
    t.is(room.places, left);
    t.true(isTaken(room, asks('apply', '10.0.1.101')));
  });
}
