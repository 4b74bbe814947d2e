/** Commands that documents name are ones that there are: scripts, files, options. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readOptions as readAssess } from '../../cli/options.ts';
import { PARTS } from '../../lab/parts.ts';
import { readOptions as readChaos } from '../../simulator/chaos/options.ts';
import { SABOTAGES } from '../../simulator/story/sabotage.ts';
import { documents } from '../helpers/markdown.ts';
import { commandsOf } from '../helpers/shellWords.ts';
import { NOT_RUN, typedLines } from '../helpers/typedLines.ts';
import { AZ, AZ_GLOBAL } from './azCommands.ts';

const ROOT = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

interface Command {
  words: string[];
  where: string;
}

/** All commands: of shell blocks, and those in sentences that begin with a program that can be checked. */
const commands: Command[] = documents().flatMap(({ blocks, inline }) => [
  ...blocks.filter(({ language }) => language === 'bash').flatMap(({ text, where }) => found(text, where)),
  // A command within a sentence may be broken over its lines.
  ...inline.flatMap(({ text, where }) => found(text.replaceAll('\n', ' '), where)),
]);

function found(text: string, where: string): Command[] {
  return commandsOf(text).map((words) => ({ words, where }));
}

const of = (program: string): Command[] => commands.filter(({ words }) => words[0] === program);

/**
 * Which test, or `.ci/run`, runs a script as people do, by a text that it has; or why none can. Every script that documents name
 * is here, so that what they say is known to work.
 */
const RUN_BY: Record<string, { test: string; has: string } | { why: string }> = {
  start: { test: 'test/simulator/npmStart.ts', has: 'simulator/main.ts' },
  assess: { test: 'test/cli/cli.ts', has: 'cli/main.ts' },
  build: { test: 'test/build.process.test.ts', has: 'build.ts' },
  package: { test: 'test/pack.process.test.ts', has: 'pack.ts' },
  pack: { test: 'test/packCli.process.test.ts', has: 'npm pack' },
  docs: { test: 'test/docs/generate.test.ts', has: 'docs/generate.ts' },
  infra: { test: 'test/infra/compiled.process.test.ts', has: 'infra/make.ts' },
  chaos: { test: 'test/simulator/chaos/chaos.process.test.ts', has: 'simulator/chaos/chaos.ts' },
  lab: { test: 'test/simulator/guests/kernel/machine.kernel.test.ts', has: 'lab/main.ts' },
  bench: { why: 'its figures are of a machine that does nothing else' },
  test: { why: 'it runs this test' },
  'test:long': { test: '.ci/run', has: 'npm test -- --all' },
  lint: { test: '.ci/run', has: 'npm run --silent lint' },
  typecheck: { test: '.ci/run', has: 'npm run --silent typecheck' },
  knip: { test: '.ci/run', has: 'npm run --silent knip' },
  format: { why: 'it writes what lint asks for' },
  mutate: { why: 'it takes hours' },
  func: { why: 'it needs Azure’s Core Tools' },
  ci: { test: '.ci/run', has: 'npm ci' },
};

/** The script that `npm ARGUMENTS` runs, and what is handed on to it. */
function scriptOf([, first = '', ...rest]: readonly string[]): { script: string; args: string[] } {
  const words = first === 'run' ? rest.filter((word) => word !== '--silent') : [first, ...rest];
  const [script = '', ...others] = words;
  return { script, args: others[0] === '--' ? others.slice(1) : others };
}

test('npm: each script is there, and a test runs it or says why not', (t) => {
  t.true(of('npm').length > 40);
  for (const { words, where } of of('npm')) {
    const { script } = scriptOf(words);
    if (!['ci', 'pack'].includes(script)) t.true(script in scripts, `${where}: npm run ${script}`);
    t.true(script in RUN_BY, `${where}: who runs ${script}?`);
  }
  for (const [script, by] of Object.entries(RUN_BY)) {
    if ('test' in by) t.true(readFileSync(join(ROOT, by.test), 'utf8').includes(by.has), `${script}: ${by.test}`);
  }
});

test('each line to type is run by a test, or is one of those that say why not', (t) => {
  const lines = typedLines();
  t.true(lines.length > 200);
  // Requests: requests.process.test.ts. In a guest: guest.kernel.test.ts. npm: the test above.
  const of = Map.groupBy(lines, ({ runner }) => runner);
  t.deepEqual([...of.keys()].sort(), ['app', 'guest', 'nobody', 'repository']);
  for (const { text, where } of of.get('repository') ?? []) t.regex(text, /^(npm|npx ava) /, where);
  for (const beginning of Object.keys(NOT_RUN))
    t.true(
      of.get('nobody')?.some(({ text }) => text.startsWith(beginning)),
      `no document has ${beginning}`,
    );
});

const READERS: Record<string, (args: string[]) => unknown> = {
  assess: (args) => readAssess(args.map((arg) => (arg.includes('SUBSCRIPTION') ? ID : arg))),
  chaos: readChaos,
};
const ID = '00000000-0000-0000-0000-000000000000';

