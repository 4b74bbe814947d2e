/** The engine where it cannot be had: what is missing is said, and nothing waits for a process that never was. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { startWindowsEngine } from '../../../../simulator/guests/windows/engine.ts';
import { testNeeding } from '../../../needs.ts';
import { endOf, nodeStart } from '../../npmStart.ts';

const engineTest = testNeeding(['the .NET SDK']);

/** Runs with another PATH; tests of a file run one after another here. */
async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.PATH;
  process.env.PATH = path;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

const emptyFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  chmodSync(folder, 0o755);
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** A folder with every program of the PATH but dotnet. */
function withoutDotnet(t: ExecutionContext): string {
  const folder = emptyFolder(t);
  const taken = new Set(['dotnet']);
  for (const from of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      if (!taken.has(name)) symlinkSync(join(from, name), join(folder, name));
      taken.add(name);
    }
  }
  return folder;
}

engineTest('an engine that was built once, and dotnet is gone: said at the start', async (t) => {
  await (await startWindowsEngine()).stop();
  await withPath('/nowhere', () =>
    t.throwsAsync(startWindowsEngine(), { message: /needs the \.NET 10 SDK, and there is no program dotnet/ }),
  );
});

engineTest('a dotnet that cannot run the engine: its own words at the start', async (t) => {
  await (await startWindowsEngine()).stop();
  const folder = emptyFolder(t);
  writeFileSync(
    join(folder, 'dotnet'),
    '#!/bin/sh\necho "You must install or update .NET to run this application." >&2\nexit 150\n',
  );
  chmodSync(join(folder, 'dotnet'), 0o755);
  await withPath(folder, () => t.throwsAsync(startWindowsEngine(), { message: /ended \(150\): You must install/ }));
});

engineTest(
  'npm start where the engine was built and dotnet is gone: no Windows guest, and the story goes on',
  async (t) => {
    await (await startWindowsEngine()).stop();
    const started = nodeStart(['--guests', 'model', '--port', '7471'], { prefix: ['env', `PATH=${withoutDotnet(t)}`] });
    t.teardown(() => endOf(started));
    await started.line(/no Windows guest here: The PowerShell engine needs the \.NET 10 SDK/);
    await started.line(/up: .*complianceSweep, .* on http:/);
    await started.line(/ ok {3}/);
    started.ctrlC();
    t.is(await started.ended, 0, started.stderr);
  },
);
