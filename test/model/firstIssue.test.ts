import test from 'ava';
import * as classic from 'zod';
import * as z from 'zod/mini';
import { firstIssue } from '../../shared/model/firstIssue.ts';

const schema = z.strictObject({
  scope: z.array(z.strictObject({ id: z.string().check(z.minLength(1, 'must not be empty')) })),
  mode: z.enum(['check', 'apply']),
});

const of = (raw: unknown) => {
  const result = schema.safeParse(raw);
  if (result.success) throw new Error('it was taken');
  return firstIssue(result.error, raw);
};

test('the field by its path, with what is there and the schema’s words', (t) => {
  t.deepEqual(of({ scope: [{ id: 'a' }, { id: '' }], mode: 'check' }), {
    field: 'scope.1.id',
    value: '',
    message: 'must not be empty',
    isUnknownField: false,
  });
  t.like(of({ scope: [{}], mode: 'check' }), { field: 'scope.0.id', value: undefined });
});

test('a value that is wrong as a whole has no field', (t) => {
  for (const raw of [undefined, null, 7, 'text', []]) t.like(of(raw), { field: '', value: raw });
});

test('an unknown field is named, wherever it is, with its value', (t) => {
  t.like(of({ scope: [], mode: 'check', force: true }), { field: 'force', value: true, isUnknownField: true });
  t.like(of({ scope: [{ id: 'a', x: 1 }], mode: 'check' }), { field: 'scope.0.x', value: 1, isUnknownField: true });
});

test('a name that every object has is nothing but a name', (t) => {
  t.like(of(JSON.parse('{"scope": [], "mode": "check", "__proto__": {"id": "x"}}')), {
    field: '__proto__',
    value: { id: 'x' },
  });
  t.like(of({ scope: [], mode: 'check', constructor: 1 }), { field: 'constructor', value: 1 });
});

test('it reads errors of the whole zod too', (t) => {
  const raw = { port: 0 };
  const { error } = classic.strictObject({ port: classic.int().min(1, 'expected 1 or more') }).safeParse(raw);
  t.deepEqual(error && firstIssue(error, raw), {
    field: 'port',
    value: 0,
    message: 'expected 1 or more',
    isUnknownField: false,
  });
});
