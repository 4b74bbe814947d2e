import test from 'ava';
import fc from 'fast-check';
import { PlanError } from '../../shared/errors.ts';
import { checkCommand } from '../../shared/guest/plan.ts';
import { MAX_FRONTENDS } from '../../shared/model/guest.ts';
import {
  commandOf,
  frontendOf,
  frontendsOf,
  NUMBER_FIELDS,
  TEXT_FIELDS,
  validCommands,
  withField,
} from './commands.ts';

const refusal = (command: unknown): string => {
  try {
    checkCommand(command);
  } catch (error) {
    if (error instanceof PlanError) return error.message;
    throw error;
  }
  throw new Error('was let through');
};

test('a sound command comes back as it is', (t) => {
  fc.assert(
    fc.property(validCommands, (command) => void t.deepEqual(checkCommand(command), command)),
    { numRuns: 200 },
  );
});

test('a frontend without a port is sound', (t) => {
  const { port: _, ...rest } = frontendOf();
  t.notThrows(() => checkCommand(commandOf({ plan: { frontends: [rest] } })));
});

for (const [path, values] of Object.entries({
  'plan.frontends.0.vip': [
    '',
    '10.0.1',
    '10.0.1.256',
    '010.0.1.1',
    '10.0.1.1 ',
    '10.0.1.1\n',
    '0.0.0.0',
    '127.0.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '169.254.169.254',
    '168.63.129.16',
    '::1',
    '10.0.1.1/32',
    7,
    null,
  ],
  'plan.frontends.0.via.mac': [
    '',
    '00:0D:3A:00:00:02',
    '00-0d-3a-00-00-02',
    '00:0d:3a:00:00',
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff',
    '00:0d:3a:00:00:02\n',
  ],
  'plan.frontends.0.port': [0, 65536, 1.5, -1, '1972', Number.NaN, null],
  commandId: ['', '0123', `${'0'.repeat(32)}\n`, 'A'.repeat(32), 'g'.repeat(32)],
  mode: ['Apply', 'destroy', ''],
  'limits.connectSeconds': [0, 31, '3'],
  'limits.totalSeconds': [0, 4, 3601, 5],
})) {
  test(`${path} is named when it is wrong`, (t) => {
    for (const value of values)
      t.true(refusal(withField(commandOf(), path, value)).startsWith(`${path} is `), String(value));
  });
}

test('too many frontends are refused, and the field is named', (t) => {
  t.notThrows(() => checkCommand(commandOf({ plan: { frontends: frontendsOf(MAX_FRONTENDS) } })));
  t.regex(
    refusal(commandOf({ plan: { frontends: frontendsOf(MAX_FRONTENDS + 1) } })),
    /^plan\.frontends is .*at most 64/,
  );
});

test('an empty plan is sound for remove alone', (t) => {
  t.notThrows(() => checkCommand(commandOf({ mode: 'remove', plan: { frontends: [] } })));
  t.regex(refusal(commandOf({ plan: { frontends: [] } })), /^plan\.frontends\.length is "0": /);
});

test('contradictions are refused, and the field is named', (t) => {
  const one = frontendOf();
  const [backend = one.via] = one.backends;
  const plan = (...frontends: unknown[]) => refusal({ ...commandOf(), plan: { frontends } });
  t.regex(plan(one, one), /^plan\.frontends\.1\.vip is "10\.0\.1\.100": expected each VIP once/);
  t.regex(plan({ ...one, vip: backend.ip }), /^plan\.frontends\.0\.vip is "10\.0\.1\.10": /);
  t.regex(plan(one, { ...frontendOf({ vip: one.via.ip }) }), /^plan\.frontends\.1\.vip is "10\.0\.1\.11": /);
  t.regex(plan({ ...one, via: { ...one.via, ip: backend.ip } }), /^plan\.frontends\.0\.via\.ip is /);
  t.regex(plan({ ...one, via: { ...one.via, mac: backend.mac } }), /^plan\.frontends\.0\.via\.mac is /);
  t.regex(plan({ ...one, backends: [] }), /^plan\.frontends\.0\.backends is /);
  t.regex(
    plan({ ...one, backends: [backend, backend] }),
    /^plan\.frontends\.0\.backends\.1\.ip is "10\.0\.1\.10": expected each/,
  );
  t.regex(plan({ ...one, backends: [backend, { ...one.via, ip: '10.0.1.12' }] }), /^plan\.frontends\.0\.via\.mac is /);
  const other = { ...frontendOf({ vip: '10.0.1.101' }), via: { ip: one.via.ip, mac: '00:0d:3a:00:00:03' } };
  t.regex(plan(one, other), /^plan\.frontends\.1\.via\.mac is "00:0d:3a:00:00:03": /);
});

