/**
 * What a month costs, by what one hour was counted to take: `npm run bench -- cost`. The hour of 10,000 VMs, which would
 * take half an hour to count, is reckoned from those of 100 and 1,000.
 */
import { countHour } from './cost/hour.ts';
import { reckonHour } from './cost/law.ts';
import { type Month, monthOf } from './cost/month.ts';
import { COST_HEAD, costLine } from './cost/table.ts';
import { type BenchRow, row } from './rows.ts';

const LARGE = 10_000;

export async function bench(): Promise<BenchRow[]> {
  const [ten, hundred, thousand] = [await countHour(10), await countHour(100), await countHour(1000)];
  const counted = [ten, hundred, thousand].map(monthOf);
  const reckoned = monthOf(reckonHour(LARGE, hundred, thousand));
  console.log([COST_HEAD, ...[...counted, reckoned].map(costLine)].join('\n'));
  return [
    ...counted.flatMap((month) => rowsOf(month, 'one hour counted, 730 times')),
    ...rowsOf(reckoned, 'reckoned from the hours of 100 and 1,000 VMs: what grows with readings and pages by both'),
  ];
}

function rowsOf(month: Month, compared: string): BenchRow[] {
  const of = (what: string, value: number, unit: string) =>
    row(`a month of ${month.vms.toLocaleString('en')} VMs: ${what}`, value, unit, undefined, { compared });
  return [
    of('executions', month.executions, 'executions'),
    of('memory held', month.gbSeconds, 'GB s'),
    of('requests to storage', month.storageCalls, 'calls'),
    of('requests to Azure Resource Manager', month.armCalls, 'calls'),
    of('commands in guests', month.commands, 'commands'),
    of('the app’s own log', month.logGb, 'GB'),
    of('the Function app', month.functionsDollars, 'USD'),
  ];
}
