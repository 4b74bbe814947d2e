/**
 * The one place that wires adapters. Everything here is made on first use: a handler that only validates and puts a
 * message on the queue loads no Azure SDK.
 */
import { randomUUID } from 'node:crypto';
import { type Config, readConfig } from './config.ts';
import type { Log } from './model/ports.ts';
import type { Signal } from './model/signal.ts';
import type { ReconcileMessage, SignalMessage } from './state/messages.ts';
import type { Store } from './state/store.ts';
import type { RunView } from './views/run.ts';

let config: Config | undefined;
let store: Promise<Store> | undefined;

/** The app's settings. Throws SettingError for the first that is missing or wrong. */
export function appConfig(): Config {
  config ??= readConfig(process.env);
  return config;
}

async function appStore(): Promise<Store> {
  store ??= import('./state/tables.ts').then(({ openTables }) => openTables(appConfig().storage));
  return store;
}

/** Handles one message of the queue `reconcile`. */
export async function runReconcile(message: ReconcileMessage, log: Log): Promise<void> {
  const settings = appConfig();
  const [{ reconcile }, { openBells }, azure] = await Promise.all([
    import('./reconcile/loop.ts'),
    import('./state/bells.ts'),
    import('./azure/adapters.ts'),
  ]);
  const { topology, health, commands, agents } = azure.openAzure(settings.azure);
  await reconcile(
    message,
    {
      store: await appStore(),
      bell: openBells(settings.storage),
      topology,
      health,
      commands,
      agents,
      clock: { now: Date.now },
      log,
      holder: randomUUID(),
    },
    settings,
  );
}

/** Writes the run row of a manual signal, so that the caller's 202 means it is kept. */
export async function acceptRun(signal: Signal): Promise<void> {
  const { record } = await import('./reconcile/record.ts');
  await record(await appStore(), signal);
}

/** Marks the run of a signal that the host gave up on as failed. */
export async function failRun(message: SignalMessage, text: string): Promise<void> {
  const { markFailed } = await import('./reconcile/deadLetter.ts');
  await markFailed(await appStore(), message, text, Date.now());
}

/** A run in all subscriptions that it covers; undefined when there is none of that id. */
export async function viewRun(runId: string): Promise<RunView | undefined> {
  const [{ readRunView }, opened] = await Promise.all([import('./views/run.ts'), appStore()]);
  return readRunView(opened, appConfig().scope.subscriptionIds, runId);
}
