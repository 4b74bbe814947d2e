/** Random histories over random estates, in which anything may happen: what must hold whatever it was. */
import test from 'ava';
import fc from 'fast-check';
import { disagreements, recovery } from '../helpers/agreement.ts';
import { anything, estate, History } from '../helpers/histories.ts';
import { HISTORIES, parameters, tell } from '../helpers/seed.ts';

test('whatever happens: nothing lost, nothing doubled, and what runs say is what guests were', async (t) => {
  t.timeout(1_200_000);
  tell(t, HISTORIES);
  let happened = 0;
  await fc.assert(
    fc.asyncProperty(estate, fc.array(anything, { minLength: 1, maxLength: 30, size: 'max' }), async (plan, acts) => {
      const history = new History(plan);
      await history.play(acts);
      await history.untilQuiet();
      happened += history.world.happened.length;
      const found = await disagreements(history);
      if (found.length > 0) throw new Error(`${found.join('; ')} [${history.world.happened.join(', ')}]`);
      const left = await recovery(history);
      if (left.length > 0) throw new Error(`${left.join('; ')} [${history.world.happened.join(', ')}]`);
    }),
    parameters(HISTORIES),
  );
  t.log(`${happened} kills, stalls, failures and conflicts in them`);
  t.true(happened > 0);
});
