/**
 * The notifier for Windows: the very script, by the PowerShell engine, against the simulated metadata service and Event
 * Grid; and by a whole `pwsh -File`, as ^ZHAIRPIN starts powershell.exe.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { startWindowsEngine, type WindowsEngine } from '../../simulator/guests/windows/engine.ts';
import { windowsMachine } from '../../simulator/guests/windows/state.ts';
import { missing, type Need, testNeeding } from '../needs.ts';
import { declareCases, startProxy, type TestProxy } from './cases.ts';
import { startCertificate, startCloud } from './cloud.ts';
import { type Asked, type Ran, wordsOf } from './run.ts';

const SCRIPT = fileURLToPath(new URL('../../mirror/tell-failover.ps1', import.meta.url));
const NEEDS: Need[] = ['the .NET SDK'];
let certificate: Awaited<ReturnType<typeof startCertificate>>;
let proxy: TestProxy;
let engine: WindowsEngine | undefined;

test.before(async () => {
  certificate = await startCertificate();
  proxy = await startProxy();
  // .NET on Linux takes its authorities from here, and its proxies; Windows has stores of its own for both.
  const env = { SSL_CERT_FILE: certificate.caFile, http_proxy: proxy.url };
  if (missing(NEEDS).length === 0) engine = await startWindowsEngine(env);
});
test.after.always(async () => {
  await engine?.stop();
  proxy?.close();
  certificate?.remove();
});

const flag = (name: string): string => `-${name[0]?.toUpperCase()}${name.slice(1)}`;
const quoted = (word: string): string => (/^-[A-Z]/.test(word) ? word : `'${word.replaceAll("'", "''")}'`);

const notifier = async (asked: Asked): Promise<Ran> => {
  if (!engine) throw new Error('The PowerShell engine is not started.');
  const call = ['&', quoted(SCRIPT), ...wordsOf(asked, flag).map(quoted)].join(' ');
  const machine = { ...windowsMachine([], []), realSockets: true };
  const { exitCode, stdout, stderr } = await engine.runScript(machine, `${call}\nexit $LASTEXITCODE\n`);
  return { exitCode, output: stdout + stderr };
};

declareCases({ notifier, certificate: () => certificate, declare: testNeeding(NEEDS) });

testNeeding(NEEDS)('the metadata service is never asked through a proxy', async (t) => {
  const it = await startCloud(t, certificate);
  t.is((await notifier({ topic: it.topic.endpoint, metadata: it.imds.endpoint })).exitCode, 0);
  t.deepEqual(proxy.asked, []);
});

const pwshTest = testNeeding(['pwsh']);

/** `pwsh -File`, as on Windows `powershell.exe -NoProfile -NonInteractive -File`. */
const pwsh = (asked: Asked, env: Record<string, string> = {}): Promise<Ran & { stderr: string }> =>
  new Promise((resolve, reject) => {
    const home = mkdtempSync(join(tmpdir(), 'pwsh-'));
    const child = spawn('pwsh', ['-NoProfile', '-NonInteractive', '-File', SCRIPT, ...wordsOf(asked, flag)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env.PATH, HOME: home, NO_COLOR: '1', TERM: 'dumb', POWERSHELL_TELEMETRY_OPTOUT: '1' },
        ...{ DOTNET_ROOT: process.env.DOTNET_ROOT, SSL_CERT_FILE: certificate.caFile, ...env },
      },
    });
    let output = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      rmSync(home, { recursive: true, force: true });
      resolve({ exitCode: code ?? -1, output, stderr });
    });
  });

for (const locale of ['C.UTF-8', 'tr_TR.UTF-8', 'th_TH.UTF-8']) {
  pwshTest(`by a whole PowerShell, language ${locale}: told, in plain times and letters`, async (t) => {
    const it = await startCloud(t, certificate);
    const asked = { topic: it.topic.endpoint, metadata: it.imds.endpoint, vip: '10.0.1.100', mirror: 'UCRI-1' };
    const ran = await pwsh(asked, { LC_ALL: locale });
    t.deepEqual([ran.exitCode, ran.stderr], [0, ''], ran.output);
    const [event] = await it.told();
    t.true(Math.abs(Date.parse(String(event?.time)) - Date.now()) < 600_000, String(event?.time));
    t.like(event?.data as object, { vip: '10.0.1.100', mirror: 'UCRI-1' });
  });
}

pwshTest('by a whole PowerShell: exit codes, and one line for what is wrong', async (t) => {
  const wrong = await pwsh({ topic: 'http://x' });
  t.deepEqual([wrong.exitCode, wrong.stderr], [2, '']);
  t.is(wrong.output.trim().split('\n').length, 1, wrong.output);
  const it = await startCloud(t, certificate, { identities: [] });
  const refused = await pwsh({ topic: it.topic.endpoint, metadata: it.imds.endpoint });
  t.deepEqual([refused.exitCode, refused.stderr], [3, '']);
});

pwshTest('a topic whose certificate nobody signed is not sent a token', async (t) => {
  const it = await startCloud(t, certificate);
  const ran = await pwsh({ topic: it.topic.endpoint, metadata: it.imds.endpoint }, { SSL_CERT_FILE: '/dev/null' });
  t.is(ran.exitCode, 4, ran.output);
  t.regex(ran.output, /certificate/i);
  t.deepEqual(it.eventGrid.requests, []);
});
