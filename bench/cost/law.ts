/**
 * The hour of an estate that is too large to be counted in minutes, from two that were counted. All grows by a straight
 * line with the number of VMs, but for what each reading of the estate takes: readings and pages both grow. Pure.
 */
import { type Hour, pagesOf } from './hour.ts';

/** Tables with a row for each VM or frontend, read whole with the estate: VMs, frontends, what was told. */
const TABLES = 3;
/** Rows that Azure's tables put on one page at the most. */
const ROWS = 1000;

const tablePages = (vms: number): number => TABLES * Math.ceil(vms / ROWS);

/** An hour of so many VMs by the line through two that were counted. */
export function reckonHour(vms: number, small: Hour, large: Hour): Hour {
  const line = (of: (hour: Hour) => number): number => {
    const slope = (of(large) - of(small)) / (large.vms - small.vms);
    return Math.round(of(small) + slope * (vms - small.vms));
  };
  const readings = line((hour) => hour.readings);
  return {
    vms,
    executions: line((hour) => hour.executions),
    messages: line((hour) => hour.messages),
    readings,
    armCalls: line((hour) => hour.armCalls - hour.readings * pagesOf(hour.vms)) + readings * pagesOf(vms),
    tableCalls: line((hour) => hour.tableCalls - hour.readings * tablePages(hour.vms)) + readings * tablePages(vms),
    commands: line((hour) => hour.commands),
    logBytes: line((hour) => hour.logBytes),
  };
}
