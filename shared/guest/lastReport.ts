/** What the last command on a VM was for, and what it came to, from what Azure holds of it. Pure. */
import { PlanError, ReportError } from '../errors.ts';
import { commandIdIn } from '../model/commandId.ts';
import {
  GUEST_MODES,
  type GuestCommand,
  type GuestMode,
  type GuestOs,
  type GuestPlan,
  type GuestReport,
  type PlannedFrontend,
} from '../model/guest.ts';
import type { LastCommand } from '../model/ports.ts';
import { checkCommand } from './plan.ts';
import { parseReport } from './report.ts';
import { planLines } from './splice.ts';

/** `plan`: what the command was for, without what it left as it is. */
export type LastHeard = { plan: GuestPlan; report: GuestReport } | 'no-report' | 'removed';

/** Not read back: the report says nothing of them. */
const LIMITS = { connectSeconds: 3, totalSeconds: 60 };
const MODE = new RegExp(String.raw`^(?:MODE=|\$Mode = ')(${GUEST_MODES.join('|')})'?$`, 'm');

/**
 * Hears the last command: its plan, read back from the script that Azure holds, and its report. A script of another
 * version that writes plans otherwise has none. Never throws for what Azure may hold.
 */
export function hearLast(last: LastCommand, os: GuestOs): LastHeard {
  const commandId = commandIdIn(last.script);
  const mode = MODE.exec(last.script)?.[1] as GuestMode | undefined;
  if (commandId === undefined || mode === undefined) return 'no-report';
  if (mode === 'remove') return 'removed';
  try {
    const lines = planLines(last.script);
    const command = checkCommand({
      commandId,
      mode,
      ...(os === 'linux' ? linuxPlan(lines) : windowsPlan(lines)),
      limits: LIMITS,
    });
    const report = parseReport(last.output, command);
    return { plan: { ...command.plan, frontends: command.plan.frontends.filter(({ kept }) => !kept) }, report };
  } catch (error) {
    if (error instanceof ReportError || error instanceof PlanError) return 'no-report';
    throw error;
  }
}

type Planned = Pick<GuestCommand, 'plan' | 'networks'>;

/** What linux/render.ts writes: an array per field. */
function linuxPlan(lines: readonly string[]): Planned {
  const text = (name: string): string =>
    lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const words = (name: string): string[] => wordsOf(text(name).replace(/^\((.*)\)$/, '$1'));
  const [ports, backendIps, backendMacs, viaIps, viaMacs] = [
    'PORT',
    'BACKEND_IP',
    'BACKEND_MAC',
    'VIA_IP',
    'VIA_MAC',
  ].map(words) as [string[], string[], string[], string[], string[]];
  const kept = new Set(words('KEPT'));
  const containers = text('CONTAINERS');
  const frontends = words('VIP').map((vip, index) =>
    frontendOf(
      vip,
      ports[index],
      [backendIps[index], backendMacs[index]],
      [viaIps[index], viaMacs[index]],
      kept.has(`[${index}]=kept`),
    ),
  );
  return planned({ frontends, ...(containers === '' ? {} : { containers }) }, words('NETWORKS'));
}

/** What windows/render.ts writes: a line per frontend. */
function windowsPlan(lines: readonly string[]): Planned {
  const networks = lines.find((line) => line.startsWith('$Networks = '))?.matchAll(/'([^']*)'/g) ?? [];
  const frontends = lines
    .flatMap((line) => /^ {4}'([^']*)'\)?$/.exec(line)?.[1] ?? [])
    .map((line) => {
      const [vip = '', port, ips, macs, viaIp, viaMac, kept] = line.split(' ');
      const plain = (mac: string | undefined) => mac?.toLowerCase().replaceAll('-', ':');
      return frontendOf(vip, port, [ips, plain(macs)], [viaIp, plain(viaMac)], kept === 'kept');
    });
  return planned(
    { frontends },
    [...networks].map(([, network = '']) => network),
  );
}

const planned = (plan: GuestPlan, networks: string[]): Planned => ({
  plan,
  ...(networks.length > 0 ? { networks } : {}),
});

type Pair = [ips: string | undefined, macs: string | undefined];

function frontendOf(vip: string, port: string | undefined, own: Pair, via: Pair, isKept: boolean): PlannedFrontend {
  const [ips = '', macs = ''] = own;
  const ownMacs = macs.split(',');
  const [ip = '', mac = ''] = via;
  return {
    vip,
    ...(port === '0' ? {} : { port: Number(port) }),
    backends: ips.split(',').map((backend, index) => ({ ip: backend, mac: ownMacs[index] ?? '' })),
    via: { ip, mac },
    ...(isKept ? { kept: true } : {}),
  };
}

const wordsOf = (text: string): string[] => text.split(' ').filter((word) => word !== '');
