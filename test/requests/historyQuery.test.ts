import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { readHistoryQuery } from '../../shared/requests/historyQuery.ts';
import { nicId, vmId } from '../helpers/world.ts';

test('what is asked for, and what when nothing is', (t) => {
  t.deepEqual(readHistoryQuery([]), { days: 30, format: 'json' });
  t.deepEqual(
    readHistoryQuery([
      ['vm', vmId('hs-a')],
      ['vip', '10.0.1.100'],
      ['days', '366'],
      ['format', 'csv'],
      ['code', 'a-function-key'],
    ]),
    { vm: vmId('hs-a'), vip: '10.0.1.100', days: 366, format: 'csv' },
  );
});

for (const [name, value] of [
  ['vm', 'hs-a'],
  ['vm', nicId('hs-a-0')],
  ['vm', `${vmId('hs-a')}${'a'.repeat(1024)}`],
  ['vip', '10.0.1'],
  ['vip', '127.0.0.1'],
  ['days', '0'],
  ['days', '367'],
  ['days', '1e1'],
  ['format', 'html'],
  ['color', 'red'],
] as const) {
  test(`refused: ${name}=${value.length > 300 ? 'something long' : value}`, (t) => {
    const error = t.throws(() => readHistoryQuery([[name, value]]), { instanceOf: InputError });
    t.like(error, { code: 'INPUT_INVALID', field: name });
  });
}

test('refused: a parameter that comes twice', (t) => {
  const twice: [string, string][] = [
    ['days', '1'],
    ['days', '2'],
  ];
  t.is(t.throws(() => readHistoryQuery(twice), { instanceOf: InputError })?.field, 'days');
});
