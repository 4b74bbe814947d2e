/** Words for states, times and counts. */
import { html } from 'htm/preact';
import type { FrontendEntry, GroupView, PathEntry, PathWord, VmEntry } from '../shared/views/estateSchema.ts';

/** Worst first, as the app has them. */
export const STATES: readonly PathWord[] = ['failing', 'blocked', 'exposed', 'unknown', 'set', 'proved', 'safe'];

/** What each shape means. */
export const MEANINGS: Record<PathWord, string> = {
  failing: 'fails now',
  blocked: 'a person must act',
  exposed: 'fails after a failover',
  unknown: 'not known',
  set: 'set, not yet proved through itself',
  proved: 'proved through itself',
  safe: 'held down, nothing comes back',
};

/** In two words what holds up a path, by the code that the app gives. */
const SHORT: Record<string, string> = {
  NO_SECONDARY_NIC: 'no 2nd NIC',
  SECONDARY_NIC_IN_POOL: '2nd NIC in pool',
  SECONDARY_NIC_NOT_READY: '2nd NIC not ready',
  SECONDARY_NIC_OTHER_NETWORK: 'other network',
  BACKEND_NIC_NOT_READY: 'NIC not ready',
  CONNECT_FAILED: 'connect fails',
  FIREWALL_BLOCKS: 'firewall',
  FIREWALL_ELSEWHERE: 'firewall',
  FIREWALL_MAY_BLOCK: 'firewall',
  FIREWALL_NOT_FOUND: 'connect fails',
  CONTAINER_ANSWERS: 'container',
  GUEST_FAILED: 'script failed',
  COMMAND_FAILED: 'command failed',
  ACCESS_DENIED: 'no right',
  AZURE_REFUSES: 'Azure refuses',
  REMOVED_BY_HAND: 'removed',
  ROLLOUT_HALTED: 'halted',
  VM_NOT_RUNNING: 'VM is off',
  AGENT_NOT_READY: 'agent silent',
  NO_HEALTHY_BACKEND: 'mirror down',
};

/** What a cell says. `codes`: of the path's findings. */
export function cellText(path: PathEntry, codes: readonly string[], now: number): string {
  const why = codes.map((code) => SHORT[code]).find((short) => short !== undefined);
  switch (path.state) {
    case 'failing':
      return path.share === undefined ? 'fails now' : `${Math.round(path.share * 100)} % fail now`;
    case 'blocked':
      return why ?? 'needs you';
    case 'exposed':
      return 'would fail';
    case 'unknown':
      return why ?? 'not looked at';
    case 'set':
    case 'proved':
      return `${path.state}${path.proof.at === undefined ? '' : ` ${age(path.proof.at, now)}`}`;
    case 'safe':
      return 'held down';
  }
}

/** How long ago, in one unit. */
export function age(time: string | number, now: number): string {
  const seconds = Math.max(0, Math.round((now - (typeof time === 'number' ? time : Date.parse(time))) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** Made once: a browser takes longer to make one than to draw a row. */
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

/** A time of day, with its day where that is not today. */
export function clock(time: string | number, now = Date.now()): string {
  const at = new Date(time);
  const isToday = at.toDateString() === new Date(now).toDateString();
  return `${isToday ? '' : `${DAY.format(at)} `}${TIME.format(at)}`;
}

/** `1 path`, `2 paths`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** `a`, `a or b`, `a, b or c`; beyond eight how many more. */
export function either(names: readonly string[], word = 'or'): string {
  const shown = names.length > 8 ? [...names.slice(0, 7), `${names.length - 7} more`] : names;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1)}`;
}

const vmName = ({ vms }: GroupView, at: number): string => vms[at]?.name ?? '?';
export const frontendName = ({ frontends }: GroupView, at: number): string => frontends[at]?.name ?? '?';

/** What the loss of a VM brings, in sentences. `bad`: something would fail. */
export function lossText(group: GroupView, vm: VmEntry): { text: string; fails: string } {
  const loss = vm.ifLost;
  if (!loss || loss.moves.length === 0) return { text: 'It is primary for nothing: nothing moves.', fails: '' };
  const moves = loss.moves.map(({ frontend, to }) => {
    const names = to.map((at) => vmName(group, at));
    const mirror = frontendName(group, frontend);
    return names.length === 0 ? `${mirror} has nobody to move to.` : `${mirror} moves to ${either(names)}.`;
  });
  const byVm = Map.groupBy(loss.failing, ({ vm: at }) => at);
  const fails = [...byVm].map(
    ([at, paths]) =>
      `${vmName(group, at)} is not known to reach ${either(
        paths.map(({ frontend }) => frontendName(group, frontend)),
        'and',
      )} through itself.`,
  );
  return { text: `${moves.join(' ')}${fails.length === 0 ? ' Nothing fails.' : ''}`, fails: fails.join(' ') };
}

/** On paper, where no search field says it. */
export const searchedText = (query: string) =>
  query !== '' && html`<p class="print-only">Only what has “${query}” in it is printed.</p>`;

/** What a search finds a VM or frontend by. */
export const isFound = (query: string, ...texts: (string | undefined)[]): boolean =>
  query === '' || texts.some((text) => text?.toLowerCase().includes(query));

export const primaryOf = (group: GroupView, frontend: FrontendEntry): VmEntry | undefined =>
  frontend.primary === undefined ? undefined : group.vms[frontend.primary];
