/**
 * The gate before a guest: only a command that passes here is rendered into a script, and only the characters
 * that the schema lets through (digits, dots, colons, a-f and the mode's name) can be in the rendered part.
 */

import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { PlanError } from '../errors.ts';
import {
  isAddressIn,
  isContainerNetwork,
  isHostAddress,
  isMac,
  isNetwork,
  isPlanAddress,
  MOST_NETWORKS,
} from '../model/address.ts';
import { COMMAND_ID } from '../model/commandId.ts';
import { firstIssue } from '../model/firstIssue.ts';
import { GUEST_MODES, type GuestCommand, MAX_BACKENDS, MAX_FRONTENDS } from '../model/guest.ts';

const ip = z.string().check(z.refine(isHostAddress, 'expected an IPv4 host address such as 10.0.1.10'));
const mac = z
  .string()
  .check(z.refine(isMac, 'expected a unicast MAC in lower case with colons such as 00:0d:3a:00:00:01'));
const whole = (low: number, high: number) => {
  const expected = `expected a whole number from ${low} to ${high}`;
  return z.int(expected).check(z.minimum(low, expected), z.maximum(high, expected));
};

const nicAddress = z.strictObject({ ip, mac });
const frontend = z.strictObject({
  vip: ip,
  port: z.optional(whole(1, 65535)),
  backends: z
    .array(nicAddress)
    .check(
      z.minLength(1, 'expected at least one backend address'),
      z.maxLength(MAX_BACKENDS, `expected at most ${MAX_BACKENDS} backend addresses`),
    ),
  via: nicAddress,
  kept: z.optional(z.literal(true, 'expected true or nothing')),
});

const commandSchema = z
  .strictObject({
    commandId: z.string().check(z.regex(COMMAND_ID, 'expected 32 hex digits in lower case')),
    mode: z.enum(GUEST_MODES, 'expected check, apply or remove'),
    plan: z.strictObject({
      containers: z.optional(
        z
          .string()
          .check(z.refine(isContainerNetwork, 'expected a private network of /12 to /30 such as 172.17.0.0/16')),
      ),
      frontends: z.array(frontend).check(z.maxLength(MAX_FRONTENDS, `expected at most ${MAX_FRONTENDS} frontends`)),
    }),
    networks: z.optional(
      z
        .array(z.string().check(z.refine(isNetwork, 'expected a network of /8 to /29 such as 20.1.0.0/16')))
        .check(z.maxLength(MOST_NETWORKS, `expected at most ${MOST_NETWORKS} networks`)),
    ),
    limits: z.strictObject({ connectSeconds: whole(1, 30), totalSeconds: whole(5, 3600) }),
  })
  .check(
    z.superRefine((command, context) => {
      for (const { path, expected } of contradictions(command)) {
        context.addIssue({ code: 'custom', path, message: `expected ${expected}`, params: {} });
      }
    }),
  );

interface Contradiction {
  path: (string | number)[];
  expected: string;
}

const PRIVATE = 'a private address (RFC 1918 or 6598) or one of the networks in HAIRPIN_NETWORKS';

/** What each field alone allows and all of them together do not. */
function contradictions({ mode, plan, networks, limits }: Omit<z.infer<typeof commandSchema>, 'commandId'>) {
  const found: Contradiction[] = [];
  const say = (path: (string | number)[], expected: string) => found.push({ path, expected });
  if (plan.frontends.every(({ kept }) => kept) && mode !== 'remove') {
    say(['plan', 'frontends', 'length'], 'at least one frontend; to take everything away use mode remove');
  }
  if (limits.totalSeconds < limits.connectSeconds + 3) {
    say(['limits', 'totalSeconds'], 'at least 3 seconds more than limits.connectSeconds');
  }
  const { containers } = plan;
  const vips = new Set<string>();
  const repliesBy = new Map<string, string>();
  const macs = new Map<string, string>();
  plan.frontends.forEach(({ vip, backends, via, kept }, index) => {
    const at = (...rest: (string | number)[]) => ['plan', 'frontends', index, ...rest];
    const addresses = [
      [at('vip'), vip] as const,
      ...backends.map(({ ip }, place) => [at('backends', place, 'ip'), ip] as const),
      [at('via', 'ip'), via.ip] as const,
    ];
    for (const [path, address] of addresses) if (!isPlanAddress(address, networks)) say(path, PRIVATE);
    if (vips.has(vip)) say(at('vip'), 'each VIP once');
    vips.add(vip);
    backends.forEach((backend, place) => {
      if (via.ip === backend.ip) say(at('via', 'ip'), 'another address than the backend address');
      if (via.mac === backend.mac) say(at('via', 'mac'), 'another NIC than the backend’s');
      if (backends.findIndex(({ ip }) => ip === backend.ip) < place)
        say(at('backends', place, 'ip'), 'each backend address once');
    });
    if (containers !== undefined) {
      const own = [vip, via.ip, ...backends.map(({ ip }) => ip)].find((ip) => isAddressIn(ip, containers));
      if (own !== undefined) say(['plan', 'containers'], `a network without ${own}, which is not a container’s`);
      // Its answers to a via address go one way, and the request may have come in by another NIC.
      const by = repliesBy.get(via.ip) ?? backends[0]?.mac ?? '';
      repliesBy.set(via.ip, by);
      if (backends.some(({ mac }) => mac !== by)) say(['plan', 'containers'], `one NIC in the pools for ${via.ip}`);
    }
    // What is left as it is may be of a NIC that was replaced.
    if (kept) return;
    const roles = [
      ...backends.map((nic, place) => [at('backends', place, 'mac'), nic] as const),
      [at('via', 'mac'), via] as const,
    ];
    for (const [path, nic] of roles) {
      if ((macs.get(nic.ip) ?? nic.mac) !== nic.mac) say(path, `the MAC that ${nic.ip} has elsewhere`);
      macs.set(nic.ip, nic.mac);
    }
  });
  plan.frontends.forEach(({ vip, kept }, index) => {
    if (!kept && macs.has(vip)) say(['plan', 'frontends', index, 'vip'], 'an address that no NIC of the VM carries');
  });
  return found;
}

/**
 * Returns the command when every field of it may be rendered into a script, its plan sorted as given.
 * Throws PlanError with the path of the first wrong field (`plan.frontends.2.vip`), its value and what was expected.
 */
export function checkCommand(command: unknown): GuestCommand {
  const result = commandSchema.safeParse(command, { error: en().localeError });
  if (result.success) return result.data as GuestCommand;
  const { field, value, message, isUnknownField } = firstIssue(result.error, command);
  const shown = typeof value === 'object' ? JSON.stringify(value) : value;
  throw new PlanError(field || 'command', shown, isUnknownField ? 'no such field is known' : message);
}
