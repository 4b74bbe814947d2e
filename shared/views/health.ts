/** How the app itself is: its storage, and for each subscription when it looked last, what Azure refuses, and whether its timers come. */
import { GuardError, messageOf, StateError, toldOf } from '../errors.ts';
import { iso } from '../model/iso.ts';
import type { LeaseRow, Refusing } from '../model/lease.ts';
import { defined } from '../model/optional.ts';
import { LEASES, type Store } from '../model/store.ts';
import { type ScheduleView, SWEEPS_READ, scheduleViews } from './schedules.ts';

/** `ok`: looked, and nothing refused. `impaired`: something is refused, fails or is late. `unknown`: nobody looked yet. */
export type HealthState = 'ok' | 'impaired' | 'unknown';

/** What Azure refuses at present, in its words. */
export interface RefusalView {
  what: 'lists' | 'rule health';
  since: string;
  code: string;
  azureCode: string;
  action: string;
  text: string;
  nextStep: string;
}

export interface SubscriptionHealthView {
  subscriptionId: string;
  state: HealthState;
  /** When its lists were last asked for. */
  lookedAt?: string;
  /** When the latest sweep was accepted. */
  sweptAt?: string;
  /** Whether the sweep and the watch come. */
  schedules: ScheduleView[];
  refusals: RefusalView[];
  /** Other subscriptions whose lists this one’s loop could not read. */
  unread: { subscriptionId: string; text: string }[];
}

export interface HealthView {
  at: string;
  state: HealthState;
  /** Version and commit of the app. */
  version: string;
  commit: string;
  /** `audit` changes no guest. */
  enforcement: string;
  storage: { state: 'ok' } | { state: 'failed'; code: string; text: string; nextStep: string };
  subscriptions: SubscriptionHealthView[];
  /** Messages that the app could not read and that wait in the poison queue; not there when there are none. */
  unreadableMessages?: number;
}

/** What is known from elsewhere. */
export interface HealthContext {
  /** Epoch milliseconds. */
  at: number;
  enforcement: string;
  version: string;
  commit: string;
  /** Counts the messages in the poison queue. */
  unreadable(): Promise<number>;
}

/** Reads how the app is. Does not throw where storage fails: that is an answer too. */
export async function readHealth(
  store: Pick<Store, 'leases' | 'runs'>,
  subscriptionIds: readonly string[],
  { at, unreadable, enforcement, version, commit }: HealthContext,
): Promise<HealthView> {
  const view = { at: iso(at), version, commit, enforcement };
  try {
    const [subscriptions, messages] = await Promise.all([
      Promise.all(subscriptionIds.map((id) => readSubscription(store, id, at))),
      unreadable(),
    ]);
    const state = worst(subscriptions.map((subscription) => subscription.state));
    const unreadableMessages = messages > 0 ? messages : undefined;
    return { ...view, state, storage: { state: 'ok' }, subscriptions, ...defined({ unreadableMessages }) };
  } catch (error) {
    const { code, text, nextStep } = toldOf(
      error instanceof GuardError ? error : new StateError('STATE_FAILED', messageOf(error)),
    );
    return { ...view, state: 'impaired', storage: { state: 'failed', code, text, nextStep }, subscriptions: [] };
  }
}

async function readSubscription(
  { leases, runs }: Pick<Store, 'leases' | 'runs'>,
  subscriptionId: string,
  now: number,
): Promise<SubscriptionHealthView> {
  const [lease, sweeps] = await Promise.all([
    leases.get(LEASES, subscriptionId),
    runs.page(subscriptionId, { signal: 'sweep', limit: SWEEPS_READ }),
  ]);
  const { readAt, passedAt, refusing, unread = [] }: Partial<LeaseRow> = lease?.row ?? {};
  const refusals = [refusalView('lists', refusing?.lists), refusalView('rule health', refusing?.health)].flatMap(
    (refusal) => refusal ?? [],
  );
  const times = sweeps.map(({ observedAt }) => observedAt);
  const schedules = scheduleViews(times, passedAt, now);
  const isLate = schedules.some(({ state }) => state === 'late');
  const looked = readAt === undefined ? 'unknown' : 'ok';
  const [sweptAt] = times;
  return {
    subscriptionId,
    state: refusals.length > 0 || unread.length > 0 || isLate ? 'impaired' : looked,
    ...defined({
      lookedAt: readAt === undefined ? undefined : iso(readAt),
      sweptAt: sweptAt === undefined ? undefined : iso(sweptAt),
    }),
    schedules,
    refusals,
    unread: unread.map((one) => ({ subscriptionId: one.subscriptionId, text: one.why })),
  };
}

function refusalView(what: RefusalView['what'], refusing: Refusing | undefined): RefusalView | undefined {
  if (!refusing) return undefined;
  const { code, azureCode, action, text, nextStep, since } = refusing;
  return { what, since: iso(since), code, azureCode, action, text, nextStep };
}

function worst(states: readonly HealthState[]): HealthState {
  if (states.includes('impaired')) return 'impaired';
  return states.includes('unknown') ? 'unknown' : 'ok';
}