test('assess and chaos take the options that documents give them', (t) => {
  const given = of('npm').map(({ words, where }) => ({ ...scriptOf(words), where }));
  for (const script of Object.keys(READERS)) t.true(given.filter((command) => command.script === script).length > 1);
  for (const { script, args, where } of given) {
    const read = READERS[script];
    if (read) t.notThrows(() => read(args), `${where}: ${script} ${args.join(' ')}`);
  }
});

test('start and lab take the options that documents give them', (t) => {
  const parts = [...PARTS.map(({ name }) => name), 'compare'];
  const usage = readFileSync(join(ROOT, 'simulator/main.ts'), 'utf8');
  for (const { words, where } of of('npm')) {
    const { script, args } = scriptOf(words);
    const option = args.indexOf('--part');
    if (script === 'lab' && option >= 0) t.true(parts.includes(args[option + 1] ?? ''), `${where}: ${args.join(' ')}`);
    if (script !== 'start') continue;
    for (const arg of args.filter((word) => word.startsWith('--')))
      t.true(usage.includes(`  ${arg}`), `${where}: ${arg}`);
    const named = args[args.indexOf('--sabotage') + 1];
    if (args.includes('--sabotage'))
      t.true(named === 'NAME' || Object.hasOwn(SABOTAGES, named ?? ''), `${where}: ${named}`);
  }
  // The table of options has all that there are, and no other.
  const table = documents().find(({ file }) => file === 'docs/simulator.md')?.text ?? '';
  for (const name of Object.keys(SABOTAGES)) t.true(table.includes(`\`${name}\``), name);
});

test('npx and node: files are there', (t) => {
  for (const { words, where } of [...of('npx'), ...of('node')]) {
    if (words[1]?.endsWith('.tgz')) continue;
    t.true(words[0] === 'node' || ['ava', 'biome'].includes(words[1] ?? ''), `${where}: ${words.join(' ')}`);
    const files = words.filter((word) => /^(test|simulator|docs|infra|ava\.)/.test(word));
    for (const file of files) t.true(globSync(file, { cwd: ROOT }).length > 0, `${where}: ${file}`);
    if (words[1] !== 'ava') continue;
    // What the quick configuration leaves out runs by the slow one alone.
    const isSlow = files.some((file) => /\.(kernel|process)\.test\.ts$/.test(file));
    if (isSlow) t.true(words.includes('ava.slow.config.js'), `${where}: needs --config ava.slow.config.js`);
  }
});

test('az: each command and its options are ones of the Azure CLI', (t) => {
  t.true(of('az').length > 100);
  for (const { words, where } of of('az')) {
    const end = words.findIndex((word, index) => index > 0 && word.startsWith('-'));
    const name = words.slice(1, end < 0 ? undefined : end).join(' ');
    // `az` alone is the program's name in a sentence.
    if (name === '') continue;
    const known = AZ[name];
    t.true(known !== undefined, `${where}: az ${name}`);
    for (const option of words.filter((word) => word.startsWith('-'))) {
      t.true([...(known ?? []), ...AZ_GLOBAL].includes(option.split('=')[0] ?? ''), `${where}: az ${name} ${option}`);
    }
  }
});

test('azd: what is set is read by the template, and no other command is used than those that there are', (t) => {
  const read =
    readFileSync(join(ROOT, 'infra/main.bicepparam'), 'utf8') + readFileSync(join(ROOT, 'azure.yaml'), 'utf8');
  for (const { words, where } of of('azd')) {
    const [, first = '', ...rest] = words;
    if (first === '') continue;
    t.true(['up', 'provision', 'deploy', 'down', 'env', 'auth', 'package'].includes(first), `${where}: azd ${first}`);
    const [what = '', name = ''] = rest;
    if (first === 'env') t.true(['set', 'new', 'get-values', 'get-value'].includes(what), `${where}: azd env ${what}`);
    if (first === 'env' && what === 'set' && /^HAIRPIN_/.test(name)) t.true(read.includes(name), `${where}: ${name}`);
  }
});

test('other programs of the repository that are named are there', (t) => {
  const named = commands.filter(({ words }) => /^(\.\/|\.ci\/|test\/|simulator\/)/.test(words[0] ?? ''));
  for (const { words, where } of named) {
    if (['./configure'].includes(words[0] ?? '')) continue;
    t.true(
      existsSync(join(ROOT, words[0] ?? '')) || globSync(words[0] ?? '', { cwd: ROOT }).length > 0,
      `${where}: ${words[0]}`,
    );
  }
});

test('a command’s words are read as a shell reads them', (t) => {
  t.deepEqual(commandsOf('a=$(az x --query "[0].b" | jq .) && curl -H "k: $a" \\\n  "u" # why'), [
    ['az', 'x', '--query', '[0].b'],
    ['jq', '.'],
    ['curl', '-H', 'k: $a', 'u'],
  ]);
  t.deepEqual(commandsOf("for n in a b; do\n  az rm --name $n 2>/dev/null\ndone; sudo npm run 'x y'"), [
    ['for', 'n', 'in', 'a', 'b'],
    ['az', 'rm', '--name', '$n'],
    ['done'],
    ['npm', 'run', 'x y'],
  ]);
});
