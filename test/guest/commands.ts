/** Guest commands for tests, and the generators that make more of them. */
import fc from 'fast-check';
import type { GuestCommand, PlannedFrontend } from '../../shared/model/guest.ts';

export const COMMAND_ID = '0123456789abcdef0123456789abcdef';

/** A frontend on a VM with 10.0.1.10 on one NIC and 10.0.1.11 on the other. */
export const frontendOf = (fields: Partial<PlannedFrontend> = {}): PlannedFrontend => ({
  vip: '10.0.1.100',
  port: 1972,
  backends: [{ ip: '10.0.1.10', mac: '00:0d:3a:00:00:01' }],
  via: { ip: '10.0.1.11', mac: '00:0d:3a:00:00:02' },
  ...fields,
});

/** `count` frontends 10.0.2.1, 10.0.2.2, ... on that VM. */
export const frontendsOf = (count: number): PlannedFrontend[] =>
  Array.from({ length: count }, (_, index) => frontendOf({ vip: `10.0.2.${index + 1}` }));

export const commandOf = (fields: Partial<GuestCommand> = {}): GuestCommand => ({
  commandId: COMMAND_ID,
  mode: 'apply',
  plan: { frontends: [frontendOf()] },
  limits: { connectSeconds: 3, totalSeconds: 60 },
  ...fields,
});

/** Every field of a command that is a string, by its path. */
export const TEXT_FIELDS = [
  'commandId',
  'mode',
  'plan.frontends.0.vip',
  'plan.frontends.0.backends.0.ip',
  'plan.frontends.0.backends.0.mac',
  'plan.frontends.0.via.ip',
  'plan.frontends.0.via.mac',
] as const;

/** Every field that is a number. */
export const NUMBER_FIELDS = ['plan.frontends.0.port', 'limits.connectSeconds', 'limits.totalSeconds'] as const;

/** A copy of a command with one field, named by its path, replaced. */
export function withField(command: GuestCommand, path: string, value: unknown): unknown {
  const copy = structuredClone(command);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, copy as never);
  holder[last] = value;
  return copy;
}

const octet = fc.integer({ min: 1, max: 254 });
const macs = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
  .map((bytes) => `00:0d:${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`);

/** Commands that checkCommand lets through. */
export const validCommands: fc.Arbitrary<GuestCommand> = fc
  .record({
    commandId: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 }),
    mode: fc.constantFrom('check' as const, 'apply' as const, 'remove' as const),
    nics: fc.uniqueArray(macs, { minLength: 2, maxLength: 4 }),
    vips: fc.uniqueArray(fc.tuple(octet, octet), { minLength: 1, maxLength: 64, selector: (pair) => pair.join('.') }),
    ports: fc.array(fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }), {
      minLength: 64,
      maxLength: 64,
    }),
    swaps: fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
    connectSeconds: fc.integer({ min: 1, max: 30 }),
    totalSeconds: fc.integer({ min: 33, max: 3600 }),
  })
  .map(({ commandId, mode, nics, vips, ports, swaps, connectSeconds, totalSeconds }) => {
    const nic = (index: number) => ({ ip: `172.16.0.${index + 4}`, mac: nics[index] ?? '' });
    const frontends = vips.map(([high, low], index): PlannedFrontend => {
      const [backend, via] = swaps[index] ? [nic(1), nic(0)] : [nic(0), nic(nics.length - 1)];
      const port = ports[index];
      return { vip: `10.9.${high}.${low}`, ...(port === undefined ? {} : { port }), backends: [backend], via };
    });
    return { commandId, mode, plan: { frontends }, limits: { connectSeconds, totalSeconds } };
  });
