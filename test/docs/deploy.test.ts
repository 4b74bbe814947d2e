/** docs/deploy.md names what is there: parameters, azd's names, files, actions. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { roleActions } from '../../simulator/arm/appRoles.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const DOC = read('docs/deploy.md');
const parametersOf = (name: string): string[] =>
  Object.keys((JSON.parse(read(`infra/${name}.json`)) as { parameters: Record<string, unknown> }).parameters);

test('the rights table has every action of both roles, and no other', (t) => {
  const inTable = [...DOC.matchAll(/`(Microsoft\.\w+\/[\w/]+\/(?:read|write|delete|action))`/g)].map(
    ([, action]) => action,
  );
  t.deepEqual([...new Set(inTable)].sort(), [...roleActions('read'), ...roleActions('repair')].sort());
});

test('each name of azd’s environment is one that the parameters read, and each that they read is told', (t) => {
  const reads = [...read('infra/main.bicepparam').matchAll(/readEnvironmentVariable\('(HAIRPIN_\w+)'/g)].map(
    ([, name]) => name,
  );
  const told = [...DOC.matchAll(/`(HAIRPIN_\w+)`|azd env set (HAIRPIN_\w+)/g)].map(([, a, b]) => a ?? b);
  for (const name of reads) t.true(told.includes(name), `${name} is not told`);
  for (const [, name] of DOC.matchAll(/azd env set (HAIRPIN_\w+)/g)) t.true(reads.includes(name), name);
});

test('each parameter of a command or of the table is one of the template', (t) => {
  const [main, roles] = [parametersOf('main'), parametersOf('roles')];
  const table = [...DOC.matchAll(/^\| `HAIRPIN_[^|]+ \| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
  t.true(table.length > 14);
  for (const name of table) t.true(main.includes(name), name);
  for (const name of ['packageUri', 'alwaysReady', 'publisherPrincipalIds', 'existingSystemTopicIds']) {
    t.true(DOC.includes(name) && main.includes(name), name);
  }
  for (const name of ['principalId', 'scopeIds', 'topicPrincipalIds']) t.true(roles.includes(name), name);
});

test('files that it names are there', (t) => {
  const files = [...DOC.matchAll(/`((?:infra|test|docs)\/[\w./-]+)`|--template-file (infra\/\S+)/g)].map(
    ([, a, b]) => a ?? b ?? '',
  );
  t.true(files.length > 4);
  for (const file of files) t.true(existsSync(join(ROOT, file)), file);
});

test('links inside lead to a heading', (t) => {
  const headings = [...DOC.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-'));
  for (const [, target = ''] of DOC.matchAll(/\]\(#([\w-]+)\)/g)) t.true(headings.includes(target), target);
});
