/** What tests do inside a guest of the article's estate: the recipe and its halves, by hand. */
import type { GuestLab } from '../../../simulator/guests/lab.ts';

export { connectTo, setRpFilter, until } from '../../../lab/guests.ts';

export interface Pair {
  vip: string;
  backend: string;
  via: string;
  /** The devices of both; eth0 and eth1 unless said. */
  backendDevice?: string;
  viaDevice?: string;
}

const GATEWAY = '10.0.1.1';
export const UCR_VIP = '10.0.1.100';
export const PI_VIP = '10.0.1.101';
/** vm-a towards UCR: its backend address on eth0, its via address on eth1. */
export const ON_A: Pair = { vip: UCR_VIP, backend: '10.0.1.10', via: '10.0.1.11' };
/** vm-a towards PI where that is served on the second NICs. */
export const PI_ON_A: Pair = {
  vip: PI_VIP,
  backend: '10.0.1.11',
  via: '10.0.1.10',
  backendDevice: 'eth1',
  viaDevice: 'eth0',
};
/** vm-b towards UCR. */
export const ON_B: Pair = { vip: UCR_VIP, backend: '10.0.1.20', via: '10.0.1.21' };

/** Runs `ip` lines in a guest. Throws with what ip said when one fails. */
export async function ip(lab: GuestLab, vm: string, ...lines: string[]): Promise<string> {
  const script = lines.map((line) => `ip ${line}`).join(' && ');
  const { exitCode, stdout, stderr } = await lab.exec(vm, ['/bin/bash', '-c', script]);
  if (exitCode !== 0) throw new Error(`${vm}: ${script}: ${stderr}`);
  return stdout;
}

/** The article's route, in table `main`. */
export const articleRoute = ({ vip, via }: Pair): string => `route add ${vip}/32 via ${GATEWAY} dev eth1 src ${via}`;

/** The recipe: a route to the VIP in a table of its own, the reply steered to the wire, `local` behind the steering rule. */
export const recipe = (pair: Pair): string[] => [
  ...recipeFor(pair, 7202),
  'rule add pref 2 from 0.0.0.0/32 lookup 7201 protocol 201',
  ...localBehind,
];

/** What the recipe needs for one pair, with the table for its reply. */
export const recipeFor = ({ vip, backend, via, ...devices }: Pair, table: number): string[] => [
  `route add ${vip}/32 via ${GATEWAY} dev ${devices.viaDevice ?? 'eth1'} src ${via} proto 201 table 7201`,
  `route add ${via}/32 via ${GATEWAY} dev ${devices.backendDevice ?? 'eth0'} proto 201 table ${table}`,
  `rule add pref 0 from ${backend} to ${via} iif lo lookup ${table} protocol 201`,
  `rule add pref 2 from ${via} to ${vip} lookup 7201 protocol 201`,
];

/** Moves `lookup local` behind the rules of preference 0, never without one. */
const localBehind = [
  'rule add pref 1 lookup local protocol kernel',
  'rule del pref 0 lookup local',
  'rule add pref 0 lookup local protocol kernel',
  'rule del pref 1 lookup local',
];

/** The addresses that rule health shows as up for UCR. */
export const upMembers = async (lab: GuestLab): Promise<string[]> =>
  (await lab.health('lb', 'ucr')).filter((it) => it.up).map((it) => it.address);
