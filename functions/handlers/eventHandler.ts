/** What both Event Grid functions do: check the event, reduce it to ids, put one message on the queue. */
import type { InvocationContext } from '@azure/functions';
import { appConfig } from '../../shared/app.ts';
import { InputError } from '../../shared/errors.ts';
import { hostLog } from '../../shared/log.ts';
import { type SignalMessage, signalMessage } from '../../shared/model/messages.ts';
import type { AllowedScope } from '../../shared/model/scope.ts';
import type { EventRead } from '../../shared/requests/envelope.ts';

/** Reads one event of either schema. Throws InputError for one that is not right. */
type ReadEvent = (event: unknown, allowed: AllowedScope, observedAt: number) => EventRead;

/** A handler that returns the message for the queue; nothing for an event that is ignored or not right. */
export const eventHandler =
  (read: ReadEvent) =>
  (event: unknown, context: InvocationContext): SignalMessage | undefined => {
    const log = hostLog(context);
    try {
      const found = read(event, appConfig().scope, Date.now());
      if (found.kind === 'ignored') {
        const { kind: _, ...why } = found;
        log('info', 'ignored-event', why);
        return undefined;
      }
      const { runId, signal, scope, event: origin } = found.signal;
      log('info', 'signal', { runId, signal, eventId: origin?.id, scope: scope.map((item) => item.id) });
      return signalMessage(found.signal);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // It would be just as wrong the next time: told once, and not delivered again.
      log('error', 'refused-event', { code: error.code, field: error.field, value: error.value, text: error.message });
      return undefined;
    }
  };
