/** What goes wrong in a Windows guest: each error code, and that nothing is left changed. Long: one table of cases about one thing. */
import { renderWindows } from '../../../shared/guest/windows/render.ts';
import type { GuestCommand } from '../../../shared/model/guest.ts';
import type { GuestErrorCode } from '../../../shared/model/guestErrors.ts';
import type { WindowsFault, WindowsState } from '../../../simulator/guests/windows/state.ts';
import { useEngine } from './engine.ts';
import {
  BACKEND_INDEX,
  command,
  frontend,
  hostRoute,
  isClean,
  kept,
  member,
  run,
  SCRIPT,
  VIA,
  VIA_INDEX,
} from './harness.ts';

const { engineTest, engine } = useEngine();

const nic = (state: WindowsState, index: number) => {
  const found = state.interfaces.find((one) => one.index === index);
  if (!found) throw new Error(`no interface ${index}`);
  return found;
};

interface Case {
  title: string;
  code: GuestErrorCode;
  detail: RegExp;
  make?: (state: WindowsState) => void;
  faults?: WindowsFault[];
  command?: () => GuestCommand;
}

const CASES: Case[] = [
  {
    title: 'the secondary NIC is gone',
    code: 'NIC_NOT_FOUND',
    detail: /^00-0D-3A-00-00-02$/,
    make: (s) => {
      s.interfaces = s.interfaces.filter(({ mac }) => mac !== '00-0D-3A-00-00-02');
    },
  },
  {
    title: 'the address is on another NIC',
    code: 'ADDRESS_NOT_ON_NIC',
    detail: /^00-0D-3A-00-00-02 10.0.1.11$/,
    make: (s) => {
      nic(s, BACKEND_INDEX).addresses.push(...nic(s, VIA_INDEX).addresses.splice(0));
    },
  },
  {
    title: 'the address is a duplicate on the wire',
    code: 'ADDRESS_NOT_ON_NIC',
    detail: /10.0.1.11$/,
    make: (s) => {
      for (const one of nic(s, VIA_INDEX).addresses) one.state = 'Duplicate';
    },
  },
  {
    title: 'two adapters with one MAC and one address',
    code: 'NIC_AMBIGUOUS',
    detail: /^00-0D-3A-00-00-02 10.0.1.11$/,
    make: (s) => {
      s.interfaces.push({ ...nic(s, VIA_INDEX), index: 30, alias: 'Ethernet 9' });
    },
  },
  {
    title: 'the VIP is an address of this machine',
    code: 'VIP_IS_LOCAL',
    detail: /^10.0.1.100$/,
    make: (s) => nic(s, 1).addresses.push({ ip: '10.0.1.100', prefix: 32, state: 'Preferred' }),
  },
  {
    title: 'a plan for another machine',
    code: 'WRONG_MACHINE',
    detail: /^00-0D-3A-00-00-02$/,
    make: (s) => {
      for (const one of s.interfaces) if (one.mac) one.mac = one.mac.replace('00-0D-3A', '00-0D-3B');
    },
  },
  {
    title: 'a via address without a gateway',
    code: 'NO_GATEWAY',
    detail: /^10.0.1.11 00-0D-3A-00-00-02$/,
    make: (s) => {
      for (const one of nic(s, VIA_INDEX).addresses) one.prefix = 32;
      s.routes = s.routes.filter(({ index, prefix }) => index !== VIA_INDEX || prefix.endsWith('/32'));
    },
  },
  {
    title: 'Windows Server 2012 R2',
    code: 'UNSUPPORTED_OS',
    detail: /^build 9600 /,
    make: (s) => {
      s.registry['SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'] = {
        CurrentBuildNumber: '9600',
        SystemRoot: 'C:\\Windows',
      };
    },
  },
  ...['Get-NetAdapter', 'New-NetRoute', 'Remove-NetRoute'].map(
    (at): Case => ({
      title: `${at} is missing`,
      code: 'TOOL_MISSING',
      detail: new RegExp(`^${at}$`),
      faults: [{ at, call: 0, kind: 'missing' }],
    }),
  ),
  {
    title: 'a broken WMI class',
    code: 'TOOL_MISSING',
    detail: /^Get-NetRoute HRESULT 0x80041010/,
    faults: [{ at: 'Get-NetRoute', call: 0, kind: 'broken' }],
  },
  {
    title: 'another run holds the lock',
    code: 'BUSY',
    detail: /another run/,
    faults: [{ at: 'lock', call: 0, kind: 'busy' }],
  },
  {
    title: 'routes may not be changed',
    code: 'ACCESS_DENIED',
    detail: /^Windows System Error 5/,
    faults: [{ at: 'New-NetRoute', call: 0, kind: 'denied' }],
  },
  {
    title: 'the second route may not be added',
    code: 'ACCESS_DENIED',
    detail: /^Windows System Error 5/,
    faults: [{ at: 'New-NetRoute', call: 2, kind: 'denied' }],
  },
  {
    title: 'the registry may not be written',
    code: 'ACCESS_DENIED',
    detail: /./,
    faults: [{ at: 'registry', call: 0, kind: 'denied' }],
  },
  {
    title: 'the lock may not be opened',
    code: 'ACCESS_DENIED',
    detail: /./,
    faults: [{ at: 'lock', call: 0, kind: 'denied' }],
  },
  {
    title: 'a route does not stay',
    code: 'CHANGE_FAILED',
    detail: /^still 10.0.1.101 R$/,
    faults: [{ at: 'New-NetRoute', call: 2, kind: 'lost' }],
  },
  {
    title: 'a VIP that connected before does not any more',
    code: 'CHANGE_FAILED',
    detail: /^connect lost 10.0.1.101$/,
    faults: [{ at: 'after New-NetRoute', call: 1, kind: 'cut' }],
  },
  {
    title: 'no time left for changes',
    code: 'TIME_IS_UP',
    detail: /^7 s$/,
    command: () => command('apply', [frontend(100), frontend(101)], 7),
  },
];

