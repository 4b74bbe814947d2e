/** What a month costs: counted from the loop over Azurite, and told in docs/deploy.md. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { countHour } from '../../bench/cost/hour.ts';
import { monthOf } from '../../bench/cost/month.ts';
import { costLine } from '../../bench/cost/table.ts';

for (const vms of [10, 100]) {
  test.serial(`docs/deploy.md tells for ${vms} VMs what an hour of them is counted to take`, async (t) => {
    t.timeout(300_000);
    const hour = await countHour(vms);
    t.true(hour.messages >= 61, 'each minute’s bell and the sweep');
    t.is(hour.executions, hour.messages + 61);
    t.true(hour.readings >= 1, 'the sweep reads the estate');
    const docs = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    t.true(docs.includes(costLine(monthOf(hour))), costLine(monthOf(hour)));
  });
}
