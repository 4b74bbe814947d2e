/** The script's three modes on real network stacks, with every rp_filter. */
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { setRpFilter } from '../../simulator/guests/steps.ts';
import { connectTo, filesOf, guard, PI, planOf, shell, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

const RULES = `0:	not from 10.0.1.10 to 10.0.1.11 iif lo lookup local
32759:	not from 10.0.1.10 to 10.0.1.11 iif lo goto 32761 proto 201
32760:	from all lookup 7202 proto 201
32761:	not from 10.0.1.11 iif lo goto 32763 proto 201
32762:	from all lookup 7201 proto 201
32763:	not from 0.0.0.0 iif lo goto 32765 proto 201
32764:	from all lookup 7201 proto 201
32765:	from all to 10.0.1.11 iif lo lookup local proto 201
32766:	from all lookup main
32767:	from all lookup default
`;

for (const rpFilter of [0, 1, 2]) {
  kernelTest(`check, apply, apply again, check, remove, with rp_filter ${rpFilter}`, async (t) => {
    const lab = await freshLab();
    await setRpFilter(lab, 'vm-a', rpFilter);
    const asBooted = await snapshot(lab, 'vm-a');
    t.is(await filesOf(lab, 'vm-a'), '');

    const found = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
    t.is(found.exitCode, 0);
    t.is(await snapshot(lab, 'vm-a'), asBooted, 'check changes nothing');
    for (const path of found.report.paths) {
      t.deepEqual(path.before, ['route-missing', 'reply-route', 'reply-rule', 'lookup-rule', 'script-changed']);
      t.deepEqual(path.after, path.before);
      t.is(path.connectBefore.outcome, 'timeout');
      t.is(path.source, '10.0.1.10');
      t.is(path.proof, 'none');
    }

    const applied = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.is(applied.exitCode, 0, applied.stderr);
    t.is(applied.report.changed, 14, 'two VIP routes, a reply route, seven rules, the one at 0, three files');
    for (const path of applied.report.paths) {
      t.deepEqual(path.after, []);
      t.is(path.connectBefore.outcome, 'timeout');
      t.is(path.connectAfter.outcome, 'ok');
      t.is(path.source, '10.0.1.11');
      t.is(path.proof, 'self');
    }
    t.is((await shell(lab, 'vm-a', 'ip rule')).replaceAll(/ +$/gm, ''), RULES);
    t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'ok', 'an application connects');
    t.is((await connectTo(lab, 'vm-a', PI)).outcome, 'ok');

    const asApplied = await snapshot(lab, 'vm-a');
    for (const mode of ['apply', 'check'] as const) {
      const again = await guard(lab, 'vm-a', mode, planOf('vm-a'));
      t.is(again.report.changed, 0);
      t.is(await snapshot(lab, 'vm-a'), asApplied, `a second look changes nothing: ${mode}`);
      for (const path of again.report.paths) {
        t.deepEqual([path.before, path.after, path.connectBefore.outcome, path.proof], [[], [], 'ok', 'self']);
        t.deepEqual(path.connectAfter, path.connectBefore, 'no second connect');
      }
    }

    const removed = await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
    t.is(removed.exitCode, 0);
    t.deepEqual(
      removed.report.paths.map((path) => [path.before, path.after]),
      [
        [['leftover'], []],
        [['leftover'], []],
      ],
    );
    t.is(await snapshot(lab, 'vm-a'), asBooted, 'byte for byte as it booted');
    t.is(await filesOf(lab, 'vm-a'), '/run/ilb-hairpin-guard\n', 'an empty folder in memory is all');
    const nothing = await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
    t.is(nothing.report.changed, 0);
    t.deepEqual(
      nothing.report.paths.map((path) => path.before),
      [[], []],
    );
  });
}

kernelTest(
  'while the primary is elsewhere the connect works before and after, and the proof says remote',
  async (t) => {
    const lab = await freshLab();
    const { report } = await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
    for (const path of report.paths) {
      t.is(path.connectBefore.outcome, 'ok');
      t.is(path.connectAfter.outcome, 'ok');
      t.is(path.source, '10.0.1.21');
      t.is(path.proof, 'remote');
    }
    // The failover comes, and nothing needs doing.
    await lab.setPrimary('UCR', 'vm-b');
    await lab.setPrimary('PI', 'vm-b');
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const after = await guard(lab, 'vm-b', 'check', planOf('vm-b'));
    t.is(after.report.changed, 0);
    t.deepEqual(
      after.report.paths.map((path) => [path.connectBefore.outcome, path.proof]),
      [
        ['ok', 'self'],
        ['ok', 'self'],
      ],
    );
  },
);

kernelTest('the connections that prove went through the load balancer', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await lab.resetCounters();
  const { report } = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.deepEqual(
    report.paths.map((path) => path.proof),
    ['self', 'self'],
  );
  t.deepEqual(
    (await lab.counters()).map(({ vip, flows }) => [vip, flows]),
    [
      [UCR, 1],
      [PI, 1],
    ],
  );
});

kernelTest('a plan that shrank or moved leaves nothing stale, and what stays keeps working', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  const shrunk = await guard(lab, 'vm-a', 'apply', planOf('vm-a', [PI]));
  t.is(shrunk.report.changed, 2, 'a route, the plan file');
  t.deepEqual(shrunk.report.paths[0]?.before, ['leftover', 'script-changed']);
  t.deepEqual(shrunk.report.paths[0]?.after, []);
  t.false((await snapshot(lab, 'vm-a')).includes(UCR));
  t.is((await connectTo(lab, 'vm-a', PI)).outcome, 'ok');
  await lab.reset();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a', [PI]));
  const direct = await snapshot(lab, 'vm-a');
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await guard(lab, 'vm-a', 'apply', planOf('vm-a', [PI]));
  t.is(await snapshot(lab, 'vm-a'), direct, 'there and back');
});