for (const { title, code, detail, make, faults, command: asked } of CASES) {
  engineTest(`${title}: ${code}, and nothing is changed`, async (t) => {
    const start = member();
    make?.(start);
    const { report, exitCode, state, stdout } = await run(engine, start, asked?.() ?? command('apply'), faults);
    t.is(report.errorCode, code, stdout);
    t.regex(report.errorDetail ?? '', detail);
    t.is(exitCode, 1);
    t.is(report.changed, 0);
    t.deepEqual(kept(state), kept(start), 'as it was before');
    for (const { before } of report.paths) t.not(before.length, 0, 'a path that was not looked at is not called right');
  });
}

engineTest('a lost connect is told as it ended, with no proof left of the one before', async (t) => {
  const { report } = await run(engine, member(), command('apply'), [
    { at: 'after New-NetRoute', call: 1, kind: 'cut' },
  ]);
  const path = report.paths[1];
  t.is(path?.connectBefore.outcome, 'ok');
  t.is(path?.connectAfter.outcome, 'timeout');
  t.is(path?.proof, 'none');
  t.deepEqual(path?.after, path?.before);
});

engineTest('what only warns may be missing or broken', async (t) => {
  for (const at of ['Get-DnsClient', 'Find-NetRoute']) {
    for (const kind of ['missing', 'broken', 'denied'] as const) {
      const { report } = await run(engine, member(), command('apply'), [{ at, call: 0, kind }]);
      t.true(isClean(report), `${at} ${kind}`);
      t.deepEqual(report.warnings, ['warnings-incomplete']);
    }
  }
});

engineTest(
  'a route of ours on an adapter that is gone, and that cannot be removed, is told and blocks nothing',
  async (t) => {
    const start = member();
    start.routes.push(hostRoute('10.0.1.100', 90, 1, 'persistent'));
    const name = '10.0.1.100 {00000000-0000-0000-0000-000000000090} 10.0.1.1';
    start.registry['SOFTWARE\\ilb-hairpin-guard\\Routes'] = { [name]: '1 1' };
    const { report, state } = await run(engine, start, command('apply'), [
      { at: 'Remove-NetRoute', call: 0, kind: 'denied' },
    ]);
    t.true(isClean(report));
    t.deepEqual(report.warnings, ['stale-route-left']);
    t.is(Object.values(state.registry).filter((values) => name in values).length, 1, 'the next run tries again');
  },
);

engineTest('a NIC that is gone blocks its own paths and no other', async (t) => {
  const gone = { ip: '10.0.1.12', mac: '00:0d:3a:00:00:09' };
  const plan = [frontend(100), frontend(101, { via: gone })];
  const { report, exitCode, state } = await run(engine, member(), command('apply', plan));
  t.is(report.errorCode, 'NIC_NOT_FOUND');
  t.is(report.errorDetail, '00-0D-3A-00-00-09');
  t.is(exitCode, 1);
  t.deepEqual(
    report.paths.map(({ after }) => after),
    [[], ['nic-missing']],
  );
  t.is(report.paths[0]?.proof, 'self');
  const again = await run(engine, state, command('apply', plan));
  t.is(again.state.changes, 0);
});

engineTest('the time ends amid the changes: all of them are taken back', async (t) => {
  const start = { ...member(), cmdletMs: 700 };
  start.vips = [];
  const frontends = Array.from({ length: 20 }, (_, n) => frontend(100 + n));
  const { report, state } = await run(engine, start, command('apply', frontends, 18));
  t.is(report.errorCode, 'TIME_IS_UP');
  t.is(report.changed, 0);
  t.true(state.changes > 4, 'it had begun');
  t.deepEqual(kept(state).routes, kept(start).routes);
});

