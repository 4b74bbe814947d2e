/** What is deployed: the zip, unpacked into an empty folder with nothing around it. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { unzipSync } from 'fflate';
import { build } from '../build.ts';
import { packed } from '../pack.ts';
import { deployedSettings, settingsAtRunTime } from '../simulator/deployment.ts';
import { startHost } from '../simulator/host/host.ts';

/** A larger package starts more slowly; raise this knowingly. KiB. */
const MOST_KIB = 1000;

let folder: string;
let files: Record<string, Uint8Array>;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pack-test-'));
  const { outFolder } = await build({ outFolder: join(folder, 'built') });
  const zip = packed(outFolder);
  files = unzipSync(zip);
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, 'unpacked', name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await rm(outFolder, { recursive: true });
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

test.serial('bundle, host.json, package.json, licenses, guest scripts and the page, and nothing else', (t) => {
  const names = Object.keys(files);
  for (const name of [
    'index.js',
    'host.json',
    'package.json',
    'LICENSE',
    'THIRD_PARTY_NOTICES.txt',
    'linux/guard.sh',
    'page/dashboard.html',
  ]) {
    t.true(names.includes(name), name);
  }
  const others = names.filter(
    (name) =>
      !/^[\w-]+\.js$|^(host|package)\.json$|^LICENSE$|^THIRD_PARTY_NOTICES\.txt$|^(linux|windows)\/|^page\/dashboard\.html$/.test(
        name,
      ),
  );
  t.deepEqual(others, [], 'no maps, no sources, no settings');
  t.false(names.some((name) => name.includes('local.settings')));
});

test.serial('it is small', (t) => {
  const bytes = Object.values(files).reduce((sum, content) => sum + content.byteLength, 0);
  const kib = packed(join(folder, 'unpacked')).byteLength / 1024;
  t.log(`${Math.round(kib)} KiB, ${Math.round(bytes / 1024)} KiB unpacked`);
  t.true(kib < MOST_KIB, `${kib}`);
});

test.serial('the same files give the same bytes', (t) => {
  const [first, second] = [packed(join(folder, 'unpacked')), packed(join(folder, 'unpacked'))];
  t.deepEqual(Buffer.from(first), Buffer.from(second));
});

test.serial('the notices name every bundled package with its version, under licenses that allow it', async (t) => {
  const text = await readFile(join(folder, 'unpacked', 'THIRD_PARTY_NOTICES.txt'), 'utf8');
  const listed = [...text.matchAll(/^(\S+) (\d+\.\d+\.\d+\S*) \((\S+)\)$/gm)];
  const names = listed.map(([, name]) => name);
  for (const name of ['@azure/arm-compute', '@azure/arm-network', '@azure/functions', '@azure/identity', 'zod']) {
    t.true(names.includes(name), name);
  }
  for (const [line, , , license] of listed) {
    t.true(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'].includes(license ?? ''), line);
  }
  t.true(listed.length > 40);
  t.false(names.includes('fflate'), 'only what is bundled');
});

test.serial('the host loads the app from it, with the deployed settings and no package installed', async (t) => {
  t.false((await readdir(join(folder, 'unpacked'))).includes('node_modules'));
  const host = await startHost({
    appFolder: join(folder, 'unpacked'),
    port: 0,
    settings: settingsAtRunTime(deployedSettings()),
    only: ['runs'],
  });
  t.deepEqual(host.functions, ['runs']);
  await host.stop();
});
