/** The import rule of the house, read from the sources themselves. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join, sep } from 'node:path';
import test from 'ava';
import { type Import, importsOf } from './helpers/imports.ts';

const ROOT = join(import.meta.dirname, '..');

/** What each place may import, by the first folder below shared/ (or the file there). `!sdk`: no Azure SDK at load. */
const MAY: Record<string, string[]> = {
  functions: ['app', 'build', 'requests', 'views/problem', 'log', 'runtime', 'errors', 'model'],
  cli: ['cli', 'app', 'views', 'model', 'errors'],
  app: ['build', 'assess', 'reconcile', 'decide', 'views', 'azure', 'guest', 'state', 'config', 'model', 'errors'],
  reconcile: ['reconcile', 'decide', 'evaluate', 'guest', 'model', 'errors'],
  assess: ['assess', 'evaluate', 'guest', 'model', 'errors'],
  decide: ['decide', 'evaluate', 'guest', 'model', 'errors'],
  views: ['views', 'evaluate', 'guest', 'model', 'errors'],
  requests: ['requests', 'model', 'errors'],
  azure: ['azure', 'model', 'errors'],
  guest: ['guest', 'model', 'errors'],
  state: ['state', 'model', 'errors'],
  evaluate: ['evaluate', 'model', 'errors'],
  config: ['settings', 'state/storage', 'model', 'errors'],
  settings: ['settings', 'model', 'errors'],
  log: ['model'],
  runtime: ['errors'],
  build: [],
  model: ['model', 'errors'],
  errors: [],
};

/** Everything that ships. */
const sources = async (): Promise<Import[]> => (await Promise.all(SHIPPED.map(importsOf))).flat();
const SHIPPED = ['functions/**/*.ts', 'shared/**/*.ts', 'cli/**/*.ts'];

const placeOf = (file: string): string => {
  const [top = '', inner = ''] = file.split('/');
  return top === 'shared' ? inner.replace(/\.ts$/, '') : top;
};
const withinShared = (target: string): string => target.replace(/^shared\//, '').replace(/\.ts$/, '');

test('imports run one way', async (t) => {
  const all = await sources();
  t.true(all.length > 100, 'the sources were found');
  t.true(
    all.some(({ from }) => from.startsWith('cli/')),
    'the command line too',
  );
  const wrong = all.filter(({ from, target }) => {
    const place = placeOf(from);
    const allowed = MAY[place];
    if (!allowed) return true;
    if (target.startsWith('functions/handlers/')) return place !== 'functions';
    if (target.startsWith('cli/')) return place !== 'cli';
    if (target.startsWith('functions/')) return from !== 'functions/index.ts';
    if (!target.startsWith('shared/')) return target.includes('/') && /^(simulator|test|lab|bench)\//.test(target);
    const inner = withinShared(target);
    return !allowed.some((name) => inner === name || inner.startsWith(`${name}/`));
  });
  t.deepEqual(
    wrong.map(({ from, target }) => `${from} -> ${target}`),
    [],
  );
});

test('a function has a file of its name, which index.ts lists; handlers register nothing', async (t) => {
  const listed = (await importsOf('functions/index.ts')).map(({ target }) => target);
  const files: string[] = [];
  for await (const found of glob('functions/**/*.ts', { cwd: ROOT })) {
    const file = found.split(sep).join('/');
    const text = readFileSync(join(ROOT, file), 'utf8');
    const registered = [...text.matchAll(/\bapp\.\w+\(\s*'(\w+)'/g)].map(([, name]) => `functions/${name}.ts`);
    t.deepEqual(registered, file === 'functions/index.ts' || file.includes('/handlers/') ? [] : [file], file);
    files.push(...registered);
  }
  t.true(files.length >= 8);
  t.deepEqual(listed.filter((target) => target.startsWith('functions/')).toSorted(), files.toSorted());
});

test('nothing that ships imports a development dependency', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const packages = (await sources())
    .map(({ target }) => target)
    .filter((target) => !/^(node:|shared\/|functions\/|cli\/)/.test(target));
  const wrong = packages.filter(
    (name) => !Object.keys(dependencies).some((known) => name === known || name.startsWith(`${known}/`)),
  );
  t.deepEqual(wrong, []);
});

test('what a handler loads brings no Azure SDK', async (t) => {
  const all = [...(await importsOf('functions/**/*.ts')), ...(await importsOf('shared/**/*.ts'))].filter(
    (item) => item.atLoad,
  );
  const byFile = Map.groupBy(all, (item) => item.from);
  const loaded = new Set<string>();
  const sdks = new Set<string>();
  const visit = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { target } of byFile.get(file) ?? []) {
      if (target.startsWith('@azure/') && target !== '@azure/functions') sdks.add(`${file} -> ${target}`);
      if (target.startsWith('shared/') || target.startsWith('functions/')) visit(target);
    }
  };
  visit('functions/index.ts');
  t.true(loaded.size > 10);
  t.deepEqual([...sdks], []);
});

test('only config.ts reads the environment, and only app.ts reads config.ts', async (t) => {
  const readers: string[] = [];
  for await (const file of glob('{functions,cli,shared}/**/*.ts', { cwd: ROOT })) {
    if (/process\.env/.test(readFileSync(join(ROOT, file), 'utf8'))) readers.push(file.split(sep).join('/'));
  }
  // app.ts hands process.env to config.ts, which takes any environment.
  t.deepEqual(readers, ['shared/app.ts']);
  const users = (await importsOf('{functions,cli,shared}/**/*.ts')).filter(
    ({ target }) => target === 'shared/config.ts',
  );
  t.deepEqual([...new Set(users.map(({ from }) => from))], ['shared/app.ts']);
});

test('the core awaits nothing and asks no clock', async (t) => {
  const wrong: string[] = [];
  let files = 0;
  for await (const file of glob('shared/{decide,evaluate}/**/*.ts', { cwd: ROOT })) {
    files += 1;
    const text = readFileSync(join(ROOT, file), 'utf8');
    const found = text.match(
      /\bawait\b|\basync\b|\bPromise\b|Date\.now|new Date\(\)|performance\.|setTimeout|Math\.random|process\./g,
    );
    if (found) wrong.push(`${file}: ${found.join(', ')}`);
  }
  t.true(files > 20, 'the core was found');
  t.deepEqual(wrong, []);
});

test('no test imports another test, and bench imports none', async (t) => {
  const wrong = [...(await importsOf('test/**/*.ts')), ...(await importsOf('bench/**/*.ts'))].filter(
    ({ from, target }) => /\.test\.ts$/.test(target) || (from.startsWith('bench/') && target.startsWith('test/')),
  );
  t.deepEqual(
    wrong.map(({ from, target }) => `${from} -> ${target}`),
    [],
  );
});
