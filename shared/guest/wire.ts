/**
 * The report's wire format, the same for Linux and Windows. The LAST line of stdout is
 *
 *     ILB-HAIRPIN-GUARD <commandId> {"v":1,"os":"linux","mode":"apply","chg":3,"p":["0;RYLK;;t3001;o12;s;"],"w":[]}
 *
 * and is shorter than 3,500 bytes for 64 frontends: Azure keeps the last 4,096 bytes of stdout.
 *
 * | field | what |
 * |---|---|
 * | v | version of the format, 1 |
 * | os, mode | `linux` or `windows`; the mode that was asked for |
 * | chg | how many things were changed |
 * | p | one entry per frontend, see below; may be short or empty only when `e` is there |
 * | w | warnings: plain codes (warnings.ts), after some a space and what the sentence names, of `[A-Za-z0-9._:/ -]{1,120}` |
 * | fw | Linux, only when a connect got lost though the state is as planned: where, see below; cut first when the line is too long (warning firewalls-cut) |
 * | k | 1 where a service in the guest keeps the state (Linux with systemd, the service enabled and active); else not there |
 * | e, d | only on errors: a code of model/guestErrors.ts, and a detail of `[A-Za-z0-9._:/ -]{0,120}` |
 *
 * Entry: `<index in the plan>;<drift before>;<drift after>;<connect before>;<connect after>;<proof>;<source>`
 * - drift: letters of {@link DRIFT_LETTERS}, empty when the state equals the plan. After `remove`, equal means gone:
 *   the only letter is X.
 * - connect: a letter of {@link OUTCOME_LETTERS} and whole milliseconds (`o12`), `n` when there was none.
 * - `=` in a field "after": the same as before (nothing was changed, or there was no second connect).
 * - proof: a letter of {@link PROOF_LETTERS}, about the last connect that was made; after `s` the port that accepted it
 *   and, where it was not the first backend address of the plan, a dot and which it was: `s1972`, `s1972.1`.
 * - source: the last connect's own address; empty when it is the via address, `b` for the first backend address, `-` when it
 *   could not be told.
 *
 * Element of `fw`: `<packet>;<backend NIC's interface>;<via NIC's interface>;<place>;<indexes>`
 * - packet: a letter of {@link PACKET_LETTERS}, with the number of the backend address in the plan's frontend where it is not the first; a path that has `i` may have `q` too, for the reply of another machine;
 * - interface: its name, `-` where that is no plain one;
 * - place: `nft:<family>:<table>:<chain>`, `iptables:<table>:<chain>`, `iptables-legacy:<table>:<chain>`, `firewalld`,
 *   `firewalld:zone:<zone>`, `firewalld:policy:<policy>`; `dnat:<address>` when a rule hands the arriving request to
 *   an address that is not the VM's (a container with a published port); `none` when no firewall that ends the packet was found,
 *   `unread:nft` or `unread:iptables` when it could not be read or has a name that is no plain one;
 * - indexes: of the paths, `0.3-5` for 0, 3, 4 and 5.
 */
import type { ConnectOutcome, Drift, LostPacket, PathReport } from '../model/guest.ts';

/** First word of the report's line. */
export const MARKER = 'ILB-HAIRPIN-GUARD';

/** The line is shorter than this. */
export const MAX_LINE_BYTES = 3500;

export const DRIFT_LETTERS = {
  N: 'nic-missing',
  R: 'route-missing',
  W: 'route-wrong',
  F: 'route-foreign',
  D: 'route-duplicate',
  P: 'route-not-persistent',
  Y: 'reply-route',
  L: 'reply-rule',
  O: 'reply-order',
  K: 'lookup-rule',
  H: 'weak-host',
  S: 'script-changed',
  U: 'unit-disabled',
  X: 'leftover',
} as const satisfies Record<string, Drift>;

export const OUTCOME_LETTERS = {
  o: 'ok',
  t: 'timeout',
  f: 'refused',
  r: 'reset',
  u: 'unreachable',
  e: 'error',
  n: 'none',
} as const satisfies Record<string, ConnectOutcome>;

export const PROOF_LETTERS = { s: 'self', r: 'remote', n: 'none' } as const satisfies Record<
  string,
  PathReport['proof']
>;

export const PACKET_LETTERS = {
  o: 'request-out',
  i: 'request-in',
  p: 'reply-out',
  q: 'reply-in',
} as const satisfies Record<string, LostPacket>;

/** What `d` may hold. */
export const DETAIL = /^[A-Za-z0-9._:/ -]{0,120}$/;
