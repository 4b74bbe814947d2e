/** Whether the timers do their part: the sweep, and the watch. The rows tell when each did last. */
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';

/** `late`: it should have come long ago. `unknown`: it has not come yet. */
export type ScheduleState = 'ok' | 'late' | 'unknown';

export interface ScheduleView {
  what: 'sweep' | 'watch';
  state: ScheduleState;
  /** Since when: when it came last. */
  since?: string;
  text: string;
  nextStep?: string;
}

/** So many sweeps tell how far apart they come. */
export const SWEEPS_READ = 4;

/** The watch comes each minute unless it is set otherwise; never this seldom, milliseconds. */
const WATCH_LATE_MS = 3600_000;
/** Until a second sweep shows how far apart they come: as the alert for missing sweeps has it, milliseconds. */
const SWEEP_LATE_MS = 130 * 60_000;

/**
 * The schedules of a subscription. `sweeps`: when the latest of them were accepted, the newest first; `passedAt`: when the
 * latest pass ended; `now`: epoch milliseconds all. A sweep is late after two of the longest time between those that are
 * known, so that no schedule has to be read; the watch rings the loop, so a loop that passed lately was rung.
 */
export function scheduleViews(sweeps: readonly number[], passedAt: number | undefined, now: number): ScheduleView[] {
  const apart = sweeps.slice(1).map((at, i) => (sweeps[i] ?? at) - at);
  const sweepLate = apart.length === 0 ? SWEEP_LATE_MS : 2 * Math.max(...apart);
  return [
    scheduleView('sweep', sweeps[0], now, sweepLate, 'HAIRPIN_SWEEP_SCHEDULE', 'complianceSweep'),
    scheduleView('watch', passedAt, now, WATCH_LATE_MS, 'HAIRPIN_WATCH_SCHEDULE', 'primaryWatch'),
  ];
}

function scheduleView(
  what: ScheduleView['what'],
  at: number | undefined,
  now: number,
  lateAfter: number,
  setting: string,
  timer: string,
): ScheduleView {
  if (at === undefined) return { what, state: 'unknown', text: `No ${what} has come yet.` };
  const isLate = now - at > lateAfter;
  const minutes = Math.max(0, Math.floor((now - at) / 60_000));
  return {
    what,
    state: isLate ? 'late' : 'ok',
    since: iso(at),
    text: `The last ${what} came ${minutes} minutes ago.`,
    ...defined({
      nextStep: isLate
        ? `See in the log whether the timer ${timer} runs, that it is not disabled, and that ${setting} is the schedule that is wanted.`
        : undefined,
    }),
  };
}
