/** What a month costs, by what one hour was counted to take: `npm run bench -- cost`. */
import { countHour } from './cost/hour.ts';
import { monthOf } from './cost/month.ts';
import { COST_HEAD, costLine } from './cost/table.ts';
import { type BenchRow, row } from './rows.ts';

const SIZES = [10, 1000] as const;

export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const lines: string[] = [];
  for (const vms of SIZES) {
    const month = monthOf(await countHour(vms));
    lines.push(costLine(month));
    const add = (what: string, value: number, unit: string) =>
      rows.push(row(`a month of ${vms.toLocaleString('en')} VMs: ${what}`, value, unit));
    add('executions', month.executions, 'executions');
    add('memory held', month.gbSeconds, 'GB s');
    add('requests to storage', month.storageCalls, 'calls');
    add('requests to Azure Resource Manager', month.armCalls, 'calls');
    add('commands in guests', month.commands, 'commands');
    add('the app’s own log', month.logGb, 'GB');
    add('the Function app', month.functionsDollars, 'USD');
  }
  console.log([COST_HEAD, ...lines].join('\n'));
  return rows;
}
