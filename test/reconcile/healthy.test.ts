/** Random histories in which guests and Azure are well, and only messages and the loop's own ground make trouble. */
import test from 'ava';
import fc from 'fast-check';
import { disagreements, unkept } from '../helpers/agreement.ts';
import { type Act, estate, History, healthy } from '../helpers/histories.ts';
import { HISTORIES, parameters, tell } from '../helpers/seed.ts';
import { SUBSCRIPTION } from '../helpers/world.ts';

const history = fc.array(healthy, { minLength: 1, maxLength: 30, size: 'max' });

async function played(...[plan, acts]: [ConstructorParameters<typeof History>[0], Act[]]): Promise<History> {
  const it = new History(plan);
  await it.play(acts);
  await it.untilQuiet();
  return it;
}

test('kills, races, lost and doubled messages: every apply of a healthy guest ends well', async (t) => {
  t.timeout(1_200_000);
  tell(t, HISTORIES);
  let happened = 0;
  await fc.assert(
    fc.asyncProperty(estate, history, async (plan, acts) => {
      const it = await played(plan, acts);
      happened += it.world.happened.length;
      const found = [...(await disagreements(it)), ...(await unkept(it))];
      if (found.length > 0) throw new Error(`${found.join('; ')} [${it.world.happened.join(', ')}]`);
    }),
    parameters(HISTORIES),
  );
  t.log(`${happened} kills, stalls, failures and conflicts in them`);
  t.true(happened > 0);
});

test('audit mode never changes a guest', async (t) => {
  t.timeout(1_200_000);
  const count = Math.ceil(HISTORIES / 5);
  tell(t, count);
  await fc.assert(
    fc.asyncProperty(estate, history, async (plan, acts) => {
      const it = new History(plan);
      it.world.settings.enforcement = 'audit';
      await it.play(acts);
      await it.untilQuiet();
      const changed = it.world.executions.filter((execution) => execution.mode !== 'check');
      if (changed.length > 0) throw new Error(`changed ${changed.map((item) => item.vm).join(', ')}`);
      if ((await it.world.store.runs.list(SUBSCRIPTION, 'open')).length > 0) throw new Error('a run is still open');
    }),
    parameters(count),
  );
  t.pass();
});

test('once everything is right, another sweep asks for nothing', async (t) => {
  t.timeout(1_200_000);
  const count = Math.ceil(HISTORIES / 5);
  tell(t, count);
  await fc.assert(
    fc.asyncProperty(estate, async (plan) => {
      const it = new History({
        ...plan,
        mirrors: plan.mirrors.map((mirror) => ({ ...mirror, primary: mirror.primary ?? 0 })),
      });
      it.world.sweep();
      await it.untilQuiet();
      const before = it.world.executions.length;
      it.world.sweep();
      await it.untilQuiet();
      const sent = it.world.sent().slice(before);
      if (sent.length > 0) throw new Error(`sent again: ${sent.join(', ')}`);
    }),
    parameters(count),
  );
  t.pass();
});
