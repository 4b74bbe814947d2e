/** What a connect shows: on the modelled network, and over real sockets of this machine. */
import { createServer, type Server, type Socket } from 'node:net';
import { renderWindows } from '../../../shared/guest/windows/render.ts';
import type { ConnectOutcome, PathReport } from '../../../shared/model/guest.ts';
import type { WindowsVip } from '../../../simulator/guests/windows/state.ts';
import { useEngine } from './engine.ts';
import { BACKEND, command, frontend, member, run, SCRIPT, VIA } from './harness.ts';

const { engineTest, engine } = useEngine();

const vip = (more: Partial<WindowsVip>): WindowsVip => ({
  ip: '10.0.1.100',
  port: 1972,
  listening: true,
  ms: 7,
  ...more,
});
const noBackend = vip({});

const CASES: {
  title: string;
  vip: WindowsVip;
  before: ConnectOutcome;
  after: ConnectOutcome;
  proof: PathReport['proof'];
  from?: string;
}[] = [
  {
    title: 'primary here: fails without the route, comes back to this machine with it',
    vip: vip({ backend: BACKEND.ip }),
    before: 'timeout',
    after: 'ok',
    proof: 'self',
    from: VIA.ip,
  },
  {
    title: 'primary on another member: connects with and without the route, proves only that',
    vip: vip({ backend: '10.0.1.20' }),
    before: 'ok',
    after: 'ok',
    proof: 'remote',
    from: VIA.ip,
  },
  { title: 'nobody healthy', vip: noBackend, before: 'timeout', after: 'timeout', proof: 'none' },
  {
    title: 'nobody listens',
    vip: vip({ backend: '10.0.1.20', listening: false }),
    before: 'refused',
    after: 'refused',
    proof: 'none',
  },
];
for (const one of CASES) {
  engineTest(one.title, async (t) => {
    const { report, stdout } = await run(engine, { ...member(), vips: [one.vip] }, command('apply', [frontend(100)]));
    const path = report.paths[0];
    t.is(path?.connectBefore.outcome, one.before, stdout);
    t.is(path?.connectAfter.outcome, one.after);
    t.is(path?.proof, one.proof);
    if (one.from) t.is(path?.source, one.from);
    t.is(report.errorCode, undefined);
  });
}

engineTest('all VIPs are connected to at once: ten that time out take one limit', async (t) => {
  const frontends = Array.from({ length: 10 }, (_, n) => frontend(100 + n));
  const { report, ms } = await run(engine, { ...member(), vips: [] }, command('check', frontends));
  t.true(report.paths.every(({ connectAfter }) => connectAfter.outcome === 'timeout'));
  t.true(ms < 10 * 3000, `${ms} ms`);
});

engineTest('a frontend without a port to prove is repaired and not touched', async (t) => {
  const { port: _, ...bare } = frontend(100);
  const { report } = await run(engine, member(), command('apply', [bare]));
  t.deepEqual(report.paths[0]?.after, []);
  t.is(report.paths[0]?.connectAfter.outcome, 'none');
  t.is(report.paths[0]?.proof, 'none');
});

engineTest('no route to the VIP at all is unreachable', async (t) => {
  const state = member();
  state.routes = state.routes.filter(({ prefix }) => prefix.startsWith('127.'));
  const { report } = await run(engine, state, command('check', [frontend(100)]));
  t.is(report.paths[0]?.connectAfter.outcome, 'unreachable');
});

engineTest('one NIC is backend for one VIP and via for another: both are proved', async (t) => {
  const state = member();
  state.vips = [vip({ backend: BACKEND.ip }), vip({ ip: '10.0.1.101', backend: VIA.ip })];
  const frontends = [frontend(100), frontend(101, { backends: [VIA], via: BACKEND })];
  const { report } = await run(engine, state, command('apply', frontends));
  t.deepEqual(
    report.paths.map(({ proof, source }) => [proof, source]),
    [
      ['self', VIA.ip],
      ['self', BACKEND.ip],
    ],
  );
  t.deepEqual(report.warnings, [], 'the first NIC keeps its default gateway unblamed');
});

engineTest('an accepted connection from the via address with another port is no proof', async (t) => {
  const connections = [{ local: BACKEND.ip, localPort: 1972, remote: VIA.ip, remotePort: 1024 }];
  const state = { ...member(), vips: [vip({ backend: '10.0.1.20' })], connections };
  const far = await run(engine, state, command('apply', [frontend(100)]));
  t.is(far.report.paths[0]?.proof, 'remote');
  const near = await run(engine, { ...state, vips: [vip({ backend: BACKEND.ip })] }, command('apply', [frontend(100)]));
  t.is(near.report.paths[0]?.proof, 'self');
  t.deepEqual(near.state.connections, connections, 'the script closed its own');
});

// Real sockets: the script's own TcpClient and clock against listeners of this machine. Its VIPs are loopback
// addresses, which no plan may hold, so the command is rendered without the gate, and the script's own lets them through.
const letLoopback = (script: string): string => {
  const changed = script.replace("'^(0|127|", "'^(0|").replace("'^10\\.|", "'^10\\.|^127\\.|");
  if (changed.length !== script.length - '127|'.length + '^127\\.|'.length) throw new Error('the gate has changed');
  return changed;
};
const listen = (server: Server, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0, backlog: 1 }, () => resolve((server.address() as { port: number }).port));
  });

engineTest('over real sockets: connected, refused, and the connections are closed again', async (t) => {
  const sockets = new Set<Socket>();
  let ended = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      ended += 1;
    });
    socket.on('error', () => {});
    socket.resume();
  });
  const port = await listen(server, '127.0.7.1');
  const shut = createServer();
  const closedPort = await listen(shut, '127.0.7.2');
  await new Promise((resolve) => shut.close(resolve));
  const state = { ...member(), realSockets: true };
  const asked = command('check', [frontend(100), frontend(101)]);
  const frontends = [
    { ...frontend(100), vip: '127.0.7.1', port },
    { ...frontend(101), vip: '127.0.7.2', port: closedPort },
  ];
  const text = renderWindows(letLoopback(SCRIPT), { ...asked, plan: { frontends } });
  const { stdout, exitCode } = await engine.runScript(state, text);
  t.is(exitCode, 0, stdout);
  t.regex(stdout, /"0;R;=;o\d{1,3};=;r;127\.0\.0\.1","1;R;=;f\d{1,4};=;n;"/);
  while (ended === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(sockets.size, 1);
  t.is(ended, 1);
  await new Promise((resolve) => server.close(resolve));
});
