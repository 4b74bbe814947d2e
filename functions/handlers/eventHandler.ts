/** What both Event Grid functions do: check the event, reduce it to ids, put one message on the queue. */
import type { InvocationContext } from '@azure/functions';
import { appConfig } from '../../shared/app.ts';
import { InputError, toldOf } from '../../shared/errors.ts';
import { hostLog } from '../../shared/log.ts';
import { type SignalMessage, signalMessage } from '../../shared/model/messages.ts';
import { defined } from '../../shared/model/optional.ts';
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
        log('ignored-event', why);
        return undefined;
      }
      if (found.kind === 'tested') {
        const { kind: _, ...tested } = found;
        log('mirror-test', tested);
        return undefined;
      }
      const { runId, signal, scope, event: origin } = found.signal;
      log('signal', { runId, signal, scope: scope.map((item) => item.id), ...defined({ eventId: origin?.id }) });
      return signalMessage(found.signal);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // It would be just as wrong the next time: told once, and not delivered again.
      log('refused-event', { ...toldOf(error), field: error.field, value: error.value });
      return undefined;
    }
  };
