/** The mirror's own notice that it became primary, reduced to ids. Nothing in it is trusted but the ids. */
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { idKey, isWithin, parseResourceId } from '../model/ids.ts';
import { runIdOf } from '../model/runId.ts';
import type { Signal } from '../model/signal.ts';
import { check, readEnvelope } from './envelope.ts';

/** The event's type, compared in any letter case. */
const MIRROR_FAILOVER = 'IlbHairpinGuard.MirrorFailover';

const VM_TYPE = 'microsoft.compute/virtualmachines';
const IPV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

const dataSchema = z.object({
  vmId: z.string().check(z.maxLength(1024)),
  vip: z.optional(z.string().check(z.regex(IPV4, 'must be an IPv4 address like 10.0.1.100'))),
  mirror: z.optional(z.string().check(z.maxLength(256))),
});

/**
 * Reads a mirror failover event into a signal.
 * Throws InputError: EVENT_INVALID for a malformed one, EVENT_FOREIGN for another type, SCOPE_NOT_ALLOWED for a VM
 * outside the configured subscriptions and scope.
 */
export function readMirrorFailover(
  raw: unknown,
  allowed: { subscriptionIds: readonly string[]; within: readonly string[] },
  observedAt: number,
): Signal {
  const event = readEnvelope(raw);
  if (event.type.toLowerCase() !== MIRROR_FAILOVER.toLowerCase()) {
    throw new InputError('EVENT_FOREIGN', 'type', event.type, `this function takes ${MIRROR_FAILOVER} only`);
  }
  const data = check(z.object({ data: dataSchema }), { data: event.data }).data;
  const parsed = parseResourceId(data.vmId);
  if (parsed?.type !== VM_TYPE) {
    throw new InputError('EVENT_INVALID', 'data.vmId', data.vmId, 'must be the resource id of a virtual machine');
  }
  if (event.subject !== '' && idKey(event.subject) !== idKey(data.vmId)) {
    throw new InputError('EVENT_INVALID', 'subject', event.subject, 'must be the same resource id as data.vmId');
  }
  const subscriptionId = parsed.subscriptionId.toLowerCase();
  const inScope = allowed.within.length === 0 || allowed.within.some((scope) => isWithin(data.vmId, scope));
  if (!allowed.subscriptionIds.includes(subscriptionId) || !inScope) {
    throw new InputError('SCOPE_NOT_ALLOWED', 'data.vmId', data.vmId, 'is outside the configured scope');
  }
  return {
    subscriptionId,
    runId: runIdOf('failover', event.source, event.id),
    signal: 'failover',
    scope: [{ kind: 'vm', id: data.vmId }, ...(data.vip === undefined ? [] : [{ kind: 'vip' as const, id: data.vip }])],
    mode: 'apply',
    dryRun: false,
    observedAt,
    event: { source: event.source, id: event.id, time: event.time },
  };
}
