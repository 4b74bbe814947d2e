/** The load balancer of a lab: probes, failover, power, several healthy members, lies. For either kind of lab. */
import type { LabOptions, PowerLab } from '../../../simulator/guests/lab.ts';
import { articleEstate } from './estates.ts';
import type { Declare } from './hairpinFacts.ts';
import { connectTo, ip, ON_A, PI_VIP, recipe, UCR_VIP, until, upMembers } from './steps.ts';

/** Declares the tests. `fresh` gives a lab of the article's estate as it booted, `start` one of another estate. */
export function balancerFacts(
  declare: Declare,
  fresh: () => Promise<PowerLab>,
  start: (options: LabOptions) => Promise<PowerLab>,
): void {
  declare('a failover moves the backend within the probe window, and only that mirror’s', async (t) => {
    const lab = await fresh();
    t.deepEqual(await upMembers(lab), ['10.0.1.10']);
    await lab.setPrimary('UCR', 'vm-b');
    const [a] = await lab.health('lb', 'ucr');
    t.true(a?.up, 'the probe turns later than the mirror');
    const took = await until('the probes to see vm-b', async () => (await upMembers(lab)).join() === '10.0.1.20');
    // Interval 1 s, threshold 2: one interval at least, less the part of it that was over already.
    t.true(took > 500, `took ${took} ms`);
    t.deepEqual(
      (await lab.health('lb', 'ucr')).map((it) => [it.member, it.reason]),
      [
        ['vm-a/pool/ipconfig', 'Down_Probe_HttpStatusCodeError'],
        ['vm-b/pool/ipconfig', 'Up_Probe_Success'],
      ],
    );
    t.regex((await connectTo(lab, 'vm-a', UCR_VIP)).answer ?? '', /^vm-b\/UCR/);
    t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'timeout', 'now vm-b is the one that cannot');
    t.regex((await connectTo(lab, 'vm-b', PI_VIP)).answer ?? '', /^vm-a\/PI/, 'PI stayed');
  });

  declare('with nobody primary nobody answers', async (t) => {
    const lab = await fresh();
    await lab.setPrimary('UCR', undefined);
    await until('the probes to see nobody', async () => (await upMembers(lab)).length === 0);
    t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'timeout');
    await t.throwsAsync(lab.setPrimary('UCR', 'vm-x'), {
      message: /primary of UCR is "vm-x": running members are vm-a, vm-b/,
    });
    await t.throwsAsync(lab.setPrimary('HSX', 'vm-a'), { message: /mirror is "HSX"/ });
  });

  declare('a lie about health leaves the translation alone; no translation leaves health alone', async (t) => {
    const lab = await fresh();
    await lab.lie({ probeSays: 'vm-b/pool/ipconfig' });
    t.deepEqual(await upMembers(lab), ['10.0.1.20']);
    t.regex((await connectTo(lab, 'vm-b', UCR_VIP)).answer ?? '', /^vm-a/);
    await lab.lie({ noTranslation: true });
    t.deepEqual(await upMembers(lab), ['10.0.1.10']);
    t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'timeout');
    await lab.lie({});
    t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'ok');
  });

  declare('a VM that is off is dead on the wire and boots afresh with backup instances', async (t) => {
    const lab = await fresh();
    await ip(lab, 'vm-a', ...recipe(ON_A));
    await lab.setPower('vm-a', 'off');
    await lab.setPower('vm-a', 'off');
    await t.throwsAsync(lab.exec('vm-a', ['true']), { message: /it is not running/ });
    await until('the probes to see nobody', async () => (await upMembers(lab)).length === 0);
    const [a] = await lab.health('lb', 'ucr');
    t.is(a?.reason, 'Down_Probe_HttpEndpointUnreachable');
    t.is((await connectTo(lab, 'vm-b', '10.0.1.10')).outcome, 'timeout');
    await t.throwsAsync(lab.setPrimary('UCR', 'vm-a'), { message: /running members are vm-b/ });
    await lab.setPower('vm-a', 'on');
    t.is((await connectTo(lab, 'vm-b', '10.0.1.10')).outcome, 'ok');
    t.notRegex(await ip(lab, 'vm-a', 'rule show'), /proto 201/, 'nothing of the recipe survived');
    await lab.setPrimary('UCR', 'vm-a');
    await until('the probes to see vm-a', async () => (await upMembers(lab)).join() === '10.0.1.10');
  });

  declare('a TCP probe sees the primary by its open port', async (t) => {
    const lab = await start({
      estate: articleEstate((estate) => {
        Object.assign(estate.loadBalancers[0]?.probes[0] ?? {}, { protocol: 'Tcp', port: 1972 });
      }),
    });
    try {
      t.deepEqual(
        (await lab.health('lb', 'ucr')).map((it) => it.reason),
        ['Up_Probe_Success', 'Down_Probe_TcpConnectError'],
      );
      await lab.setPrimary('UCR', 'vm-b');
      await until('the probes to see vm-b', async () => (await upMembers(lab)).join() === '10.0.1.20');
    } finally {
      await lab.stop();
    }
  });

  declare('several healthy members share the flows; a member without a probe is always up', async (t) => {
    const lab = await start({
      estate: articleEstate((estate) => {
        for (const rule of estate.loadBalancers[0]?.rules ?? []) delete rule.probe;
      }),
    });
    try {
      t.deepEqual([...new Set((await lab.health('lb', 'ucr')).map((it) => it.reason))], ['Up_Admin']);
      await ip(lab, 'vm-a', ...recipe(ON_A));
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => connectTo(lab, 'vm-a', UCR_VIP, { timeoutMs: 20_000 })),
      );
      const byVm = Map.groupBy(answers, (it) => it.answer?.split('/')[0] ?? it.outcome);
      t.deepEqual([...byVm.keys()].sort(), ['vm-a', 'vm-b'], 'each of 40 flows was answered, by both members');
      const [counted] = await lab.counters();
      t.is(counted?.flows, 40);
    } finally {
      await lab.stop();
    }
  });

  declare(
    'a member whose admin state is Up shares the flows with the primary; one that is Down gets none',
    async (t) => {
      const lab = await start({
        estate: articleEstate((estate) => {
          const [balancer] = estate.loadBalancers;
          const [members] = balancer?.pools ?? [];
          const [, pi] = balancer?.rules ?? [];
          if (!members || !pi) throw new Error('the article has pools and rules');
          members.adminStates = { 'vm-b/pool/ipconfig': 'Up' };
          balancer?.pools.push({
            name: 'held',
            members: members.members,
            adminStates: { 'vm-a/pool/ipconfig': 'Down' },
          });
          pi.pool = 'held';
        }),
      });
      try {
        await until('the probe of vm-a', async () => (await upMembers(lab)).length === 2);
        t.deepEqual(
          (await lab.health('lb', 'ucr')).map((it) => it.reason),
          ['Up_Probe_Success', 'Up_Admin'],
        );
        await ip(lab, 'vm-a', ...recipe(ON_A));
        const connect = () => connectTo(lab, 'vm-a', UCR_VIP, { timeoutMs: 20_000 });
        const answers = await Promise.all(Array.from({ length: 40 }, connect));
        t.deepEqual([...new Set(answers.map((it) => it.answer?.split('/')[0]))].sort(), ['vm-a', 'vm-b']);
        t.is((await lab.health('lb', 'pi'))[0]?.reason, 'Down_Admin');
        t.is((await connectTo(lab, 'vm-b', PI_VIP)).outcome, 'timeout', 'its primary is held down');
      } finally {
        await lab.stop();
      }
    },
  );

  declare('a rule for all ports keeps the port', async (t) => {
    const lab = await start({
      estate: articleEstate((estate) => {
        const [rule] = estate.loadBalancers[0]?.rules ?? [];
        if (rule) Object.assign(rule, { protocol: 'All', frontendPort: 0, backendPort: 0 });
      }),
    });
    try {
      t.regex((await connectTo(lab, 'vm-b', UCR_VIP)).answer ?? '', /^vm-a\/UCR/);
      t.regex((await connectTo(lab, 'vm-b', UCR_VIP, { port: 51773 })).answer ?? '', /^vm-a\/PI/);
      t.is((await connectTo(lab, 'vm-b', UCR_VIP, { port: 9 })).outcome, 'refused');
    } finally {
      await lab.stop();
    }
  });
}
