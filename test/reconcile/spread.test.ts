/**
 * Random histories over mirrors whose members and load balancer lie in two subscriptions, each with a loop of its own:
 * what holds for one loop holds for both, and members of a mirror are never changed at once.
 */
import test from 'ava';
import fc from 'fast-check';
import { disagreements, recovery, unkept } from '../helpers/agreement.ts';
import { anything, History, healthy, spreadEstate } from '../helpers/histories.ts';
import { HISTORIES, parameters, tell } from '../helpers/seed.ts';

const COUNT = Math.ceil(HISTORIES / 5);

test('two subscriptions, whatever happens', async (t) => {
  t.timeout(1_200_000);
  tell(t, COUNT);
  const acts = fc.array(anything, { minLength: 1, maxLength: 30, size: 'max' });
  await fc.assert(
    fc.asyncProperty(spreadEstate, acts, async (plan, played) => {
      const history = new History(plan);
      await history.play(played);
      await history.untilQuiet();
      const found = await disagreements(history);
      if (found.length > 0) throw new Error(`${found.join('; ')} [${history.world.happened.join(', ')}]`);
      const left = await recovery(history);
      if (left.length > 0) throw new Error(`${left.join('; ')} [${history.world.happened.join(', ')}]`);
    }),
    parameters(COUNT),
  );
  t.pass();
});

test('two subscriptions with healthy guests: every apply ends well', async (t) => {
  t.timeout(1_200_000);
  tell(t, COUNT);
  const acts = fc.array(healthy, { minLength: 1, maxLength: 30, size: 'max' });
  await fc.assert(
    fc.asyncProperty(spreadEstate, acts, async (plan, played) => {
      const history = new History(plan);
      await history.play(played);
      await history.untilQuiet();
      const found = [...(await disagreements(history)), ...(await unkept(history))];
      if (found.length > 0) throw new Error(`${found.join('; ')} [${history.world.happened.join(', ')}]`);
    }),
    parameters(COUNT),
  );
  t.pass();
});
