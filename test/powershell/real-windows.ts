/**
 * The shipped script under powershell.exe against the real networking cmdlets, on a Windows machine that may be
 * changed: as administrator, `node test/powershell/real-windows.ts`. Installs two loopback adapters, adds and removes
 * routes to 10.0.1.100-102 and leaves none. There is no load balancer here: what a connect through a VIP proves is not
 * in this, only routes, stores, registry, report and errors.
 */
import { ok, deepStrictEqual as same } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkCommand } from '../../shared/guest/plan.ts';
import { renderScript } from '../../shared/guest/render.ts';
import { parseReport } from '../../shared/guest/report.ts';
import { commandIdOf } from '../../shared/model/commandId.ts';
import type { GuestCommand, GuestMode, GuestReport, PlannedFrontend } from '../../shared/model/guest.ts';
import { CMDLET_ERRORS, removeRoute, told } from '../simulator/guests/windows/cmdletErrors.ts';

const folder = mkdtempSync(join(tmpdir(), 'ilb-hairpin-guard-'));

/** Runs a script file as Run Command does and returns what it printed. */
function powershell(text: string): { out: string; exitCode: number | null; ms: number } {
  const file = join(folder, 'script.ps1');
  writeFileSync(file, text);
  const begun = Date.now();
  const args = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', file];
  const { stdout, stderr, status } = spawnSync('powershell.exe', args, { encoding: 'utf8' });
  if (stderr !== '') console.log(stderr);
  return { out: stdout.trim(), exitCode: status, ms: Date.now() - begun };
}

