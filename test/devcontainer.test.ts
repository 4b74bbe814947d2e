/** The dev container opens to a working `npm start`: what it names is there, and what the simulator needs is installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { LEAST_NODE } from '../shared/runtime.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8');
/** Plain JSON, though comments would be allowed: every tool reads it. */
const container = JSON.parse(read('.devcontainer/devcontainer.json'));
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('it installs what is locked, and then starts', (t) => {
  t.is(container.updateContentCommand, 'npm ci');
  t.is(container.postAttachCommand, 'npm start');
  t.true('start' in scripts);
});

test('its Node is one that the app takes', (t) => {
  const [, version] = /typescript-node:(\d+)-bookworm$/.exec(container.image) ?? [];
  t.true(Number(version) >= LEAST_NODE);
});

test('it has what kernel guests need, and the right to namespaces', (t) => {
  for (const name of ['iproute2', 'nftables', 'util-linux']) t.true(container.onCreateCommand.includes(name), name);
  t.true(container.runArgs.includes('--privileged'));
  t.true(Object.keys(container.features).some((feature) => feature.includes('/dotnet:')));
});

test('each package that it installs is one that CI installs', (t) => {
  const [, names = ''] = /--no-install-recommends (.*)$/.exec(container.onCreateCommand) ?? [];
  const ci = read('.ci/run');
  t.true(names.split(' ').length > 4);
  for (const name of names.split(' ')) t.regex(ci, new RegExp(`^need \\S+ ${name}$`, 'm'), name);
});

test('the port is that of the local host', (t) => {
  t.deepEqual(container.forwardPorts, [7071]);
  t.regex(read('simulator/main.ts'), /port: \{ type: 'string', default: '7071' \}/);
});

test('its extensions are those that the repository recommends', (t) => {
  t.deepEqual(container.customizations.vscode.extensions, JSON.parse(read('.vscode/extensions.json')).recommendations);
});
