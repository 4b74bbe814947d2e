/**
 * What the killed processes live in: storage on disk, Azure Resource Manager over https with an estate of its own for
 * each run, and the part of the host that hands out messages.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from '../../../build.ts';
import { POISON_QUEUE, RECONCILE_QUEUE } from '../../../shared/model/messages.ts';
import type { Store } from '../../../shared/model/store.ts';
import { openTables } from '../../../shared/state/tables.ts';
import { appRoles } from '../../../simulator/arm/appRoles.ts';
import { type Arm, startArm } from '../../../simulator/arm/arm.ts';
import { authorizeBy } from '../../../simulator/arm/roles.ts';
import { type ScriptedLab, scriptedLab } from '../../../simulator/chaos/scriptedLab.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { type Azurite, startAzurite } from '../../../simulator/storage/azurite.ts';
import { temporaryFolder } from '../../../simulator/storage/temporary.ts';
import { type Delivery, Inbox } from './inbox.ts';
import { Processes } from './processes.ts';

/** An estate that one run has for itself. */
export interface Plot {
  estate: Estate;
  lab: ScriptedLab;
}

/** More than a table of kills needs. */
const PLOTS = process.env.HAIRPIN_KILLS === 'all' ? 3000 : 600;
const PROCESSES = 6;
/** A command is in flight for so long: still there when the next process looks. */
const COMMAND_MS = 150;
const SCRIPT_MS = 50;

export class Plant {
  readonly #folder: string;
  readonly #appFolder: string;
  readonly #plots: Plot[];
  readonly #takers = new Map<string, (delivery: Delivery) => void>();
  readonly arm: Arm;
  readonly processes: Processes;
  #azurite: Azurite;
  readonly #inboxes: Record<'reconcile' | 'poison', Inbox>;
  store: Store;
  #used = 0;
  restarts = 0;

  private constructor(folder: string, appFolder: string, plots: Plot[], arm: Arm, azurite: Azurite) {
    this.#folder = folder;
    this.#appFolder = appFolder;
    this.#plots = plots;
    this.arm = arm;
    this.#azurite = azurite;
    this.processes = new Processes(appFolder, PROCESSES, {
      ...arm.env,
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    });
    const to = (subscriptionId: string) => this.#takers.get(subscriptionId);
    const { connectionString } = azurite;
    this.#inboxes = {
      reconcile: new Inbox(connectionString, RECONCILE_QUEUE, 'reconcile', to),
      poison: new Inbox(connectionString, POISON_QUEUE, 'poison', to),
    };
    this.store = openTables({ kind: 'connectionString', connectionString });
  }

  static async start(): Promise<Plant> {
    const plots = Array.from({ length: PLOTS }, (_, i): Plot => {
      const estate = articleEstate({ subscriptionId: `00000000-0000-0000-0000-${String(i).padStart(12, '0')}` });
      return { estate, lab: scriptedLab(estate, SCRIPT_MS) };
    });
    const rights = new Map(plots.map(({ estate }) => [estate.subscriptionId, authorizeBy(appRoles([estate]))]));
    const folder = await temporaryFolder('killed');
    const appFolder = await temporaryFolder('killedapp');
    const [arm, azurite] = await Promise.all([
      startArm({
        sites: plots,
        commandMs: COMMAND_MS,
        healthMs: 10,
        throttle: false,
        authorize: (principal, action, scope) =>
          rights.get(scope.split('/')[2] ?? '')?.(principal, action, scope) ?? false,
      }),
      startAzurite({ persist: folder }),
      build({ entry: fileURLToPath(new URL('process.child.ts', import.meta.url)), outFolder: appFolder }),
    ]);
    return new Plant(folder, appFolder, plots, arm, azurite);
  }

  get connectionString(): string {
    return this.#azurite.connectionString;
  }

  /** An estate that nobody used yet. */
  plot(): Plot {
    const plot = this.#plots[this.#used];
    this.#used += 1;
    if (!plot) throw new Error(`more than ${PLOTS} runs`);
    return plot;
  }

  /** From now on the messages of a subscription go there; returns its end. */
  listen(subscriptionId: string, take: (delivery: Delivery) => void): () => void {
    this.#takers.set(subscriptionId, take);
    return () => void this.#takers.delete(subscriptionId);
  }

  send(queue: 'reconcile' | 'poison', message: unknown): Promise<void> {
    return this.#inboxes[queue].send(message);
  }

  /** Ends storage and starts it from what is on disk. Nobody may be calling it. */
  async restartStorage(): Promise<void> {
    await Promise.all(Object.values(this.#inboxes).map((inbox) => inbox.stop()));
    await this.#azurite.stop();
    this.#azurite = await startAzurite({ persist: this.#folder });
    for (const inbox of Object.values(this.#inboxes)) inbox.moveTo(this.connectionString);
    this.store = openTables({ kind: 'connectionString', connectionString: this.connectionString });
    this.restarts += 1;
  }

  async stop(): Promise<void> {
    await this.processes.stop();
    await Promise.all(Object.values(this.#inboxes).map((inbox) => inbox.stop()));
    await Promise.all([this.arm.close(), this.#azurite.stop()]);
    for (const folder of [this.#folder, this.#appFolder]) await rm(folder, { recursive: true, force: true });
  }
}
