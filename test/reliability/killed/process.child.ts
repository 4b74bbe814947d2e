/**
 * The process that is killed: the app's loop over its own adapters, real Azure SDKs and real storage, with every call
 * over an interface counted. At the call that it was told it ends itself by SIGKILL, before the call or after.
 */
import { randomUUID } from 'node:crypto';
import type { LoopSettings } from '../../../shared/model/settings.ts';
import type { Store } from '../../../shared/model/store.ts';
import type { LoopPorts } from '../../../shared/reconcile/loop.ts';
import type { StorageAccount } from '../../../shared/state/storage.ts';
import { type Around, interfaceMethods, wrapPorts, wrapStore } from '../calls.ts';
import type { Answer, Order } from './orders.ts';

/**
 * What an invocation loads on first use is loaded ahead: a process waits for work with all of it in memory. Nothing waits
 * for it at the top of this file: bundled, what is imported late may come back to the very file that would wait.
 */
const loading = Promise.all([
  import('../../../shared/reconcile/loop.ts'),
  import('../../../shared/reconcile/deadLetter.ts'),
  import('../../../shared/state/tables.ts'),
  import('../../../shared/state/bells.ts'),
  import('../../../shared/azure/adapters.ts'),
  import('../../../shared/model/messages.ts'),
  import('@azure/arm-compute'),
  import('@azure/arm-network'),
  import('@azure/data-tables'),
  import('@azure/identity'),
  import('@azure/storage-queue'),
] as const);

type Loaded = Awaited<typeof loading>;
type Storage = { store: Store; bell: LoopPorts['bell'] };
const storages = new Map<string, Storage>();
let azure: ReturnType<Loaded[4]['openAzure']> | undefined;

function openStorage([, , { openTables }, { openBells }]: Loaded, connectionString: string): Storage {
  const account: StorageAccount = { kind: 'connectionString', connectionString };
  const opened = storages.get(connectionString) ?? { store: openTables(account), bell: openBells(account) };
  storages.set(connectionString, opened);
  return opened;
}

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};

/** Counts on from where the run's earlier processes came to. */
function mortal(order: Order): Around {
  const { counts, kill } = order;
  return async (name, act) => {
    counts[name] = (counts[name] ?? 0) + 1;
    const mine = kill?.method === name && kill.nth === counts[name];
    if (mine && kill.when === 'before') return die();
    try {
      return await act();
    } finally {
      if (mine) await die();
    }
  };
}

async function work(order: Order): Promise<void> {
  const loaded = await loading;
  const [{ reconcile }, { markFailed }, , , { openAzure }, { readMessage }] = loaded;
  const { store, bell } = openStorage(loaded, order.connectionString);
  const around = mortal(order);
  const message = readMessage(order.message);
  if (order.queue === 'poison') {
    if (message.kind === 'signal') await markFailed(wrapStore(store, around), message, 'test', Date.now());
    return;
  }
  azure ??= openAzure({ endpoint: order.armEndpoint, audience: order.armEndpoint });
  const ports: LoopPorts = {
    store,
    bell,
    ...azure,
    clock: { now: () => Date.now() + order.aheadMs },
    log: () => {},
    holder: randomUUID(),
  };
  methods ??= interfaceMethods(ports);
  await reconcile(message, wrapPorts(ports, around), order.settings satisfies LoopSettings);
}

let methods: string[] | undefined;

process.once('disconnect', () => process.exit(0));
process.on('message', (order: Order) => {
  const answer = (error?: string): Answer => ({
    counts: order.counts,
    ...(error === undefined ? {} : { error }),
    methods: methods ?? [],
  });
  work(order).then(
    () => process.send?.(answer()),
    (error: unknown) => process.send?.(answer(String((error as Error)?.message ?? error))),
  );
});
void loading.then(() => process.send?.('ready'));
