/** azure.yaml and what else stands in the root for azd, func and Visual Studio Code. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import ignore from 'ignore';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const AZURE_YAML = read('azure.yaml');
const PACKAGE = JSON.parse(read('package.json')) as { scripts: Record<string, string>; main: string };

test('azd deploys the bundle as it is, and finds the template', (t) => {
  t.regex(AZURE_YAML, /^ {4}project: \.\/dist$/m);
  t.regex(AZURE_YAML, /^ {4}remoteBuild: false$/m);
  t.regex(AZURE_YAML, /^ {4}host: function$/m);
  t.true(existsSync(join(ROOT, 'infra/main.bicep')) && existsSync(join(ROOT, 'infra/main.bicepparam')));
});

test('events are wired after the code is there', (t) => {
  const steps = [...AZURE_YAML.matchAll(/^ {6}- azd: (.+)$/gm)].map(([, step]) => step);
  t.deepEqual(steps, ['package --all', 'provision', 'deploy --all', 'env set HAIRPIN_CODE_IS_THERE true', 'provision']);
  t.regex(
    read('infra/main.bicepparam'),
    /^param codeIsThere = bool\(readEnvironmentVariable\('HAIRPIN_CODE_IS_THERE'/m,
  );
});

test('hooks are one npm command: no script file, no executable bit, nothing that only one shell knows', (t) => {
  const runs = [...AZURE_YAML.matchAll(/^\s+run: (.+)$/gm)].map(([, run]) => run);
  t.deepEqual(runs, ['npm run bundle', 'npm run bundle']);
  t.is(PACKAGE.scripts.bundle, 'npm ci && npm run build');
});

test('npm run func builds, and the root is a Functions project', (t) => {
  t.is(PACKAGE.scripts.func, 'npm run build && func start');
  t.is(PACKAGE.main, 'dist/index.js');
  t.true(existsSync(join(ROOT, 'host.json')));
});

test('published from the root goes the bundle, and no source, package or secret', (t) => {
  const left = ignore()
    .add(read('.funcignore'))
    .filter([
      ...['host.json', 'package.json', 'dist/index.js', 'dist/linux/guard.sh', 'dist/host.json', 'README.md'],
      ...['local.settings.json', 'node_modules/zod/index.js', 'shared/app.ts', 'infra/main.json', 'test/run.ts'],
    ]);
  t.deepEqual(left, ['host.json', 'package.json', 'dist/index.js', 'dist/linux/guard.sh', 'dist/host.json']);
});

test('recommended extensions are named by publisher and name', (t) => {
  const { recommendations } = JSON.parse(read('.vscode/extensions.json')) as { recommendations: string[] };
  t.true(recommendations.includes('ms-azuretools.vscode-azurefunctions'));
  for (const name of recommendations) t.regex(name, /^[\w-]+\.[\w-]+$/);
});
