import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { build } from '../build.ts';
import { startHost } from '../simulator/host/host.ts';

const FIXTURE = fileURLToPath(new URL('simulator/host/fixture/', import.meta.url));
let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-test-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

test.serial('writes a folder that stands alone', async (t) => {
  const outFolder = join(folder, 'alone');
  await mkdir(outFolder);
  await writeFile(join(outFolder, 'left-over.js'), '');
  const result = await build({
    entry: join(FIXTURE, 'index.ts'),
    hostJson: join(FIXTURE, 'host.json'),
    outFolder,
    assets: {},
  });
  const files = await readdir(outFolder);
  t.deepEqual(files.sort(), ['LICENSE', 'THIRD_PARTY_NOTICES.txt', 'host.json', 'index.js', 'package.json']);
  t.like(JSON.parse(await readFile(join(outFolder, 'package.json'), 'utf8')), { main: 'index.js', type: 'module' });
  const script = await readFile(join(outFolder, 'index.js'), 'utf8');
  t.regex(script, /["']@azure\/functions-core["']/);
  t.notRegex(script, /sourceMappingURL/);
  t.true(result.allBytes > 0 && result.startBytes === result.allBytes);
});

test.serial('what is imported later is a file of its own and not counted at the start', async (t) => {
  const entry = join(folder, 'lazy.ts');
  await writeFile(join(folder, 'part.ts'), `export const text = ${JSON.stringify('x'.repeat(50_000))};`);
  await writeFile(entry, `export const part = () => import('./part.ts');`);
  const outFolder = join(folder, 'split');
  const { startBytes, allBytes } = await build({ entry, outFolder, assets: {} });
  t.true(startBytes < 5_000, `${startBytes}`);
  t.true(allBytes > 50_000);
  const { part } = await import(join(outFolder, 'index.js'));
  t.is((await part()).text.length, 50_000);
});

test.serial('guest scripts come along by the name that code reads them under', async (t) => {
  const scripts = join(folder, 'scripts');
  await mkdir(scripts);
  await writeFile(join(scripts, 'guard.sh'), 'echo hi\n', { mode: 0o755 });
  await writeFile(join(scripts, 'render.ts'), '');
  const entry = join(folder, 'reader.ts');
  await writeFile(
    entry,
    `import { readFileSync } from 'node:fs';\nexport const script = readFileSync(new URL('./linux/guard.sh', import.meta.url), 'utf8');`,
  );
  const outFolder = join(folder, 'assets');
  await build({ entry, outFolder, assets: { linux: scripts, windows: join(folder, 'none') } });
  t.is((await import(join(outFolder, 'index.js'))).script, 'echo hi\n');
  t.is((await stat(join(outFolder, 'linux/guard.sh'))).mode & 0o111, 0o111);
  await t.throwsAsync(access(join(outFolder, 'linux/render.ts')));
});

test.serial('an import that does not exist fails with its file and line', async (t) => {
  const entry = join(folder, 'wrong.ts');
  await writeFile(entry, `import './nowhere.ts';`);
  await t.throwsAsync(build({ entry, outFolder: join(folder, 'wrong'), assets: {} }), { message: /wrong\.ts:1/ });
});

test.serial('the app itself loads no Azure SDK at start and brings its guest scripts', async (t) => {
  const { outFolder, startPackages, startFiles, startBytes, allBytes } = await build({
    outFolder: join(folder, 'app'),
  });
  t.log(
    `${Math.round(startBytes / 1024)} of ${Math.round(allBytes / 1024)} KiB load at start: ${startPackages.join(', ')}`,
  );
  t.deepEqual(startPackages, ['@azure/functions', '@azure/functions-extensions-base', 'cookie', 'zod']);
  // Each file more is looked for, read and linked. Zod's larger face would bring a hundred KiB more into the start.
  t.is(startFiles.length, 3, startFiles.join(', '));
  t.true(startBytes < 360 * 1024, `${startBytes}`);
  await t.notThrowsAsync(access(join(outFolder, 'linux/guard.sh')));
  t.regex(await readFile(join(outFolder, 'page/dashboard.html'), 'utf8'), /^<!doctype html>/);
  const notices = await readFile(join(outFolder, 'THIRD_PARTY_NOTICES.txt'), 'utf8');
  for (const name of ['preact', 'htm']) t.regex(notices, new RegExp(`^${name} \\d`, 'm'));
});

test.serial('a minified app runs as well', async (t) => {
  const outFolder = join(folder, 'small');
  const { allBytes } = await build({
    entry: join(FIXTURE, 'index.ts'),
    hostJson: join(FIXTURE, 'host.json'),
    outFolder,
    assets: {},
    minify: true,
  });
  t.true(allBytes < 120_000, `${allBytes}`);
  const host = await startHost({ appFolder: outFolder, port: 0, settings: {}, only: ['hello'] });
  t.is((await fetch(`${host.url}/api/hello/x`)).status, 201);
  await host.stop();
});
