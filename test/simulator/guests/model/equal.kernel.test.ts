/**
 * The model is held equal to the kernel: random states, plans, disturbances and connects run on both, and everything that
 * can be seen is compared. HAIRPIN_SEED repeats a run, HAIRPIN_RUNS makes it longer.
 */
import fc from 'fast-check';
import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { startModelLab } from '../../../../simulator/guests/model/lab.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { articleEstate, twoPoolsEstate, twoRoleEstate } from '../estates.ts';
import { difference, fastProbes } from './outcomes.ts';
import { type Scenario, scenarios } from './scenarios.ts';

const seed = Number(process.env.HAIRPIN_SEED ?? Date.now() % 1_000_000);
const numRuns = Number(process.env.HAIRPIN_RUNS ?? 15);

for (const [name, estateOf] of [
  ['the article’s estate', articleEstate],
  ['an estate whose NICs have two roles', twoRoleEstate],
  ['an estate with two rules on a pool each', twoPoolsEstate],
] as const)
  testNeeding(KERNEL)(
    `model and kernel are equal in ${numRuns} random scenarios of ${name} (seed ${seed})`,
    async (t) => {
      t.timeout(numRuns * 20_000);
      const estate = estateOf(fastProbes);
      const [kernel, model] = await Promise.all([startKernelLab({ estate }), startModelLab({ estate })]);
      const told = (scenario: Scenario, found: string) =>
        [`seed ${seed}, primary ${scenario.primary}`, ...scenario.steps.map((step) => step.join(' ')), found].join(
          '\n',
        );
      try {
        for (const scenario of fc.sample(scenarios, { seed, numRuns })) {
          const found = await difference(kernel, model, scenario);
          t.is(found && told(scenario, found), undefined);
        }
      } finally {
        await Promise.all([kernel.stop(), model.stop()]);
      }
    },
  );
