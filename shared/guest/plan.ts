/**
 * The gate before a guest: only a command that passes here is rendered into a script, and only the characters
 * that the schema lets through (digits, dots, colons, a-f and the mode's name) can be in the rendered part.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PlanError } from '../errors.ts';
import type { GuestCommand, GuestPlan } from '../model/guest.ts';

/** More frontends than this do not fit in one report (see wire.ts). */
export const MAX_FRONTENDS = 64;

/** Backend addresses of one frontend on one VM: Azure takes a rule with at most two pools, a pool any number of a NIC's. */
export const MAX_BACKENDS = 8;

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
/** Dotted quad in its one canonical form; 0/8, 127/8 and 224/3 are no host addresses. */
const IPV4 = new RegExp(String.raw`^(?!0\.|127\.|22[4-9]\.|2[3-5][0-9]\.)${OCTET}(?:\.${OCTET}){3}$`);
const MAC = /^(?!00:00:00:00:00:00)[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/;

const ip = z.string().regex(IPV4, 'expected an IPv4 host address such as 10.0.1.10');
const mac = z.string().regex(MAC, 'expected a unicast MAC in lower case with colons such as 00:0d:3a:00:00:01');
const whole = (low: number, high: number) => {
  const expected = `expected a whole number from ${low} to ${high}`;
  return z.int(expected).min(low, expected).max(high, expected);
};

const nicAddress = z.strictObject({ ip, mac });
const frontend = z.strictObject({
  vip: ip,
  port: whole(1, 65535).optional(),
  backends: z
    .array(nicAddress)
    .min(1, 'expected at least one backend address')
    .max(MAX_BACKENDS, `expected at most ${MAX_BACKENDS} backend addresses`),
  via: nicAddress,
});

const commandSchema = z
  .strictObject({
    commandId: z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 hex digits in lower case'),
    mode: z.enum(['check', 'apply', 'remove'], 'expected check, apply or remove'),
    plan: z.strictObject({
      frontends: z.array(frontend).max(MAX_FRONTENDS, `expected at most ${MAX_FRONTENDS} frontends`),
    }),
    limits: z.strictObject({ connectSeconds: whole(1, 30), totalSeconds: whole(5, 3600) }),
  })
  .superRefine((command, context) => {
    for (const { path, expected } of contradictions(command)) {
      context.addIssue({ code: 'custom', path, message: `expected ${expected}`, params: {} });
    }
  });

interface Contradiction {
  path: (string | number)[];
  expected: string;
}

/** What each field alone allows and all of them together do not. */
function contradictions({ mode, plan, limits }: Pick<z.infer<typeof commandSchema>, 'mode' | 'plan' | 'limits'>) {
  const found: Contradiction[] = [];
  const say = (path: (string | number)[], expected: string) => found.push({ path, expected });
  if (plan.frontends.length === 0 && mode !== 'remove') {
    say(['plan', 'frontends', 'length'], 'at least one frontend; to take everything away use mode remove');
  }
  if (limits.totalSeconds < limits.connectSeconds + 3) {
    say(['limits', 'totalSeconds'], 'at least 3 seconds more than limits.connectSeconds');
  }
  const vips = new Set<string>();
  const macs = new Map<string, string>();
  plan.frontends.forEach(({ vip, backends, via }, index) => {
    const at = (...rest: (string | number)[]) => ['plan', 'frontends', index, ...rest];
    if (vips.has(vip)) say(at('vip'), 'each VIP once');
    vips.add(vip);
    backends.forEach((backend, place) => {
      if (via.ip === backend.ip) say(at('via', 'ip'), 'another address than the backend address');
      if (via.mac === backend.mac) say(at('via', 'mac'), 'another NIC than the backend’s');
      if (backends.findIndex(({ ip }) => ip === backend.ip) < place)
        say(at('backends', place, 'ip'), 'each backend address once');
    });
    const roles = [
      ...backends.map((nic, place) => [at('backends', place, 'mac'), nic] as const),
      [at('via', 'mac'), via] as const,
    ];
    for (const [path, nic] of roles) {
      if ((macs.get(nic.ip) ?? nic.mac) !== nic.mac) say(path, `the MAC that ${nic.ip} has elsewhere`);
      macs.set(nic.ip, nic.mac);
    }
  });
  plan.frontends.forEach(({ vip }, index) => {
    if (macs.has(vip)) say(['plan', 'frontends', index, 'vip'], 'an address that no NIC of the VM carries');
  });
  return found;
}

/**
 * Returns the command when every field of it may be rendered into a script, its plan sorted as given.
 * Throws PlanError with the path of the first wrong field (`plan.frontends.2.vip`), its value and what was expected.
 */
export function checkCommand(command: unknown): GuestCommand {
  const result = commandSchema.safeParse(command);
  if (result.success) return result.data as GuestCommand;
  const issue = result.error.issues[0];
  const path = (issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue?.path) ?? [];
  const expected = issue?.code === 'unrecognized_keys' ? 'no such field is known' : issue?.message;
  throw new PlanError(path.join('.') || 'command', valueAt(command, path), expected ?? 'expected a guest command');
}

function valueAt(root: unknown, path: PropertyKey[]): unknown {
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], root);
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

/** The id of a VM's command number `seq`: the first 32 hex digits of sha256. A repeated send carries the same id. */
export const commandIdOf = (vmKey: string, seq: number): string =>
  createHash('sha256').update(`${vmKey}\n${seq}`).digest('hex').slice(0, 32);

/** Hex sha256 of a plan, the same whatever the order of its frontends. */
export function planHash(plan: GuestPlan): string {
  const lines = plan.frontends.map(({ vip, port, backends, via }) =>
    [vip, port ?? 0, ...backends.flatMap(({ ip, mac }) => [ip, mac]), via.ip, via.mac].join(' '),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}
