import test from 'ava';
import { IdLookup } from '../../shared/evaluate/idLookup.ts';

const A = { id: '/subscriptions/0/pools/A' };
const B = { id: '/subscriptions/0/pools/b' };

test('a thing is found by its id, in its own letters and in others', (t) => {
  const lookup = new IdLookup([A, B]);
  t.is(lookup.get(A.id), A);
  t.is(lookup.get(A.id.toUpperCase()), A);
  t.is(lookup.get(`${B.id}/`), B);
  t.is(lookup.get('/subscriptions/0/pools/c'), undefined);
  t.is(lookup.get(''), undefined);
});

test('of things with one id the first counts, whatever the letter case', (t) => {
  const upper = { id: B.id.toUpperCase() };
  const lookup = new IdLookup([B, { id: B.id }, upper]);
  t.is(lookup.get(B.id), B);
  t.is(lookup.get(`${B.id}/`), B);
  t.is(lookup.get(upper.id), upper, 'in letters of its own a thing is itself');
});

test('two things with one id as written, and an id of none of them', (t) => {
  const second = { id: A.id };
  const lookup = new IdLookup([A, second]);
  t.is(lookup.get(A.id), A);
  t.is(lookup.get(A.id.toLowerCase()), A);
  t.is(lookup.get(A.id.toLowerCase()), A, 'asked again');
  t.is(new IdLookup([]).get(A.id), undefined);
});
