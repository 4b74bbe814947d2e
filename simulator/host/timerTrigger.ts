/**
 * The timer trigger (azure-webjobs-sdk-extensions, TimerListener.cs): one run at a time, the next time counted from
 * the last; a time missed while the host was down is made up for at once, with isPastDue.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RegisteredFunction } from './core.ts';
import type { RpcTypedData } from './functionsCore.ts';
import { type Invoker, triggerOf } from './invoke.ts';
import type { Listener } from './queueTrigger.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { resolveNames, type Settings } from './settings.ts';

interface Status {
  last: string;
  next: string;
  lastUpdated: string;
}

/** .NET's default DateTime, for what has not happened yet. */
const NEVER = '0001-01-01T00:00:00+00:00';
/** setTimeout's limit is 24.8 days. */
const LONGEST_WAIT_MS = 24 * 24 * 3_600_000;

export interface TimerTriggerOptions {
  target: RegisteredFunction;
  settings: Settings;
  invoker: Invoker;
  /** Folder for the status of schedules of a minute and more; the real host keeps it in a blob. */
  stateFolder: string | undefined;
}

export interface TimerTrigger extends Listener {
  schedule: string;
  /** The value that a run by hand gets. A run by hand does not wait for a scheduled one, nor does it change the schedule. */
  info(): RpcTypedData;
}

export async function startTimerTrigger({
  target,
  settings,
  invoker,
  stateFolder,
}: TimerTriggerOptions): Promise<TimerTrigger> {
  const trigger = triggerOf(target).options;
  const expression = resolveNames(String(trigger.schedule), settings);
  const schedule: Schedule = parseSchedule(expression);
  const monitored = schedule.monitored && trigger.useMonitor !== false;
  const file = stateFolder && monitored ? join(stateFolder, `${target.metadata.name}.json`) : undefined;
  const stored = file ? await readStatus(file) : undefined;
  let status: Status = stored ?? { last: NEVER, next: iso(schedule.next(new Date())), lastUpdated: NEVER };
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();

  function wait(): void {
    if (stopped) return;
    const ms = Math.max(Date.parse(status.next) - Date.now(), 0);
    // setTimeout may be a millisecond early by the clock, and it would then come twice.
    const ring = () => (Date.now() < Date.parse(status.next) ? wait() : void fire(false));
    timer = setTimeout(ring, Math.min(ms, LONGEST_WAIT_MS));
  }

  async function fire(isPastDue: boolean): Promise<void> {
    const base = new Date();
    running = invoker.invoke(target, { trigger: 'timer', data: timerInfo(isPastDue) });
    await running;
    status = { last: iso(base), next: iso(schedule.next(base)), lastUpdated: iso(base) };
    if (file) await writeStatus(file, status);
    wait();
  }

  function timerInfo(IsPastDue: boolean): RpcTypedData {
    const { last: Last, next: Next, lastUpdated: LastUpdated } = status;
    const ScheduleStatus = monitored ? { Last, Next, LastUpdated } : null;
    return { json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus, IsPastDue }) };
  }

  const pastDue = stored !== undefined && Date.parse(stored.next) < Date.now();
  if (pastDue || trigger.runOnStartup === true) timer = setTimeout(() => void fire(pastDue), 0);
  else wait();

  return {
    schedule: expression,
    info: () => timerInfo(false),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const iso = (date: Date): string => date.toISOString();

async function readStatus(file: string): Promise<Status | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeStatus(file: string, status: Status): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(status));
  await rename(`${file}.new`, file);
}
