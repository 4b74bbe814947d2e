/** The table of costs in docs/deploy.md: `npm run bench -- cost` prints it. */
import type { Month } from './month.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** A line for an estate of one size. */
export const costLine = (month: Month): string =>
  `| ${[
    whole(month.vms),
    whole(month.executions),
    whole(month.gbSeconds),
    whole(month.storageCalls),
    whole(month.armCalls),
    whole(month.commands),
    month.logGb.toFixed(2),
    month.functionsDollars.toFixed(2),
  ].join(' | ')} |`;

export const COST_HEAD =
  '| VMs | executions | GB s | requests to storage | requests to Azure Resource Manager | commands in guests | log, GB | Function app, USD |\n|---|---|---|---|---|---|---|---|';
