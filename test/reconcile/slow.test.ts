/** Azure answers slower than a lease reaches: the loop that waits for it is not overtaken by the next one, for ever. */
import { mock } from 'node:test';
import test from 'ava';
import { bellMessage, type ReconcileMessage } from '../../shared/model/messages.ts';
import { reconcile } from '../../shared/reconcile/loop.ts';
import { SUBSCRIPTION, World } from '../helpers/world.ts';

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Many mirrors, on time that passes while calls wait: each message is handled when it comes, beside what goes on. */
class SlowWorld extends World {
  readonly errors: unknown[] = [];
  readonly slow = { topologyMs: 0, healthMs: 0 };

  begin(message: ReconcileMessage): void {
    const ports = this.ports();
    const { topology, health } = ports;
    ports.topology = { read: (id) => later(this.slow.topologyMs).then(() => topology.read(id)) };
    ports.health = { read: (id) => later(this.slow.healthMs).then(() => health.read(id)) };
    reconcile(message, ports, this.settings).catch((error: unknown) => this.errors.push(error));
  }

  /** So many seconds, with the minute's bell. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      if (second % 60 === 0) this.bell();
      const due = this.queue.filter(({ at }) => at <= this.now);
      this.queue.splice(0, this.queue.length, ...this.queue.filter(({ at }) => at > this.now));
      for (const { message } of due) this.begin(message);
      for (let i = 0; i < 30; i += 1) await turn();
      this.now += 1000;
      mock.timers.tick(1000);
    }
  }
}

test.beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
test.afterEach.always(() => mock.timers.reset());

for (const [what, slow] of [
  ['health that takes its 20 s for each of 40 mirrors', { topologyMs: 0, healthMs: 20_000 }],
  ['lists that take 100 s', { topologyMs: 100_000, healthMs: 0 }],
] as const) {
  test.serial(`${what}: a signal is done all the same`, async (t) => {
    const vms = Array.from({ length: 40 }, (_, i) => `vm${i}`);
    const world = new SlowWorld(
      vms,
      vms.map((vm, i) => ({ name: `m${i}`, vip: `10.0.9.${i}`, members: [vm], primary: vm })),
    );
    Object.assign(world.slow, slow);
    const runId = world.manual('apply', 'vm7');
    await world.pass(1500);
    t.deepEqual(world.errors, []);
    t.like(await world.runRow(runId), { state: 'settled', counts: { repaired: 1 } });
    t.is(world.log.filter(({ step }) => step === 'lease-lost').length, 0);
    t.deepEqual(world.sent(), ['apply vm7']);
    t.false(world.queue.some(({ message }) => message.kind === 'signal'));
  });
}

test.serial('a reading that hangs for ever is left to another loop after ten minutes', async (t) => {
  const world = new SlowWorld(['vm0'], [{ name: 'm0', vip: '10.0.9.0', members: ['vm0'], primary: 'vm0' }]);
  world.slow.topologyMs = 86_400_000;
  const runId = world.manual('apply', 'vm0');
  await world.pass(30);
  world.slow.topologyMs = 0;
  await world.pass(540);
  t.is((await world.runRow(runId)).state, 'accepted');
  await world.pass(240);
  t.like(await world.runRow(runId), { state: 'settled', counts: { repaired: 1 } });
});

test.serial('a loop that lost its lease while it read does nothing', async (t) => {
  const world = new SlowWorld(['vm0'], [{ name: 'm0', vip: '10.0.9.0', members: ['vm0'], primary: 'vm0' }]);
  world.slow.topologyMs = 30_000;
  world.manual('apply', 'vm0');
  await world.pass(1);
  const found = await world.store.leases.get('lease', SUBSCRIPTION);
  await world.store.leases.put(
    'lease',
    SUBSCRIPTION,
    { ...(found?.row as object), holder: 'another' } as never,
    found?.etag,
  );
  await world.pass(29);
  world.begin(bellMessage(SUBSCRIPTION));
  await world.pass(10);
  t.deepEqual(world.errors, []);
  t.true(world.log.some(({ step }) => step === 'lease-lost'));
  t.deepEqual(world.sent(), []);
});
