/** The mirror's own notice that it became primary, reduced to ids. Nothing in it is trusted but the ids. */
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { isHostAddress } from '../model/address.ts';
import { idKey, parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import { VM_TYPE } from '../model/resourceTypes.ts';
import { type AllowedScope, isInScope, subscriptionOf } from '../model/scope.ts';
import type { ScopeItem } from '../model/signal.ts';
import { check, type EventRead, eventRunId, readEnvelope } from './envelope.ts';

/** The event's type, compared in any letter case. */
const MIRROR_FAILOVER = 'IlbHairpinGuard.MirrorFailover';

const dataSchema = z.lazy(() =>
  z.object({
    data: z.object({
      vmId: z.string().check(z.maxLength(1024)),
      vip: z.optional(z.string().check(z.refine(isHostAddress, 'must be an IPv4 address like 10.0.1.100'))),
      mirror: z.optional(z.string().check(z.maxLength(256))),
      /** The notifier's own check of the whole way: told in the log, and no run. */
      test: z.optional(z.boolean()),
    }),
  }),
);

/**
 * Reads a mirror failover event: a signal, or a test of the notice.
 * Throws InputError: EVENT_INVALID for a malformed one, EVENT_FOREIGN for another type, SCOPE_NOT_ALLOWED for a VM
 * outside the configured subscriptions and scope.
 */
export function readMirrorFailover(raw: unknown, allowed: AllowedScope, observedAt: number): EventRead {
  const event = readEnvelope(raw);
  if (event.type.toLowerCase() !== MIRROR_FAILOVER.toLowerCase()) {
    throw new InputError('EVENT_FOREIGN', 'type', event.type, `this function takes ${MIRROR_FAILOVER} only`);
  }
  const data = check(dataSchema, { data: event.data }).data;
  if (parseResourceId(data.vmId)?.type !== VM_TYPE) {
    throw new InputError('EVENT_INVALID', 'data.vmId', data.vmId, 'must be the resource id of a virtual machine');
  }
  if (event.subject !== '' && idKey(event.subject) !== idKey(data.vmId)) {
    throw new InputError('EVENT_INVALID', 'subject', event.subject, 'must be the same resource id as data.vmId');
  }
  if (!isInScope(data.vmId, allowed)) {
    throw new InputError('SCOPE_NOT_ALLOWED', 'data.vmId', data.vmId, 'is outside the configured scope');
  }
  if (data.test) return { kind: 'tested', vmId: data.vmId, eventId: event.id, ...defined({ vip: data.vip }) };
  const scope: ScopeItem[] = [{ kind: 'vm', id: data.vmId }];
  if (data.vip !== undefined) scope.push({ kind: 'vip', id: data.vip });
  return {
    kind: 'signal',
    signal: {
      subscriptionId: subscriptionOf(data.vmId),
      runId: eventRunId('failover', event, scope),
      signal: 'failover',
      scope,
      mode: 'apply',
      dryRun: false,
      observedAt,
      event: { source: event.source, id: event.id, time: event.time },
    },
  };
}
