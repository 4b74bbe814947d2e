/** Starts the triggers of all functions of a host, each by its kind. */
import type { RegisteredFunction } from './core.ts';
import { WEBHOOK_PATH } from './eventGridTrigger.ts';
import type { FunctionSummary, LogLine } from './events.ts';
import type { RpcTypedData } from './functionsCore.ts';
import type { HostJson } from './hostJson.ts';
import { type HttpTrigger, httpTrigger } from './httpTrigger.ts';
import { type Invoker, triggerOf } from './invoke.ts';
import type { Queues } from './queues.ts';
import { type Listener, startQueueTrigger } from './queueTrigger.ts';
import type { Settings } from './settings.ts';
import { startTimerTrigger, type TimerTrigger } from './timerTrigger.ts';

export interface TriggerContext {
  hostJson: HostJson;
  settings: Settings;
  queues: Queues;
  invoker: Invoker;
  runningVisibilitySeconds: number;
  stateFolder: string | undefined;
  log(level: LogLine['level'], message: string, name: string): void;
}

export interface Triggers {
  /** The most particular route first. */
  http: HttpTrigger[];
  eventGrid: Map<string, RegisteredFunction>;
  summaries: FunctionSummary[];
  /** What a run by hand gives a function instead of a trigger's value. */
  valueByHand(target: RegisteredFunction, input: string | undefined): RpcTypedData;
  /** Queues and timers: takes nothing new and waits for what runs. */
  stop(): Promise<void>;
}

export async function startTriggers(
  functions: ReadonlyMap<string, RegisteredFunction>,
  context: TriggerContext,
): Promise<Triggers> {
  const http: HttpTrigger[] = [];
  const eventGrid = new Map<string, RegisteredFunction>();
  const timers = new Map<string, TimerTrigger>();
  const listeners: Listener[] = [];
  const summaries: FunctionSummary[] = [];
  const { hostJson, queues, invoker, settings, stateFolder, runningVisibilitySeconds } = context;

  const start: Record<string, (name: string, target: RegisteredFunction) => Promise<FunctionSummary>> = {
    async httptrigger(name, target) {
      const trigger = httpTrigger(target, hostJson.routePrefix);
      http.push(trigger);
      return { name, trigger: 'http', detail: `/${trigger.template}`, methods: trigger.methods };
    },
    async queuetrigger(name, target) {
      const log = (level: LogLine['level'], message: string): void => context.log(level, message, name);
      listeners.push(
        startQueueTrigger({ target, queues, options: hostJson.queues, invoker, runningVisibilitySeconds, log }),
      );
      const { options } = triggerOf(target);
      return { name, trigger: 'queue', detail: queues.client(String(options.queueName), options.connection).name };
    },
    async timertrigger(name, target) {
      const timer = await startTimerTrigger({ target, settings, invoker, stateFolder });
      listeners.push(timer);
      timers.set(name, timer);
      return { name, trigger: 'timer', detail: timer.schedule };
    },
    async eventgridtrigger(name, target) {
      eventGrid.set(name, target);
      return { name, trigger: 'eventGrid', detail: `${WEBHOOK_PATH}?functionName=${name}` };
    },
  };
  for (const [name, target] of functions) {
    const summary = await start[triggerOf(target).type]?.(name, target);
    if (summary) summaries.push(summary);
  }
  http.sort((a, b) => Number(a.route.rank > b.route.rank) - Number(a.route.rank < b.route.rank));

  return {
    http,
    eventGrid,
    summaries,
    valueByHand: (target, input) => timers.get(target.metadata.name)?.info() ?? { string: input ?? '' },
    async stop() {
      await Promise.all(listeners.map((listener) => listener.stop()));
    },
  };
}
