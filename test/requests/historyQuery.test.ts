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
  ['vm', `${vmId('hs-a')}x`.slice(1)],
  ['days', ''],
  ['days', '0'],
  ['days', '0366'],
  ['days', '1.5'],
  ['days', ' 7'],
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

test('a day, and two', (t) => {
  for (const days of ['1', '12', '007']) t.is(readHistoryQuery([['days', days]]).days, Number(days));
});

test('without a format in the address, the one that Accept asks for', (t) => {
  t.is(readHistoryQuery([], 'text/csv').format, 'csv');
  t.is(readHistoryQuery([['format', 'json']], 'text/csv').format, 'json');
});

for (const [name, says] of [
  ['vm', 'must be the id of a virtual machine'],
  ['vip', 'must be an IPv4 address'],
  ['days', 'must be a whole number from 1 to 366, 30 when it is not there'],
  ['format', 'must be one of json, csv'],
  ['color', 'is not known; known are vm, vip, days, format'],
] as const) {
  test(`what was expected is said: ${name}`, (t) => {
    t.throws(() => readHistoryQuery([[name, 'x']]), { message: `${name} is "x": ${says}` });
  });
}

test('refused: a parameter that comes twice', (t) => {
  const twice: [string, string][] = [
    ['days', '1'],
    ['days', '2'],
  ];
  t.is(t.throws(() => readHistoryQuery(twice), { instanceOf: InputError })?.field, 'days');
});