test('an unknown field is refused by its name', (t) => {
  t.regex(refusal(withField(commandOf(), 'limits.pause', 1)), /^limits\.pause is "1": no such field/);
  t.regex(refusal(undefined), /^command is /);
});

test('no shell character passes in any text field', (t) => {
  const nasty = fc.tuple(fc.string(), fc.constantFrom(...' \t\n\r;&|$`\\\'"(){}[]<>*?!#~=%^,@+\0é'), fc.string());
  for (const path of TEXT_FIELDS) {
    fc.assert(
      fc.property(nasty, (parts) => {
        t.throws(() => checkCommand(withField(commandOf(), path, parts.join(''))), { instanceOf: PlanError });
      }),
    );
  }
  for (const path of NUMBER_FIELDS) {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double({ noInteger: true }), fc.constant({ toString: () => '1' })),
        (value) => {
          t.throws(() => checkCommand(withField(commandOf(), path, value)), { instanceOf: PlanError });
        },
      ),
    );
  }
});

test('a network of containers is sound, where none of the plan’s addresses is in it', (t) => {
  const plan = { frontends: [frontendOf()] };
  for (const containers of ['172.17.0.0/16', '192.168.0.0/16', '10.88.0.0/16', '172.16.0.0/12', '10.0.1.64/30']) {
    t.notThrows(() => checkCommand(commandOf({ plan: { ...plan, containers } })), containers);
  }
  for (const containers of [
    '',
    '172.17.0.0',
    '172.17.0.0/8',
    '172.17.0.0/31',
    '172.17.0.1/16',
    '172.17.0.0/016',
    '172.17.0.0/16 ',
    '8.8.8.0/24',
    '$(reboot)/16',
    '172.17.0.0/16/16',
  ]) {
    t.regex(
      refusal(commandOf({ plan: { ...plan, containers } })),
      /^plan.containers is .*: expected a private network/,
    );
  }
  for (const containers of ['10.0.0.0/16', '10.0.1.8/30', '10.0.1.96/27']) {
    t.regex(refusal(commandOf({ plan: { ...plan, containers } })), /which is not a container’s/);
  }
  const [first, second] = [
    frontendOf(),
    frontendOf({ vip: '10.0.1.101', backends: [{ ip: '10.0.1.12', mac: '00:0d:3a:00:00:03' }] }),
  ];
  t.regex(
    refusal(commandOf({ plan: { containers: '172.17.0.0/16', frontends: [first, second] } })),
    /one NIC in the pools for 10.0.1.11/,
  );
});

test('a public address is refused and named, unless the command names its network', (t) => {
  for (const [path, value] of [
    ['plan.frontends.0.vip', '20.1.0.100'],
    ['plan.frontends.0.via.ip', '20.1.0.11'],
    ['plan.frontends.0.backends.0.ip', '20.1.0.10'],
  ] as const) {
    t.regex(
      refusal(withField(commandOf(), path, value)),
      /^plan\.frontends\.0\.[a-z0-9.]+ is "20\.1\.0\.\d+": expected a private/,
    );
    t.true(refusal(withField(commandOf(), path, value)).startsWith(`${path} is `));
    t.notThrows(() => checkCommand(withField(commandOf({ networks: ['20.1.0.0/16'] }), path, value)));
    t.regex(refusal(withField(commandOf({ networks: ['20.2.0.0/16'] }), path, value)), /expected a private/);
  }
  for (const networks of [['20.1.0.1/16'], ['$(reboot)/16'], ['20.1.0.0/30'], Array(17).fill('20.1.0.0/16')])
    t.regex(refusal(commandOf({ networks })), /^networks/);
});

test('what is left as it is may be of a NIC that was replaced, and is no plan alone', (t) => {
  const one = frontendOf();
  const old = frontendOf({ vip: '10.0.1.101', via: { ip: one.via.ip, mac: '00:0d:3a:00:00:03' }, kept: true });
  t.notThrows(() => checkCommand(commandOf({ plan: { frontends: [one, old] } })));
  t.notThrows(() => checkCommand(commandOf({ plan: { frontends: [one, { ...old, vip: one.via.ip }] } })));
  t.regex(refusal(commandOf({ plan: { frontends: [old] } })), /^plan\.frontends\.length is "1": /);
  t.regex(refusal(commandOf({ plan: { frontends: [one, { ...old, vip: one.vip }] } })), /expected each VIP once/);
});
