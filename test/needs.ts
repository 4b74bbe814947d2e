/**
 * Tests that need more than Node and npm. What is missing is told in the test's title, `skipped: needs X`;
 * with HAIRPIN_NO_SKIP=1 (as CI sets it) a missing need fails the test instead.
 */
import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext, type Implementation } from 'ava';
import { findBicep } from '../infra/bicep.ts';
import { hasProgram } from '../simulator/guests/kernel/available.ts';

function hasNamespaces(): boolean {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return spawnSync('unshare', [...asUser, '--mount', '--net', '--pid', '--fork', 'true']).status === 0;
}

const CHECKS = {
  iproute2: () => hasProgram('ip') && hasProgram('ss'),
  nftables: () => hasProgram('nft'),
  namespaces: hasNamespaces,
  iptables: () => hasProgram('iptables') && hasProgram('iptables-legacy'),
  firewalld: () => hasProgram('firewalld') && hasProgram('dbus-daemon'),
  bash: () => hasProgram('bash'),
  curl: () => hasProgram('curl'),
  jq: () => hasProgram('jq'),
  shellcheck: () => hasProgram('shellcheck'),
  chromium: () => hasProgram('chromium'),
  /** Reads a PDF, of poppler-utils. */
  pdftotext: () => hasProgram('pdftotext'),
  /** A terminal for a program, of util-linux. */
  script: () => hasProgram('script'),
  root: () => process.getuid?.() === 0,
  debootstrap: () => hasProgram('debootstrap'),
  'systemd-nspawn': () => hasProgram('systemd-nspawn'),
  /** PowerShell 7, on a system whose profile lies below HOME. */
  pwsh: () => process.platform !== 'win32' && hasProgram('pwsh'),
  'the .NET SDK': () => spawnSync('dotnet', ['--list-sdks'], { encoding: 'utf8' }).stdout?.trim().length > 0,
  'bicep 0.49.2': () => findBicep() !== undefined,
} satisfies Record<string, () => boolean>;

export type Need = keyof typeof CHECKS;

/** What a kernel lab needs. */
export const KERNEL: Need[] = ['iproute2', 'nftables', 'namespaces'];

/** What guests need that boot. */
export const BOOTED: Need[] = ['root', 'iproute2', 'nftables', 'debootstrap', 'systemd-nspawn'];

const known = new Map<Need, boolean>();
function has(need: Need): boolean {
  let answer = known.get(need);
  if (answer === undefined) {
    answer = CHECKS[need]();
    known.set(need, answer);
  }
  return answer;
}

/** The needs that this machine lacks. */
export const missing = (needs: Need[]): Need[] => needs.filter((need) => !has(need));

/** Declares a test that needs the given things: runs it, skips it with the reason in its title, or fails it in CI. */
export function testNeeding(needs: Need[]): (title: string, run: Implementation<[]>) => void {
  const lacking = missing(needs);
  if (lacking.length === 0) return (title, run) => test.serial(title, run);
  const reason = `needs ${lacking.join(', ')}`;
  if (process.env.HAIRPIN_NO_SKIP === '1') {
    return (title) => test.serial(title, (t: ExecutionContext) => t.fail(`must not be skipped here: ${reason}`));
  }
  return (title, run) => test.serial.skip(`${title} (skipped: ${reason})`, run);
}
