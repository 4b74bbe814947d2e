/** A member with two NICs, commands for it, and the shipped script run on the modelled machine. */
import { readFileSync } from 'node:fs';
import { checkCommand } from '../../../shared/guest/plan.ts';
import { renderScript } from '../../../shared/guest/render.ts';
import { parseReport } from '../../../shared/guest/report.ts';
import { commandIdOf } from '../../../shared/model/commandId.ts';
import type { GuestCommand, GuestMode, GuestReport, PlannedFrontend } from '../../../shared/model/guest.ts';
import type { WindowsEngine, WindowsRun } from '../../../simulator/guests/windows/engine.ts';
import {
  type WindowsFault,
  type WindowsRoute,
  type WindowsState,
  windowsMachine,
} from '../../../simulator/guests/windows/state.ts';

const FOLDER = new URL('../../../shared/guest/windows/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8').replaceAll('\r\n', '\n');

/** guard.ps1 with its parts in their places and no plan, for what the gate does not let through. */
export const SCRIPT = read('guard.ps1').replaceAll(/^\. \.\/(.+\.ps1)$/gm, (_, part: string) => read(part).trimEnd());

export const BACKEND = { ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' };
export const VIA = { ip: '10.0.1.11', mac: '00:0d:3a:00:00:02' };
const GATEWAY = '10.0.1.1';
/** Interface indexes that windowsMachine gives to the two NICs of a member. */
export const BACKEND_INDEX = 4;
export const VIA_INDEX = 7;

export const frontend = (last: number, more: Partial<PlannedFrontend> = {}): PlannedFrontend => ({
  vip: `10.0.1.${last}`,
  port: 1972,
  backends: [BACKEND],
  via: VIA,
  ...more,
});

/** A member with accelerated networking on both NICs. VIP .100 leads back to it, .101 to another member. */
export const member = (): WindowsState =>
  windowsMachine(
    [
      { mac: '00-0D-3A-00-00-01', addresses: [{ ip: BACKEND.ip, prefix: 24 }], accelerated: true },
      { mac: '00-0D-3A-00-00-02', addresses: [{ ip: VIA.ip, prefix: 24 }], accelerated: true },
    ],
    [
      { ip: '10.0.1.100', port: 1972, backend: BACKEND.ip, listening: true, ms: 5 },
      { ip: '10.0.1.101', port: 1972, backend: '10.0.1.20', listening: true, ms: 5 },
    ],
  );

export const hostRoute = (
  vip: string,
  index: number,
  metric: number,
  store: WindowsRoute['store'],
  gateway = GATEWAY,
): WindowsRoute => ({ store, prefix: `${vip}/32`, index, gateway, metric });

let seq = 0;
export function command(mode: GuestMode, frontends = [frontend(100), frontend(101)], totalSeconds = 60): GuestCommand {
  seq += 1;
  const limits = { connectSeconds: 3, totalSeconds };
  return checkCommand({ commandId: commandIdOf('vm', seq), mode, plan: { frontends }, limits });
}

export interface Ran extends WindowsRun {
  report: GuestReport;
}

/** Runs a command and reads its report. Throws when there is none. */
export async function run(
  engine: WindowsEngine,
  state: WindowsState,
  asked: GuestCommand,
  faults: WindowsFault[] = [],
): Promise<Ran> {
  const result = await engine.runScript({ ...state, faults }, renderScript('windows', asked));
  try {
    return { ...result, report: parseReport(result.stdout, asked) };
  } catch (error) {
    throw new Error(`exit ${result.exitCode}\n${result.stdout}\n${result.stderr}`, { cause: error });
  }
}

/** A command's script as it is sent. */
export const rendered = (mode: GuestMode, frontends: PlannedFrontend[]): string =>
  renderScript('windows', command(mode, frontends));

/** What a machine keeps: routes and registry, in an order of their own. */
export const kept = (state: WindowsState): { routes: string[]; registry: WindowsState['registry'] } => ({
  routes: state.routes.map((one) => [one.store, one.prefix, one.index, one.gateway, one.metric].join(' ')).sort(),
  registry: state.registry,
});

/** The host routes of the VIPs, as text. */
export const hostRoutes = (state: WindowsState): string[] =>
  kept(state).routes.filter((text) => /10\.0\.1\.10[0-9]\/32/.test(text));

export const isClean = (report: GuestReport): boolean =>
  report.errorCode === undefined && report.paths.every(({ after }) => after.length === 0);
