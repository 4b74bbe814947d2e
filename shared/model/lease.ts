/** The row of a subscription's lease: who decides for it now, and what one pass tells the next. */
import type { UnreadSubscription } from './topology.ts';

/** What Azure refuses, as it was said last. */
export interface Refusing {
  code: string;
  azureCode: string;
  action: string;
  text: string;
  /** What a person does. */
  nextStep: string;
  /** Since when it is this. */
  since: number;
  /** When it was last told; 0 never. */
  toldAt: number;
  /** When it was last tried. */
  triedAt: number;
}

/** Lists of another subscription that could not be read, why, and until when they are not asked for again. */
export interface UnreadLists extends UnreadSubscription {
  until: number;
}

/** Who decides for the subscription now. */
export interface LeaseRow {
  subscriptionId: string;
  holder: string;
  until: number;
  /** A message came while the lease was held. */
  again: boolean;
  /** When the next bell is due that was already put on the queue. */
  bellAt: number;
  /** When rule health was asked for within the last minute. */
  healthAsks: number[];
  /** When the estate was last read. */
  readAt?: number;
  /** When the latest pass ended. */
  passedAt?: number;
  /** When a mirror's health is to be watched next; at once where it is not there. */
  watchAt?: number;
  /** When an unanswered question about health is gone on with. */
  askingAt?: number;
  /** What Azure refuses at present: the lists, or rule health. */
  refusing?: { lists?: Refusing; health?: Refusing };
  /** Runs that the latest pass began to plan. */
  begun?: string[];
  /** Lists of other subscriptions that could not be read lately. */
  unread?: UnreadLists[];
  /** The oldest day whose history is not removed yet. */
  historyDay?: string;
  /** When events that wait to be published are looked for again; at once where it is not there. */
  newsAt?: number;
  /** When old runs are looked for again. */
  tidyAt: number;
}
