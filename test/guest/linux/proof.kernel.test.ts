/** What makes a proof: the accepted socket of this guest, in whatever form it shows, and nothing else. */
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { until } from '../../simulator/guests/steps.ts';
import { connectTo, END, guard, NICS, planOf, STANDS, shell } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const VIP = '10.0.1.110';
/** A third frontend, 10.0.1.110:7000, for servers that the tests start on port 7777. */
const estate = articleEstate((it) => {
  const [balancer] = it.loadBalancers;
  const pool = balancer?.pools[0];
  if (!balancer || !pool) throw new Error('the article has a pool');
  balancer.frontends.push({ name: 'own', address: VIP });
  balancer.probes.push({ name: 'own', protocol: 'Tcp', port: 7777, intervalSeconds: 1, threshold: 2 });
  balancer.rules.push({
    name: 'own',
    frontend: 'own',
    pool: pool.name,
    probe: 'own',
    protocol: 'Tcp',
    frontendPort: 7000,
    backendPort: 7777,
  });
});
const freshLab = labOf(startKernelLab, estate);

const plan = [{ vip: VIP, port: 7000, backends: [NICS['vm-a'].backend], via: NICS['vm-a'].via }];

/** Starts a server in a guest and waits for the probe. `body` is what it does with a connection `c`. */
async function serve(lab: GuestLab, vm: string, address: string, body: string): Promise<void> {
  await shell(
    lab,
    vm,
    `setsid ${process.execPath} -e "require('net').createServer((c) => { c.on('error', () => {}); ${body} }).listen(7777, '${address}')" >/dev/null 2>&1 </dev/null &`,
  );
  const up = async () => (await lab.health('lb', 'own')).some((it) => it.up && it.member?.startsWith(`${vm}/`));
  await until(`the probe of ${vm}'s server`, up);
}

for (const [what, address, body] of [
  ['a listener for IPv4', '0.0.0.0', 'c.resume()'],
  ['a listener for both families, whose peers are v4-mapped', '::', 'c.resume()'],
  ['a listener on the backend address alone', NICS['vm-a'].backend.ip, 'c.resume()'],
  ['a server that greets and hangs up', '::', "c.end('bye')"],
] as const) {
  kernelTest(`proved by ${what}`, async (t) => {
    const lab = await freshLab();
    await serve(lab, 'vm-a', address, body);
    const { report } = await guard(lab, 'vm-a', 'apply', plan);
    const [path] = report.paths;
    t.is(path?.connectAfter.outcome, 'ok');
    t.is(path?.source, NICS['vm-a'].via.ip);
    t.is(path?.proof, 'self');
  });
}

kernelTest(
  'a connection that is reset at once may be gone before it is seen: then nothing is said of where it went',
  async (t) => {
    const lab = await freshLab();
    await serve(lab, 'vm-a', '0.0.0.0', 'c.resetAndDestroy()');
    for (let turn = 0; turn < 3; turn += 1) {
      const { report } = await guard(lab, 'vm-a', turn === 0 ? 'apply' : 'check', plan);
      const [path] = report.paths;
      t.not(path?.proof, 'remote');
      if (path?.connectAfter.outcome === 'ok') t.is(report.warnings.includes('sockets-unread'), path.proof === 'none');
    }
  },
);

kernelTest('another connection between the same addresses is no proof', async (t) => {
  const lab = await freshLab();
  await serve(lab, 'vm-b', '0.0.0.0', 'c.resume()');
  // UCR is primary here: an application's own connection through its VIP leads back, from the via address.
  await guard(lab, 'vm-a', 'apply', [...planOf('vm-a'), ...plan]);
  const standing = lab.exec('vm-a', [process.execPath, '-e', `require('net').connect(1972, '10.0.1.100'); ${STANDS}`]);
  await until(
    'the connection',
    async () => (await shell(lab, 'vm-a', 'ss -Htn src 10.0.1.10 and dst 10.0.1.11')) !== '',
  );
  const { report } = await guard(lab, 'vm-a', 'check', plan);
  t.is(report.paths[0]?.connectBefore.outcome, 'ok');
  t.is(report.paths[0]?.proof, 'remote');
  await shell(lab, 'vm-a', `touch ${END}`);
  await standing;
});

kernelTest('the same port towards two VIPs: what leads elsewhere is not taken for what leads here', async (t) => {
  const lab = await freshLab();
  await serve(lab, 'vm-b', '0.0.0.0', 'c.resume()');
  const all = [...planOf('vm-a'), ...plan];
  await guard(lab, 'vm-a', 'apply', all);
  // One port for every connect: towards UCR and PI it leads back to this guest, towards the third VIP to vm-b.
  await shell(lab, 'vm-a', 'echo 40000 40001 >/proc/sys/net/ipv4/ip_local_port_range');
  const proofs = new Set<string>();
  for (let turn = 0; turn < 4; turn += 1) {
    const { report } = await guard(lab, 'vm-a', 'check', all);
    const third = report.paths[2];
    if (third?.connectBefore.outcome === 'ok') proofs.add(third.proof);
  }
  t.false(proofs.has('self'));
});

kernelTest('when its time is up it says so, with what it knows', async (t) => {
  const lab = await freshLab();
  const real = (await shell(lab, 'vm-a', 'type -P ip')).trim();
  await shell(
    lab,
    'vm-a',
    `printf '#!/bin/bash\\nsleep 0.7\\nexec ${real} "$@"\\n' >/usr/local/sbin/ip; chmod 755 /usr/local/sbin/ip`,
  );
  const run = await guard(lab, 'vm-a', 'apply', planOf('vm-a'), (script) =>
    script.replace('TOTAL_SECONDS=60', 'TOTAL_SECONDS=5'),
  );
  t.is(run.exitCode, 1);
  t.is(run.report.errorCode, 'TIME_IS_UP');
  t.is(run.report.paths.length, 2);
  await shell(lab, 'vm-a', 'rm /usr/local/sbin/ip');
  const { report } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(
    report.paths.map((path) => [path.after, path.proof]),
    [
      [[], 'self'],
      [[], 'self'],
    ],
  );
  t.is((await connectTo(lab, 'vm-a', '10.0.1.100')).outcome, 'ok');
});
