/** What is done with the Linux guests of a lab: the script is run as Run Command does, connects are made, states are read. */
import { renderScript } from '../shared/guest/render.ts';
import { parseReport } from '../shared/guest/report.ts';
import type { GuestCommand, GuestMode, GuestPlan, GuestReport, PlannedFrontend } from '../shared/model/guest.ts';
import type { GuestLab, LabConnect } from '../simulator/guests/lab.ts';
import { PATIENCE_MS, until as waitUntil } from '../simulator/until.ts';

export const UCR = '10.0.1.100';
export const PI = '10.0.1.101';

/** The NICs of the article's VMs: the first in the pool, the second outside it. */
export const NICS = {
  'vm-a': {
    backend: { ip: '10.0.1.10', mac: '00:0d:3a:00:0a:01' },
    via: { ip: '10.0.1.11', mac: '00:0d:3a:00:0a:02' },
  },
  'vm-b': {
    backend: { ip: '10.0.1.20', mac: '00:0d:3a:00:0b:01' },
    via: { ip: '10.0.1.21', mac: '00:0d:3a:00:0b:02' },
  },
} as const;

/** Takes away all our rules but the one for the local table. */
export const LOSE_RULES = 'while ip rule del protocol 201 2>/dev/null; do :; done';

/** Words by which `ip rule del` finds each rule of the article's plan on vm-a, wherever they stand. */
export const RULES_OF_A = {
  reply: 'from 10.0.1.10 to 10.0.1.11 iif lo protocol 201',
  replyTable: 'lookup 7202',
  /** The first of two. */
  viaTable: 'lookup 7201',
  unbound: 'from 0.0.0.0/32 iif lo protocol 201',
  end: 'to 10.0.1.11 iif lo lookup local protocol 201',
  local: 'pref 0 not from 10.0.1.10 to 10.0.1.11 iif lo lookup local',
} as const;

/** The plan of one of the article's VMs for the given VIPs. */
export const planOf = (vm: keyof typeof NICS, vips: string[] = [UCR, PI]): PlannedFrontend[] =>
  vips.map((vip) => ({ vip, port: 1972, backends: [NICS[vm].backend], via: NICS[vm].via }));

/** A command with short limits, for a plan or its frontends. */
export function commandFor(mode: GuestMode, planned: PlannedFrontend[] | GuestPlan): GuestCommand {
  const plan = Array.isArray(planned) ? { frontends: planned } : planned;
  return {
    commandId: '0123456789abcdef0123456789abcdef',
    mode,
    plan,
    // All connects are made side by side, a process for each.
    limits: { connectSeconds: plan.frontends.length > 8 ? 5 : 1, totalSeconds: 60 },
  };
}

export interface GuardRun {
  report: GuestReport;
  ms: number;
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs the script as Run Command does, and reads its report. */
export async function guard(
  lab: GuestLab,
  vm: string,
  mode: GuestMode,
  planned: PlannedFrontend[] | GuestPlan,
  change: (script: string) => string = (script) => script,
): Promise<GuardRun> {
  const command = commandFor(mode, planned);
  const begin = performance.now();
  const result = await lab.runScript(vm, change(renderScript('linux', command)), PATIENCE_MS / 1000);
  const ms = performance.now() - begin;
  try {
    return { ...result, exitCode: result.exitCode, ms, report: parseReport(result.stdout, command) };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${result.stdout}\n${result.stderr}`);
  }
}

/** Runs shell text in a guest. Throws with what it wrote when it fails. */
export async function shell(lab: GuestLab, vm: string, text: string): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.exec(vm, ['/bin/bash', '-c', `set -e; ${text}`]);
  if (exitCode !== 0) throw new Error(`${vm}: ${text}: ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}

/** Rules and routes of every table as the kernel lists them, with their protocols. */
export const snapshot = (lab: GuestLab, vm: string): Promise<string> =>
  shell(lab, vm, 'ip -d -4 rule show; echo; ip -d -4 route show table all');

/** Every file of ours that a guest holds. */
export const filesOf = (lab: GuestLab, vm: string): Promise<string> =>
  shell(lab, vm, 'find /run /etc /usr/local /var/lib -xdev -name "*hairpin*" 2>/dev/null | sort || true');

/** Long enough for a packet's way on a busy machine, and shorter than the first repeat of a SYN. */
const CONNECT_MS = 900;

/** A connect as an application would make it. */
export const connectTo = (
  lab: GuestLab,
  vm: string,
  address: string,
  more: { source?: string; port?: number; timeoutMs?: number } = {},
) => lab.connect(vm, { address, port: 1972, timeoutMs: CONNECT_MS, ...more });

/** What a connect came to, in a word: who answered, or how it failed. */
export const said = ({ outcome, answer }: LabConnect): string =>
  outcome === 'ok' ? (answer?.split('/')[0] ?? 'ok') : 'fails';

/** Sets rp_filter as a whole, as sysctl.d would. */
export const setRpFilter = (lab: GuestLab, vm: string, value: number): Promise<string> =>
  shell(lab, vm, `sysctl -qw net.ipv4.conf.{all,eth0,eth1}.rp_filter=${value}`);

/** Puts a file into a guest. */
export async function put(lab: GuestLab, vm: string, path: string, text: string, mode = '755'): Promise<void> {
  const write = 'printf %s "$2" >"$1" && chmod "$3" "$1"';
  const { exitCode, stderr } = await lab.exec(vm, ['/bin/bash', '-c', write, 'put', path, text, mode]);
  if (exitCode !== 0) throw new Error(`${vm}: ${path} cannot be written: ${stderr}`);
}

export { PATIENCE_MS };

/** Asks again until it holds; the milliseconds that took. Rejects after the limit, with what was waited for. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  limitMs: number = PATIENCE_MS,
): Promise<number> {
  const start = performance.now();
  await waitUntil(what, holds, limitMs);
  return performance.now() - start;
}
