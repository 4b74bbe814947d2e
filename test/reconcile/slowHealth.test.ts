/** Rule health that Azure answers long after it was asked: the question is kept and gone on with, and never put anew. */
import test from 'ava';
import { AzureError } from '../../shared/errors.ts';
import type { FrontendRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import type { LoopPorts } from '../../shared/reconcile/loop.ts';
import { frontendId, SUBSCRIPTION, World } from '../helpers/world.ts';

/** Health is as it was when it was asked, and told so many milliseconds later. */
class LateWorld extends World {
  lateMs = 20_000;
  questions = 0;
  readonly locations = new Map<string, { at: number; answer: ReturnType<World['health']> }>();
  /** Thrown when a question is gone on with. */
  fault: AzureError | undefined;

  override ports(): LoopPorts {
    const ports = super.ports();
    ports.health = {
      read: async (ruleId, known) => {
        this.healthReads += 1;
        let location = known;
        if (location === undefined) {
          this.questions += 1;
          location = `https://management.azure.com/${this.questions}`;
          this.locations.set(location, { at: this.now, answer: this.health(ruleId) });
        } else if (this.fault) throw this.fault;
        const asked = this.locations.get(location);
        if (!asked) throw new Error(`nobody knows ${location}`);
        return this.now - asked.at >= this.lateMs ? asked.answer : { location, retryAfterSeconds: 20 };
      },
    };
    return ports;
  }

  async frontend(): Promise<FrontendRow | undefined> {
    return (await this.store.frontends.get(SUBSCRIPTION, rowKey(frontendId('ucr'))))?.row;
  }
}

const late = (): LateWorld =>
  new LateWorld(['hs-a', 'hs-b'], [{ name: 'ucr', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' }]);

test('without any run, an answer that takes 20 s is there after 25 s, by one question', async (t) => {
  const world = late();
  world.sweep();
  await world.run(1000);
  await world.run(25_000);
  t.is((await world.frontend())?.primaryAddress, '10.0.1.10');
  const { questions } = world;
  world.now += 120_000;
  world.bell();
  await world.run(0);
  t.is(world.questions, questions + 1, 'watched: asked once');
  await world.run(19_000);
  t.true((await world.frontend())?.asking !== undefined);
  await world.run(10_000);
  t.like(await world.frontend(), { asking: undefined, primaryAddress: '10.0.1.10' });
  t.is(world.questions, questions + 1, 'and never anew');
});

test('a failover is confirmed by health that takes 20 s', async (t) => {
  const world = late();
  world.sweep();
  await world.run(600_000);
  const runId = world.failover('ucr', 'hs-b');
  await world.run(120_000);
  t.like((await world.runRow(runId)).confirmation, { state: 'confirmed' });
  t.false(world.log.some((line) => line.step === 'health-unknown'));
});

test('an answer to a question from before the failover neither confirms nor refuses it', async (t) => {
  const world = late();
  world.sweep();
  await world.run(600_000);
  world.now += 60_000;
  world.bell();
  await world.run(0);
  t.true((await world.frontend())?.asking !== undefined, 'asked before the failover');
  world.now += 10_000;
  const [mirror] = world.mirrors;
  const runId = world.failover('ucr', 'hs-b');
  // The probes turn only later: what was asked until then shows the primary before.
  if (mirror) mirror.primary = 'hs-a';
  await world.run(12_000);
  if (mirror) mirror.primary = 'hs-b';
  await world.run(5000);
  t.is((await world.runRow(runId)).confirmation?.state, 'pending');
  await world.run(120_000);
  t.like((await world.runRow(runId)).confirmation, { state: 'confirmed' });
});

test('a question that cannot be gone on with for a moment is kept; one that Azure lost is put anew', async (t) => {
  const answer = (status: number) =>
    new AzureError({ status, azureCode: 'Test', action: 'read', message: `answered ${status}` });
  const world = late();
  world.sweep();
  await world.run(1000);
  const first = (await world.frontend())?.asking?.location;
  world.fault = answer(0);
  await world.run(10_000);
  t.is((await world.frontend())?.asking?.location, first);
  world.fault = answer(404);
  await world.run(6000);
  t.is((await world.frontend())?.asking, undefined);
  world.fault = undefined;
  world.now += 60_000;
  world.bell();
  await world.run(60_000);
  t.true(world.questions > 1);
  t.is((await world.frontend())?.primaryAddress, '10.0.1.10');
});

test('a ceiling for questions does not count how often an answer is asked for', async (t) => {
  const world = late();
  world.settings.healthPerMinute = 1;
  world.sweep();
  await world.run(50_000);
  t.is(world.questions, 1);
  t.true(world.healthReads > 3);
  t.is((await world.frontend())?.primaryAddress, '10.0.1.10');
});