engineTest('a remove that is refused amid its work leaves all of it as it was', async (t) => {
  const applied = await run(engine, member(), command('apply'));
  const refused = await run(engine, applied.state, command('remove'), [
    { at: 'Remove-NetRoute', call: 3, kind: 'denied' },
  ]);
  t.is(refused.report.errorCode, 'ACCESS_DENIED');
  t.is(refused.report.changed, 0);
  t.deepEqual(refused.report.paths[0]?.after, ['leftover']);
  t.deepEqual(kept(refused.state), kept(applied.state));
  const removed = await run(engine, refused.state, command('remove'));
  t.deepEqual(kept(removed.state), kept(member()));
});

engineTest('what cannot be taken back is told', async (t) => {
  const start = member();
  start.routes.push(hostRoute('10.0.1.100', VIA_INDEX, 99, 'active'));
  const { report, state } = await run(engine, start, command('apply'), [
    { at: 'New-NetRoute', call: 0, kind: 'denied' },
  ]);
  t.is(report.errorCode, 'ACCESS_DENIED');
  t.regex(report.errorDetail ?? '', /^1 steps not taken back: /);
  t.is(report.changed, 1);
  t.deepEqual(report.paths[0]?.before, ['route-wrong']);
  t.deepEqual(report.paths[0]?.after, ['route-missing']);
  t.false(kept(state).routes.some((text) => text.includes('10.0.1.100/32')));
});

engineTest('remove works when the secondary NIC is gone', async (t) => {
  const applied = await run(engine, member(), command('apply'));
  const bare = structuredClone(applied.state);
  bare.interfaces = bare.interfaces.filter(({ mac }) => mac !== '00-0D-3A-00-00-02');
  bare.routes = bare.routes.filter(({ store, index }) => store === 'persistent' || index !== VIA_INDEX);
  const { report, state } = await run(engine, bare, command('remove'));
  t.is(report.errorCode, undefined);
  t.false(kept(state).routes.some((text) => text.startsWith('persistent')));
  t.deepEqual(Object.keys(state.registry), Object.keys(member().registry));
});

const BAD_LINES = [
  '',
  '10.0.1.100',
  "'; exit 0 #",
  '10.0.1.0100 1 10.0.1.10 00-0D-3A-00-00-01 10.0.1.11 00-0D-3A-00-00-02',
];
for (const bad of BAD_LINES) {
  engineTest(`a plan line that is none is refused: ${JSON.stringify(bad)}`, async (t) => {
    const text = renderWindows(SCRIPT, command('apply')).replace(
      /'10\.0\.1\.100 [^']*'/,
      `'${bad.replaceAll("'", "''")}'`,
    );
    const { stdout, exitCode, state } = await engine.runScript(member(), text);
    t.regex(stdout, /"e":"BAD_PLAN"/);
    t.is(exitCode, 1);
    t.is(state.changes, 0);
  });
}

for (const address of ['168.63.129.16', '169.254.169.254', '127.0.0.2', '224.0.0.9', '8.8.8.8', '20.1.0.100']) {
  engineTest(`refused before anything is looked at: ${address}`, async (t) => {
    for (const [from, place] of [
      ['10.0.1.100', 'VIP'],
      [VIA.ip, 'via address'],
    ] as const) {
      const text = renderWindows(SCRIPT, command('apply', [frontend(100)])).replace(from, address);
      const { stdout, exitCode, state } = await engine.runScript(member(), text);
      t.true(stdout.includes(`"e":"ADDRESS_REFUSED","d":"${address}"`), `${place}: ${stdout}`);
      t.deepEqual([exitCode, state.changes], [1, 0], place);
    }
  });
}

engineTest('an address of a network that the command names is routed, and one beside it is refused', async (t) => {
  const asked = { ...command('apply'), networks: ['20.1.0.0/16'] };
  const script = (address: string) => renderWindows(SCRIPT, asked).replace("'10.0.1.100 ", `'${address} `);
  const own = await engine.runScript(member(), script('20.1.255.100'));
  t.true(
    own.state.routes.some(({ prefix }) => prefix === '20.1.255.100/32'),
    own.stdout,
  );
  const beside = await engine.runScript(member(), script('20.2.0.100'));
  t.true(beside.stdout.includes('"e":"ADDRESS_REFUSED","d":"20.2.0.100"'), beside.stdout);
  const damaged = await engine.runScript(member(), script('20.1.255.100').replace('20.1.0.0/16', '20.1.0.0'));
  t.true(damaged.stdout.includes('"e":"BAD_PLAN","d":"networks"'), damaged.stdout);
});
