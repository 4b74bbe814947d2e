/** From an hour that was counted to the bill of a month. Pure. */
import { CALLS } from '../../shared/model/batches.ts';
import type { Hour } from './hour.ts';

/** An average month of Azure's price lists, hours. */
export const HOURS = 730;
/** Instance memory that the template takes by itself, GB. */
const MEMORY_GB = 2;

/**
 * On demand prices of Flex Consumption, US dollars, and what is free each month, as told in "Azure Functions pricing:
 * Consumption vs. Flex Consumption", modal.com/blog/azure-function-pricing-guide, 22 May 2025, for East US. Prices change
 * and differ by region: azure.microsoft.com/pricing/details/functions says what holds.
 */
export const PRICES = {
  source: 'modal.com/blog/azure-function-pricing-guide',
  date: '2025-05-22',
  perGbSecond: 0.000026,
  freeGbSeconds: 100_000,
  perMillionExecutions: 0.4,
  freeExecutions: 250_000,
} as const;

/**
 * What one execution is taken to last, seconds: a second, which is the least that Flex Consumption bills, and 0.3 seconds
 * for each ten requests to Azure, which are made side by side. Both are assumptions.
 */
const LEAST_SECONDS = 1;
const CALL_SECONDS = 0.3;

/** What a month comes to. */
export interface Month {
  vms: number;
  executions: number;
  gbSeconds: number;
  /** Requests to tables and queue: three for each message. */
  storageCalls: number;
  armCalls: number;
  /** Commands that run in guests. */
  commands: number;
  /** Of the app's own lines; what the host writes comes on top. */
  logGb: number;
  /** US dollars for the Function app alone; storage, logs and Event Grid are told in units. */
  functionsDollars: number;
}

/** The bill of a month of such hours. */
export function monthOf(hour: Hour): Month {
  const executions = hour.executions * HOURS;
  const seconds = executions * LEAST_SECONDS + Math.ceil(hour.armCalls / CALLS) * HOURS * CALL_SECONDS;
  const gbSeconds = seconds * MEMORY_GB;
  const paid = (used: number, free: number, price: number): number => Math.max(0, used - free) * price;
  return {
    vms: hour.vms,
    executions,
    gbSeconds,
    storageCalls: (hour.tableCalls + 3 * hour.messages) * HOURS,
    armCalls: hour.armCalls * HOURS,
    commands: hour.commands * HOURS,
    logGb: (hour.logBytes * HOURS) / 1e9,
    functionsDollars:
      paid(gbSeconds, PRICES.freeGbSeconds, PRICES.perGbSecond) +
      paid(executions, PRICES.freeExecutions, PRICES.perMillionExecutions / 1e6),
  };
}
