/**
 * The shipped script by a whole PowerShell, `pwsh -File` as Run Command starts it, on the modelled machine that its
 * profile loads: scope, culture, streams and exit codes are the host's own.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { renderScript } from '../../../shared/guest/render.ts';
import { parseReport } from '../../../shared/guest/report.ts';
import type { GuestCommand } from '../../../shared/model/guest.ts';
import { engineAssembly } from '../../../simulator/guests/windows/engine.ts';
import type { WindowsState } from '../../../simulator/guests/windows/state.ts';
import { testNeeding } from '../../needs.ts';
import { command, frontend, isClean, kept, member } from './harness.ts';

const pwshTest = testNeeding(['pwsh', 'the .NET SDK']);

interface PwshRun {
  exitCode: number;
  stdout: string;
  stderr: string;
  state: WindowsState;
  /** What the profile's last line, `more`, said. */
  said: string;
}

interface Around {
  /** PowerShell at the end of the profile. */
  more?: string;
  locale?: string;
  /** In place of `-File script`. */
  call?: (file: string) => string[];
}

/** Runs a text as a script file under `pwsh`; the machine is given by a profile and taken back at the end. */
async function pwsh(t: ExecutionContext, state: WindowsState, text: string, around: Around = {}): Promise<PwshRun> {
  const home = mkdtempSync(join(tmpdir(), 'pwsh-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const at = (name: string) => join(home, name);
  const profiles = join(home, '.config', 'powershell');
  mkdirSync(profiles, { recursive: true });
  writeFileSync(at('machine.json'), JSON.stringify(state));
  writeFileSync(at('script.ps1'), text);
  const assembly = await engineAssembly();
  const profile = [
    `Import-Module '${assembly}'`,
    `[IlbHairpinGuard.Engine.InPwsh]::Begin('${at('machine.json')}')`,
    `& { ${around.more ?? ''} } *> '${at('said')}'`,
    around.more?.startsWith('function') ? around.more : '',
  ];
  writeFileSync(join(profiles, 'profile.ps1'), profile.join('\n'));
  const args = around.call?.(at('script.ps1')) ?? ['-File', at('script.ps1')];
  const locale = around.locale ?? 'C.UTF-8';
  const child = spawn('pwsh', ['-NonInteractive', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...{ PATH: process.env.PATH, HOME: home, LC_ALL: locale, NO_COLOR: '1', TERM: 'dumb' },
      ...{ POWERSHELL_TELEMETRY_OPTOUT: '1', DOTNET_ROOT: process.env.DOTNET_ROOT },
    },
  });
  const parts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      parts[name] += chunk;
    });
  }
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  const after = JSON.parse(readFileSync(at('machine.json'), 'utf8')) as WindowsState;
  return { exitCode, ...parts, state: after, said: readFileSync(at('said'), 'utf8').trim() };
}

const guard = (t: ExecutionContext, state: WindowsState, asked: GuestCommand, around?: Around) =>
  pwsh(t, state, renderScript('windows', asked), around);

/** A report's text without its command id. */
const bare = (stdout: string) => stdout.replace(/[0-9a-f]{32}/, '');

pwshTest(
  'apply, check and remove: one line on stdout, nothing on stderr, exit code 0, the machine given back',
  async (t) => {
    const asked = command('apply');
    const applied = await guard(t, member(), asked);
    t.deepEqual([applied.exitCode, applied.stderr], [0, ''], applied.stdout);
    t.is(applied.stdout.trimEnd().split('\n').length, 1);
    const report = parseReport(applied.stdout, asked);
    t.true(isClean(report), applied.stdout);
    t.is(report.paths[0]?.proof, 'self');
    const removed = await guard(t, applied.state, command('remove'));
    t.deepEqual([removed.exitCode, removed.stderr], [0, '']);
    t.deepEqual(kept(removed.state), kept(member()));
  },
);

pwshTest('a run that fails ends with 1, and its report is on stdout all the same', async (t) => {
  const asked = command('apply');
  const faults = [{ at: 'New-NetRoute', call: 2, kind: 'denied' as const }];
  const { exitCode, stdout, stderr, state } = await guard(t, { ...member(), faults }, asked);
  t.deepEqual([exitCode, stderr], [1, '']);
  t.is(parseReport(stdout, asked).errorCode, 'ACCESS_DENIED');
  t.deepEqual(kept(state), kept(member()));
});

const reports: string[] = [];
for (const [locale, culture] of [
  ['C.UTF-8', ''],
  ['tr_TR.UTF-8', 'tr-TR'],
  ['de_DE.UTF-8', 'de-DE'],
  ['ar_SA.UTF-8', 'ar-SA'],
] as const) {
  pwshTest(`culture ${culture || 'none'}: the report is that of any other, byte for byte`, async (t) => {
    const start = member();
    start.routes.push({ store: 'active', prefix: '10.0.1.100/32', index: 4, gateway: '10.0.1.254', metric: 1 });
    const ran = await guard(t, start, command('apply'), { locale, more: '(Get-Culture).Name' });
    t.is(ran.said, culture, 'the host really has it');
    t.regex(ran.stdout, /"chg":3,/);
    reports.push(bare(ran.stdout));
    t.is(reports.at(-1), reports[0]);
  });
}

pwshTest('a report of 64 frontends is not broken, in a pipe', async (t) => {
  const frontends = Array.from({ length: 64 }, (_, n) => frontend(100 + n));
  const asked = command('check', frontends, 600);
  const { stdout } = await guard(t, { ...member(), vips: [] }, asked);
  t.is(stdout.trimEnd().split('\n').length, 1);
  t.true(stdout.length > 1000);
  t.is(parseReport(stdout, asked).paths.length, 64);
});

pwshTest('what cmdlets write to other streams stands before the report, or not at all', async (t) => {
  const asked = command('check');
  const noisy = `function Get-DnsClient { Write-Warning 'warned'; Write-Host 'hosted'; Write-Verbose 'v' -Verbose; Write-Information 'i' -InformationAction Continue; Write-Progress 'p' }`;
  const { stdout, exitCode } = await guard(t, member(), asked, { more: noisy });
  t.is(exitCode, 0);
  t.regex(stdout, /hosted/);
  t.regex(stdout.trimEnd().split('\n').at(-1) ?? '', /^ILB-HAIRPIN-GUARD /);
  t.is(parseReport(stdout, asked).errorCode, undefined);
});

pwshTest(
  'functions of modules see the preference of a script by -File, and not of one that a function calls',
  async (t) => {
    const home = mkdtempSync(join(tmpdir(), 'module-'));
    t.teardown(() => rmSync(home, { recursive: true, force: true }));
    const module = join(home, 'asked.psm1');
    writeFileSync(module, 'function Get-Asked { "$ErrorActionPreference" }\n');
    const text = `Import-Module '${module}'\n$ErrorActionPreference = 'Stop'\nGet-Asked\n`;
    t.is((await pwsh(t, member(), text)).stdout.trim(), 'Stop');
    const call = (file: string) => ['-Command', `& '${file}'`];
    t.is((await pwsh(t, member(), text, { call })).stdout.trim(), 'Continue');
  },
);
