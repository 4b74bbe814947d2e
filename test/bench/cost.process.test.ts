/** What a month costs: counted from the loop over Azurite, and told in docs/deploy.md. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { countHour } from '../../bench/cost/hour.ts';
import { monthOf } from '../../bench/cost/month.ts';
import { costLine } from '../../bench/cost/table.ts';

test('docs/deploy.md tells for 10 VMs what an hour of them is counted to take', async (t) => {
  t.timeout(300_000);
  const hour = await countHour(10);
  t.true(hour.messages >= 61, 'each minute’s bell and the sweep');
  t.is(hour.executions, hour.messages + 61);
  const docs = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
  t.true(docs.includes(costLine(monthOf(hour))), costLine(monthOf(hour)));
});
