/** The program's own script in modelled guests: it must not notice that they are no machines. */
import test from 'ava';
import { renderScript } from '../../../../shared/guest/render.ts';
import { parseReport } from '../../../../shared/guest/report.ts';
import type { GuestCommand, GuestMode, GuestPlan, GuestReport } from '../../../../shared/model/guest.ts';
import type { GuestLab } from '../../../../simulator/guests/lab.ts';
import { startModelLab } from '../../../../simulator/guests/model/lab.ts';
import { labOf } from '../labOf.ts';
import { connectTo, ip, PI_VIP, UCR_VIP, until } from '../steps.ts';

const fresh = labOf(startModelLab);
const nics = {
  backends: [{ ip: '10.0.1.10', mac: '00:0d:3a:00:0a:01' }],
  via: { ip: '10.0.1.11', mac: '00:0d:3a:00:0a:02' },
};

async function guard(lab: GuestLab, mode: GuestMode, of: Partial<GuestPlan> = {}): Promise<GuestReport> {
  const command: GuestCommand = {
    commandId: '0'.repeat(32),
    mode,
    plan: { frontends: [UCR_VIP, PI_VIP].map((vip) => ({ vip, port: 1972, ...nics })), ...of },
    limits: { connectSeconds: 2, totalSeconds: 60 },
  };
  return parseReport((await lab.runScript('vm-a', renderScript('linux', command), 120)).stdout, command);
}

test.serial('it finds the drift, repairs it, proves it by sockets, and takes it away', async (t) => {
  const lab = await fresh();
  const checked = await guard(lab, 'check');
  t.deepEqual(checked.errorCode, undefined);
  t.deepEqual(
    checked.paths.map((it) => [it.connectBefore.outcome, it.proof]),
    [
      ['timeout', 'none'],
      ['timeout', 'none'],
    ],
  );
  for (const drift of ['route-missing', 'reply-route', 'reply-rule', 'lookup-rule'] as const)
    t.true(checked.paths[0]?.before.includes(drift), drift);

  const applied = await guard(lab, 'apply');
  t.deepEqual(
    applied.paths.map((it) => [it.after.length, it.connectAfter.outcome, it.proof, it.source]),
    [
      [0, 'ok', 'self', '10.0.1.11'],
      [0, 'ok', 'self', '10.0.1.11'],
    ],
  );
  t.regex((await connectTo(lab, 'vm-a', UCR_VIP)).answer ?? '', /^vm-a\/UCR 10\.0\.1\.11:/);
  t.is((await guard(lab, 'apply')).changed, 0);

  await guard(lab, 'remove');
  t.notRegex(await ip(lab, 'vm-a', 'rule show', 'route show table all'), /201/);
});

test.serial('a lost route is found and mended; with the primary elsewhere the proof is remote', async (t) => {
  const lab = await fresh();
  await guard(lab, 'apply');
  await ip(lab, 'vm-a', `route del ${UCR_VIP} table 7201`);
  const { paths, changed } = await guard(lab, 'apply');
  t.deepEqual(
    paths.map((it) => it.before),
    [['route-missing'], []],
  );
  t.is(changed, 1);
  await lab.setPrimary('UCR', 'vm-b');
  await lab.setPrimary('PI', 'vm-b');
  const upOf = async (rule: string) => (await lab.health('lb', rule)).filter((it) => it.up).map((it) => it.address);
  const moved = async () => `${await upOf('ucr')} ${await upOf('pi')}` === '10.0.1.20 10.0.1.20';
  await until('the probes to see both on vm-b', moved);
  t.deepEqual(
    (await guard(lab, 'check')).paths.map((it) => [it.connectBefore.outcome, it.proof]),
    [
      ['ok', 'remote'],
      ['ok', 'remote'],
    ],
  );
});

test.serial(
  'a plan with containers on a VM that answers itself is taken back; where nobody is cut off it is set, and taken away',
  async (t) => {
    const lab = await fresh();
    const rules = () => ip(lab, 'vm-a', 'rule show');
    const before = await rules();
    await guard(lab, 'apply');
    const plain = await rules();
    const containers = '172.17.0.0/16';
    t.is((await guard(lab, 'apply', { containers })).errorCode, 'CHANGE_FAILED');
    t.is(await rules(), plain);

    // Without ports: no connects.
    const frontends = [UCR_VIP, PI_VIP].map((vip) => ({ vip, ...nics }));
    const { errorCode, paths } = await guard(lab, 'apply', { containers, frontends });
    t.deepEqual([errorCode, paths.map((it) => it.after)], [undefined, [[], []]]);
    t.regex(await rules(), /^0:\s+not from 172\.17\.0\.0\/16 to 10\.0\.1\.11 lookup local\n(?!0:)/);
    t.is((await guard(lab, 'apply', { containers, frontends })).changed, 0);
    await guard(lab, 'apply');
    t.is(await rules(), plain);
    await guard(lab, 'apply', { containers, frontends });
    await guard(lab, 'remove', { containers, frontends });
    t.is(await rules(), before);
  },
);
