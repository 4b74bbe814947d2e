/** The description of the HTTP API: valid, up to date, and of every function that there is. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import { openApi } from '../../../docs/api/document.ts';
import { MADE } from '../../../docs/generate.ts';

const ROOT = join(import.meta.dirname, '../../..');
const document = openApi();
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

test('it is OpenAPI 3.1', async (t) => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)));
  t.true(valid, JSON.stringify(errors));
  t.is(validator.version, '3.1');
});

for (const [file, make] of Object.entries(MADE)) {
  test(`${file} is what the schemas say`, (t) => {
    t.is(readFileSync(join(ROOT, file), 'utf8'), make(), 'npm run docs makes it anew');
  });
}

test('it has every operation of the functions, and none besides', async (t) => {
  const registered: string[] = [];
  for await (const file of glob('functions/*.ts', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, options = ''] of text.matchAll(/\bapp\.http\('\w+', \{(.*?)\n?\s*handler/gs)) {
      const route = /route: '([^']+)'/.exec(options)?.[1] ?? '';
      const paths = route.endsWith('/{id?}') ? [route.replace('/{id?}', ''), route.replace('{id?}', '{id}')] : [route];
      for (const [, method] of (/methods: \[([^\]]+)\]/.exec(options)?.[1] ?? '').matchAll(/'(\w+)'/g)) {
        registered.push(...paths.map((path) => `${method} /api/${path}`));
      }
    }
  }
  t.true(registered.length >= 10);
  t.deepEqual(operations.map(({ name }) => name).toSorted(), registered.toSorted());
});

test('every operation has a name of its own, says what it is for, and what 401 and 500 are', (t) => {
  const names = operations.map(({ operation }) => operation.operationId);
  t.is(new Set(names).size, names.length);
  for (const { name, operation } of operations) {
    t.true((operation.summary?.length ?? 0) > 10, name);
    t.true('401' in operation.responses && '500' in operation.responses, name);
    for (const { name: parameter, description = '' } of operation.parameters ?? []) {
      t.true(description.length > 5, `${name} ${parameter}`);
    }
  }
});

test('no document leaves a field without a type, and none is described as closed: a later version may say more', (t) => {
  const bare: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('additionalProperties' in value) bare.push(`${path} is closed`);
    if (Object.keys(value).length === 0) bare.push(`${path} is empty`);
    for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
  };
  visit(document.components.schemas, '');
  t.deepEqual(bare, []);
  t.true(Object.keys(document.components.schemas).length > 15);
});
