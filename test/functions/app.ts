/**
 * The built app in the local Functions host, over the real SDKs against Azurite and the simulated ARM, with guests
 * that need no kernel. One per test file.
 */
import { QueueServiceClient } from '@azure/storage-queue';
import type { RunView } from '../../shared/views/run.ts';
import { hourly } from '../../simulator/deployedApp.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { type Stack, type Step, startStack } from '../../simulator/stack.ts';
import { ask, contract } from '../helpers/contract.ts';
import { fakeGuests, type Guests } from './guests.ts';

/** Every answer that a test sees is held to the description of the API. */
const check = contract();

export interface App extends Stack {
  guests: Guests;
  queues: QueueServiceClient;
  /** Steps logged from this call on. */
  watch(): Watch;
  /** Any request to the host; bodies that are no text are sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Commands that were PUT to ARM, by VM. */
  puts(): string[];
}

export interface Watch {
  /** The first step that fits, now or within the time. */
  step(fits: (step: Step) => boolean, withinMs?: number): Promise<Step>;
  /** What was logged so far. */
  all(name?: string): Step[];
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests pick from documents by name.
  body: any;
}

/** How long anything may take on a machine that is busy with other things. */
export const LONG_MS = 180_000;

export interface AppOptions {
  estate?: Estate;
  /** Another subscription with nothing in it, which the app may read. */
  emptySubscription?: string;
  settings?: Record<string, string>;
}

export async function startApp(options: AppOptions = {}): Promise<App> {
  const { estate = articleEstate(), emptySubscription, settings = {} } = options;
  const more = emptySubscription === undefined ? [] : [{ estate: emptyEstate(emptySubscription), lab: fakeLabOf }];
  let guests: Guests | undefined;
  const stack = await startStack({
    estate,
    lab: async (given) => {
      guests = fakeGuests(given);
      return guests;
    },
    more,
    commandMs: 100,
    port: 0,
    settings: {
      // No timer fires but those that a test rings.
      HAIRPIN_WATCH_SCHEDULE: hourly(),
      // The least that a command and its overdue report may take.
      HAIRPIN_COMMAND_SECONDS: '10',
      HAIRPIN_COMMAND_SLACK_SECONDS: '5',
      AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.1000000',
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
      ...settings,
    },
  });
  /** A run as it ended, held to the description too. */
  const described = async (run: Promise<RunView>): Promise<RunView> => {
    const { runId } = await run;
    await app.call('GET', `/api/runs/${runId}`);
    return run;
  };
  const { run, sweep, ended } = stack;
  const app: Pick<App, 'guests' | 'queues' | 'watch' | 'call' | 'puts' | 'run' | 'sweep' | 'ended'> = {
    run: (body, withinMs) => described(run(body, withinMs)),
    sweep: (withinMs) => described(sweep(withinMs)),
    ended: (runId, withinMs) => described(ended(runId, withinMs)),
    guests: guests as Guests,
    queues: QueueServiceClient.fromConnectionString(stack.azurite.connectionString),
    watch() {
      const since = stack.steps.length;
      const isNew = (step: Step): boolean => stack.steps.indexOf(step, since) >= since;
      return {
        step: (fits, withinMs = LONG_MS) => stack.step((step) => isNew(step) && fits(step), withinMs),
        all: (name) => stack.steps.slice(since).filter((step) => name === undefined || step.step === name),
      };
    },
    async call(method, path, body, headers) {
      const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const {
        status,
        headers: got,
        text,
      } = await ask(check, `${stack.host.url}${path}`, {
        method,
        headers: { ...(sent !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(sent !== undefined && { body: sent }),
      });
      const isJson = got.get('content-type')?.includes('json');
      return { status, headers: got, body: isJson && text !== '' ? JSON.parse(text) : text };
    },
    puts: () =>
      stack.arm.calls
        .filter((call) => call.method === 'PUT' && call.status < 300)
        .map((call) => /virtualMachines\/([^/]+)\/runCommands/i.exec(call.path)?.[1] ?? call.path),
  };
  return Object.assign(stack, app);
}

const emptyEstate = (subscriptionId: string): Estate => ({
  ...articleEstate({ subscriptionId }),
  vms: [],
  loadBalancers: [],
  mirrors: [],
});
const fakeLabOf = async (estate: Estate): Promise<Guests> => fakeGuests(estate);

/** Names of the functions that threw, with what they threw. */
export const failures = (app: App): string[] =>
  app.host.invocations.filter((run) => !run.ok).map((run) => `${run.function}: ${run.error}`);
