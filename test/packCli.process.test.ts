/** The command as a new user gets it: packed, unpacked into an empty folder without any registry, run against Azure's stand-in. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, sep } from 'node:path';
import anyTest, { type ExecutionContext } from 'ava';
import { runProgram, signedIn } from './cli/cli.ts';
import { withArm } from './simulator/arm/withArm.ts';

const test = anyTest.serial;
const ROOT = join(import.meta.dirname, '..');
/** What a checkout has besides its sources. */
const LEFT_OUT = new Set(['node_modules', '.git', '.cache', 'dist', 'bin', 'obj']);

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pack-test-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

/** npm beside the Node that runs this, with a home and a cache of its own: nothing that was fetched before helps. */
const environment = (): Record<string, string> => ({
  PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
  HOME: folder,
  npm_config_cache: join(folder, 'cache'),
  npm_config_update_notifier: 'false',
});

/** Packing changes package.json for a moment: a copy of the checkout is packed, beside other tests that read it. */
async function copyOfCheckout(): Promise<string> {
  const copy = join(folder, 'checkout');
  await cp(ROOT, copy, {
    recursive: true,
    filter: (source) =>
      !relative(ROOT, source)
        .split(sep)
        .some((part) => LEFT_OUT.has(part)),
  });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

const tarball = async (): Promise<string> => {
  const [name] = (await readdir(join(folder, 'packed'))).filter((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('nothing was packed');
  return join(folder, 'packed', name);
};

async function pack(t: ExecutionContext, copy: string): Promise<void> {
  await mkdir(join(folder, 'packed'), { recursive: true });
  const { code, stderr } = await runProgram(
    'npm',
    ['pack', '--pack-destination', join(folder, 'packed')],
    environment(),
    copy,
  );
  t.is(code, 0, stderr);
}

test('npm pack leaves package.json as it was, also after one that was interrupted', async (t) => {
  const copy = await copyOfCheckout();
  const before = await readFile(join(copy, 'package.json'), 'utf8');
  const begun = await runProgram('npm', ['run', 'prepack'], environment(), copy);
  t.is(begun.code, 0, begun.stderr);
  t.not(await readFile(join(copy, 'package.json'), 'utf8'), before);
  await pack(t, copy);
  t.is(await readFile(join(copy, 'package.json'), 'utf8'), before);
  t.false((await readdir(copy)).some((name) => /aside|\.new$/.test(name)));
});

test('its size is what the documents say', async (t) => {
  const size = `of ${((await stat(await tarball())).size / 1e6).toFixed(1)} MB`;
  for (const document of ['README.md', 'docs/assess.md'])
    t.true((await readFile(join(ROOT, document), 'utf8')).includes(size), `${document}: ${size}`);
});

test('npx of the package, in an empty folder and without a registry, assesses', async (t) => {
  const { arm } = await withArm(t);
  const empty = join(folder, 'empty');
  await mkdir(empty);
  const name = `./${basename(await tarball())}`;
  await cp(await tarball(), join(empty, name));
  const env = { ...signedIn(arm), ...environment() };
  const npx = (args: string[]) => runProgram('npx', ['--yes', '--offline', name, 'assess', ...args], env, empty);
  const { code, stdout, stderr } = await npx(['--json']);
  t.is(code, 2, stderr);
  t.is(JSON.parse(stdout).counts.paths, 5);
  const script = await npx(['--script', 'hs-a']);
  t.is(script.code, 0, script.stderr);
  t.regex(script.stdout, /^VIP=\(10\.0\.1\.100 10\.0\.1\.101\)$/m, 'the guest scripts come along');
  t.is((await readdir(empty)).length, 1, 'nothing is left there');
});

test('installed, it brings nothing but itself', async (t) => {
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{}');
  const installed = await runProgram(
    'npm',
    ['install', '--offline', '--no-audit', '--no-fund', await tarball()],
    environment(),
    project,
  );
  t.is(installed.code, 0, installed.stderr);
  const modules = await readdir(join(project, 'node_modules'));
  t.deepEqual(
    modules.filter((name) => !name.startsWith('.')),
    ['ilb-hairpin-guard'],
  );
  const bin = join(project, 'node_modules', '.bin', 'ilb-hairpin-guard');
  const help = await runProgram(bin, ['assess', '--help'], environment(), project);
  t.is(help.code, 0, help.stderr);
  t.regex(help.stdout, /^Usage: ilb-hairpin-guard assess/m);
});
