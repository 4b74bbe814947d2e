/** What is asked of compliance, forecast and traces. */
import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import {
  readComplianceQuery,
  readEstateQuery,
  readForecastQuery,
  readPathsQuery,
} from '../../shared/requests/estateQuery.ts';

const of = (query: string) => new URLSearchParams(query);

test('what each takes', (t) => {
  t.is(readComplianceQuery(of(''), null), 'json');
  t.is(readComplianceQuery(of('code=secret&format=csv'), 'application/json'), 'csv');
  t.is(readComplianceQuery(of('format=json'), 'text/csv'), 'json', 'what the address says goes first');
  t.notThrows(() => readEstateQuery(of('code=secret')));
  t.is(readForecastQuery(of('')), undefined);
  t.is(readForecastQuery(of('vm=hs-a')), 'hs-a');
  t.deepEqual(readPathsQuery(of('vm=hs-a&vip=10.0.1.100')), { vm: 'hs-a', vip: '10.0.1.100' });
});

for (const [accept, format] of [
  ['text/csv', 'csv'],
  ['TEXT/CSV; q=0.9, */*', 'csv'],
  ['text/csv, application/json', 'json'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
  ['', 'json'],
] as const) {
  test(`accept: ${accept}`, (t) => t.is(readComplianceQuery(of(''), accept), format));
}

for (const [read, query, field, says] of [
  [(q: URLSearchParams) => readComplianceQuery(q, null), 'format=html', 'format', /"html": must be one of json, csv$/],
  [(q: URLSearchParams) => readComplianceQuery(q, null), 'vm=a', 'vm', /is not known; known is format$/],
  [readEstateQuery, 'vm=hs-b', 'vm', /^vm is "hs-b": is not known; there is no parameter$/],
  [readForecastQuery, 'vm=', 'vm', /"": must be the name or id of a VM$/],
  [readForecastQuery, `vm=${'x'.repeat(1025)}`, 'vm', /must be the name or id of a VM$/],
  [readForecastQuery, `vm=${'x'.repeat(2049)}`, 'vm', /must be at most 2048 characters$/],
  [readPathsQuery, 'vm=hs-a', 'vip', /is "nothing": must be a VIP, or the name or id of its frontend$/],
  [readPathsQuery, 'vip=10.0.1.100', 'vm', /is "nothing"/],
  [readPathsQuery, 'vm=a&vip=b&port=1', 'port', /is not known; known are vm, vip$/],
  [readPathsQuery, 'vm=a&vip=b&vip=c', 'vip', /may be given once$/],
] as const) {
  test(`refused: ${query.slice(0, 40)} (${query.length})`, (t) => {
    const error = t.throws(() => read(of(query)), { instanceOf: InputError });
    t.is(error?.field, field);
    t.regex(error?.message ?? '', says);
    t.true((error?.message.length ?? 0) < 400);
  });
}
