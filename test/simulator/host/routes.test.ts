import test from 'ava';
import { parseRoute } from '../../../simulator/host/routes.ts';

const match = (template: string, path: string) => parseRoute(template).match(path);

test('literals match in any letter case, parameters keep it', (t) => {
  t.deepEqual(match('api/runs/{id}', '/API/Runs/aB1'), { id: 'aB1' });
  t.is(match('api/runs/{id}', '/api/runs'), undefined);
  t.is(match('api/runs/{id}', '/api/runs/1/2'), undefined);
});

test('parameters are decoded', (t) => {
  t.deepEqual(match('x/{id}', '/x/a%2Fb%20c'), { id: 'a/b c' });
  t.deepEqual(match('x/{id}', '/x/%E0%A4%A'), { id: '%E0%A4%A' });
});

test('optional parameters and the rest of a path', (t) => {
  t.deepEqual(match('x/{id?}', '/x'), {});
  t.deepEqual(match('x/{*rest}', '/x/a/b'), { rest: 'a/b' });
  t.deepEqual(match('x/{*rest}', '/x'), {});
});

test('constraints', (t) => {
  const id = '00000000-0000-0000-0000-000000000000';
  t.deepEqual(match('x/{id:guid}', `/x/${id}`), { id });
  t.is(match('x/{id:guid}', '/x/1'), undefined);
  t.deepEqual(match('x/{n:int?}', '/x/-5'), { n: '-5' });
  t.is(match('x/{n:int}', '/x/five'), undefined);
});

test('ranks literals before constrained, plain and catch-all parameters', (t) => {
  const ranked = ['x/{*r}', 'x/{id}', 'x/y', 'x/{id:int}'].map((template) => ({
    template,
    rank: parseRoute(template).rank,
  }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  t.deepEqual(
    ranked.map(({ template }) => template),
    ['x/y', 'x/{id:int}', 'x/{id}', 'x/{*r}'],
  );
});

for (const template of ['x/{a}.{b}', 'x/{id:regex(^a$)}', 'x/{id=5}']) {
  test(`refuses ${template}, which is not modelled`, (t) => {
    t.true(t.throws(() => parseRoute(template)).message.includes(template));
  });
}