let passed = 0;
let failed = 0;
function step(title: string, run: () => void): void {
  const begun = Date.now();
  try {
    run();
    passed += 1;
    console.log(`ok      ${title} (${Date.now() - begun} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${title}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

const lines = powershell(`& '${fileURLToPath(new URL('./loopback.ps1', import.meta.url))}'`).out.split(/\r?\n/);
const [backend, via] = lines.slice(-2).map((line) => {
  const [index = '', mac = '', ip = ''] = line.split(' ');
  return { index: Number(index), ip, mac: mac.toLowerCase().replaceAll('-', ':') };
});
if (!backend?.mac || !via?.mac) throw new Error(`No loopback adapters:\n${lines.join('\n')}`);

const frontend = (last: number): PlannedFrontend => ({
  vip: `10.0.1.${last}`,
  backends: [{ ip: backend.ip, mac: backend.mac }],
  via: { ip: via.ip, mac: via.mac },
});

let seq = 0;
function commandOf(mode: GuestMode, frontends = [frontend(100), frontend(101)]): GuestCommand {
  seq += 1;
  const limits = { connectSeconds: 3, totalSeconds: 120 };
  return checkCommand({ commandId: commandIdOf('real', seq), mode, plan: { frontends }, limits });
}

function guard(mode: GuestMode, frontends?: PlannedFrontend[]): GuestReport {
  const command = commandOf(mode, frontends);
  const { out, exitCode, ms } = powershell(renderScript('windows', command));
  console.log(`        ${mode} in ${ms} ms: ${out}`);
  const report = parseReport(out, command);
  same(exitCode, report.errorCode === undefined ? 0 : 1);
  return report;
}

/** Host routes of the VIPs as `store prefix interface gateway metric`. */
const hostRoutes = (): string[] =>
  powershell(`foreach ($store in 'ActiveStore', 'PersistentStore') {
    Get-NetRoute -AddressFamily IPv4 -PolicyStore $store | Where-Object { $_.DestinationPrefix -like '10.0.1.10?/32' } |
      ForEach-Object { "$store $($_.DestinationPrefix) $($_.InterfaceIndex) $($_.NextHop) $($_.RouteMetric)" }
  }`)
    .out.split(/\r?\n/)
    .filter((line) => line !== '')
    .sort();
const ours = (last: number): string[] =>
  ['ActiveStore', 'PersistentStore'].map((store) => `${store} 10.0.1.${last}/32 ${via.index} 10.0.1.1 1`);
const drifts = (report: GuestReport) => report.paths.map(({ after }) => after);
const CLEAN = [[], []];

step('remove on a clean machine changes nothing', () => {
  same(guard('remove').changed, 0);
  same(hostRoutes(), []);
});
step('check finds what is missing and changes nothing', () => {
  same(drifts(guard('check')), [['route-missing'], ['route-missing']]);
  same(hostRoutes(), []);
});
step('apply puts the routes into both stores', () => {
  same(drifts(guard('apply')), CLEAN);
  same(hostRoutes(), [...ours(100), ...ours(101)].sort());
});
step('a second apply changes nothing', () => same(guard('apply').changed, 0));
step('the routes come back after the adapter was off and on', () => {
  powershell(`Restart-NetAdapter -Name hairpin-via\nStart-Sleep -Seconds 10`);
  same(drifts(guard('check')), CLEAN);
});
step('route.exe: a stronger route is found, repaired, and given back by remove', () => {
  powershell(`route.exe add 10.0.1.100 mask 255.255.255.255 10.0.1.254 metric 1 if ${backend.index}`);
  const before = hostRoutes();
  ok(before.length === 5, before.join('\n'));
  ok(drifts(guard('check'))[0]?.some((one) => one === 'route-foreign' || one === 'route-duplicate'));
  same(drifts(guard('apply')), CLEAN);
  same(hostRoutes(), [...ours(100), ...ours(101)].sort());
  same(guard('remove').errorCode, undefined);
  same(
    hostRoutes(),
    before.filter((line) => line.includes('10.0.1.254')),
  );
  powershell('route.exe delete 10.0.1.100');
});
step('route.exe -p: a persistent route is seen in the persistent store', () => {
  powershell(`route.exe -p add 10.0.1.100 mask 255.255.255.255 10.0.1.254 metric 5 if ${backend.index}`);
  const before = hostRoutes();
  ok(
    before.some((line) => line.startsWith('PersistentStore')),
    before.join('\n'),
  );
  same(drifts(guard('apply')), CLEAN);
  guard('remove');
  same(hostRoutes(), before);
  powershell('route.exe delete 10.0.1.100');
  same(hostRoutes(), []);
});
step('the registry key is gone after remove', () => {
  same(powershell('Test-Path HKLM:\\SOFTWARE\\ilb-hairpin-guard').out, 'False');
});
step('while another process has the lock, a run says BUSY; after it, none is left', () => {
  const file = `$env:windir\\System32\\config\\systemprofile\\ilb-hairpin-guard.lock`;
  const text = renderScript('windows', commandOf('check'));
  writeFileSync(join(folder, 'busy.ps1'), text);
  const { out } = powershell(`$rights = [System.Security.AccessControl.FileSecurity]::new()
    $rights.SetSecurityDescriptorSddlForm('D:P(A;;FA;;;SY)(A;;FA;;;BA)')
    $lock = [System.IO.FileStream]::new("${file}", 'OpenOrCreate', 'Modify', 'None', 4096, 'DeleteOnClose', $rights)
    powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File '${join(folder, 'busy.ps1')}'
    (Get-Acl "${file}").Sddl
    $lock.Dispose()
    Test-Path "${file}"`);
  ok(/"e":"BUSY"/.test(out), out);
  ok(/D:P\(A;;FA;;;SY\)\(A;;FA;;;BA\)/.test(out), out);
  ok(/False$/.test(out), out);
});
step('a plan for another machine is refused', () => {
  const other = { ...frontend(100), via: { ip: '10.0.1.11', mac: '00:0d:3a:00:00:02' } };
  same(
    guard('apply', [{ ...other, backends: [{ ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' }] }]).errorCode,
    'WRONG_MACHINE',
  );
  same(guard('apply', [other]).errorCode, 'NIC_NOT_FOUND');
});
for (const { title, text, answer } of CMDLET_ERRORS) {
  step(`the real cmdlets answer as the stand-ins do: ${title}`, () => {
    const { out } = powershell(told(text(via.index)));
    powershell(told(`${removeRoute} -Confirm:$false`));
    ok(answer.test(out.split(/\r?\n/).at(-1) ?? ''), out);
  });
}

rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
