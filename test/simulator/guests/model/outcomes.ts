/** What can be seen of a lab after a scenario, in a form that is equal for equal behaviour. */
import type { Estate } from '../../../../simulator/estate/estate.ts';
import type { GuestLab } from '../../../../simulator/guests/lab.ts';
import { PI_VIP, UCR_VIP, until } from '../steps.ts';
import type { Scenario } from './scenarios.ts';

const LOOKS = ['rule show', '-d rule show', 'route show table all', 'route show', 'addr show', 'netconf show'].map(
  (it) => `-4 -o ${it}`,
);
const DESTINATIONS = [UCR_VIP, PI_VIP, '10.0.1.10', '10.0.1.11', '10.0.1.20', '10.0.1.21', '127.0.0.1'];
const SOURCES = [undefined, '10.0.1.10', '10.0.1.11'];
const GETS = DESTINATIONS.flatMap((it) =>
  ['', ' from 10.0.1.10', ' from 10.0.1.11'].map((from) => `route get ${it}${from}`),
);

/** Long enough for a packet's way on a busy machine, shorter than the first repeat of a SYN. */
const TIMEOUT_MS = 900;

/** How long the probes of `fastProbes` need to see a change, with some room. */
const PROBES_MS = 500;
/** How long a difference must stay to be one. */
const SAME_MS = 30_000;

/** Probes at a pace for tests. */
export function fastProbes(estate: Estate): void {
  for (const balancer of estate.loadBalancers)
    for (const probe of balancer.probes) Object.assign(probe, { intervalSeconds: 0.15, threshold: 2 });
}

interface Seen {
  /** Whether each step was refused. */
  refused: boolean[];
  /** Rules, routes, addresses and settings as `ip` lists them. */
  looks: string[];
  gets: string;
}

/** Runs a scenario on a lab as it booted: what is there then, before the probes saw it. */
async function play(lab: GuestLab, { steps, primary }: Scenario): Promise<Seen> {
  await lab.setPrimary('UCR', primary);
  const codes = await shell(lab, steps.map((step) => `${step.join(' ')} >/dev/null 2>&1; echo $?`).join('\n'));
  const looks = await Promise.all(LOOKS.map((it) => lab.exec('vm-a', ['ip', ...it.split(' ')])));
  const lines = GETS.map((it) => `'${it}'`).join(' ');
  const gets = await shell(lab, `printf '%s\\n' ${lines} | ip -4 -o -force -batch -`);
  const refused = codes
    .trim()
    .split('\n')
    .map((it) => it !== '0');
  return { refused: refused.slice(0, steps.length), looks: looks.map((it) => it.stdout), gets };
}

async function shell(lab: GuestLab, script: string): Promise<string> {
  const { stdout, stderr } = await lab.exec('vm-a', ['/bin/bash', '-c', script]);
  return stdout + stderr;
}

/** Rule health in short. */
const healthOf = async (lab: GuestLab): Promise<string[]> =>
  (await Promise.all(['ucr', 'pi'].map((rule) => lab.health('lb', rule))))
    .flat()
    .map((it) => `${it.address} ${it.reason}`);

/** Every connect of the matrix, side by side, without the ports that chance chose. */
async function connectsOf(lab: GuestLab): Promise<string[]> {
  const plan = [
    ...SOURCES.flatMap((source) => DESTINATIONS.map((address) => ({ vm: 'vm-a', address, source }))),
    ...DESTINATIONS.slice(0, 4).map((address) => ({ vm: 'vm-b', address, source: undefined })),
  ];
  return Promise.all(
    plan.map(async ({ vm, address, source }) => {
      const target = { address, port: 1972, timeoutMs: TIMEOUT_MS, ...(source !== undefined && { source }) };
      const { outcome, local, answer } = await lab.connect(vm, target);
      const [from, peer] = [local?.split(':')[0], answer?.split(':')[0]];
      return `${vm} ${source ?? 'unbound'} -> ${address}: ${outcome} ${from ?? '-'} ${peer ?? '-'}`;
    }),
  );
}

/** Plays a scenario on both labs and compares everything. The first difference, or undefined. */
export async function difference(kernel: GuestLab, model: GuestLab, scenario: Scenario): Promise<string | undefined> {
  await Promise.all([kernel.reset(), model.reset()]);
  const [there, here] = await Promise.all([play(kernel, scenario), play(model, scenario)]);
  for (const key of ['refused', 'looks', 'gets'] as const) {
    const [a, b] = [there[key], here[key]].map((it) => (Array.isArray(it) ? it.join('\n') : it));
    if (a !== b) return diff(key, a ?? '', b ?? '');
  }
  await new Promise((resolve) => setTimeout(resolve, PROBES_MS));
  // What the probes have not seen yet is equal a little later; what stays different is a difference.
  let last: string | undefined;
  const same = async () => {
    last =
      (await compared('health', healthOf, kernel, model)) ?? (await compared('connects', connectsOf, kernel, model));
    return last === undefined;
  };
  await until('both labs to behave the same', same, SAME_MS).catch(() => {}); // it is told by the difference
  return last;
}

/** What a look shows on both labs, taken at once; undefined when it is equal. */
async function compared(
  what: string,
  look: (lab: GuestLab) => Promise<string[]>,
  kernel: GuestLab,
  model: GuestLab,
): Promise<string | undefined> {
  const [a, b] = (await Promise.all([look(kernel), look(model)])).map((it) => it.join('\n'));
  return a === b ? undefined : diff(what, a ?? '', b ?? '');
}

/** The lines in which two texts differ. */
function diff(what: string, kernel: string, model: string): string {
  const [a, b] = [kernel.split('\n'), model.split('\n')];
  const lines = Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    a[i] === b[i] ? [] : [`kernel: ${a[i] ?? '(nothing)'}`, `model:  ${b[i] ?? '(nothing)'}`],
  );
  return [`${what}:`, ...lines.flat()].join('\n');
}
