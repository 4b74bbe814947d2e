/** A manual run as a caller of `POST /api/runs` asks for it, reduced to one signal per subscription. */
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { firstIssue } from '../model/firstIssue.ts';
import { GUEST_MODES, type GuestMode } from '../model/guest.ts';
import { idKey, isSubscriptionId, parseResourceId } from '../model/ids.ts';
import { FRONTEND_TYPE, LOAD_BALANCER_TYPE, NIC_TYPE, VM_TYPE } from '../model/resourceTypes.ts';
import { type AllowedScope, isAllowed, subscriptionOf } from '../model/scope.ts';
import type { ScopeItem, ScopeKind, Signal } from '../model/signal.ts';
import { parseJson } from './json.ts';

/** What a body may hold in all, bytes: 100 ids of 1,024 and room to spare. */
export const MOST_BODY = 128 * 1024;
const MOST_IDS = 100;
/** As in {@link parseResourceId}. */
const MOST_ID = 1024;

/** The body of `POST /api/runs`. */
export const manualRunSchema = z.lazy(() =>
  z.strictObject({
    scope: z.union([z.string(), z.array(z.string()).check(z.minLength(1), z.maxLength(MOST_IDS))]),
    mode: z.enum(GUEST_MODES),
    dryRun: z._default(z.boolean(), false),
  }),
);

/** ARM types that a scope may name, and what it then covers. */
const KINDS: Record<string, ScopeKind> = {
  [VM_TYPE]: 'vm',
  [NIC_TYPE]: 'nic',
  [LOAD_BALANCER_TYPE]: 'loadBalancer',
  [FRONTEND_TYPE]: 'frontend',
};

const EXPECTED =
  'must be the id of a subscription, resource group, virtual machine, network interface, load balancer or frontend, such as /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/healthshare/providers/Microsoft.Compute/virtualMachines/hs-a';

/**
 * Reads the body. `runId` is given so that all subscriptions' signals are one run.
 * Throws InputError INPUT_INVALID or SCOPE_NOT_ALLOWED naming the field (`mode`, `scope[2]`). `remove` takes the ids of
 * VMs alone: a word that is wide by mistake must not strip and hold every VM of a subscription.
 */
export function readManualRun(text: string, allowed: AllowedScope, runId: string, observedAt: number): Signal[] {
  const body = readBody(text);
  const items = (typeof body.scope === 'string' ? [body.scope] : body.scope).map((id, i) =>
    readItem(id, typeof body.scope === 'string' ? 'scope' : `scope[${i}]`, body.mode, allowed),
  );
  const subscriptions = new Set(items.map((item) => item.subscriptionId));
  return [...subscriptions].map((subscriptionId) => ({
    subscriptionId,
    runId,
    signal: 'manual',
    scope: items
      .filter((entry) => entry.subscriptionId === subscriptionId || isBalancer(entry.item))
      .map(({ item }) => item),
    mode: body.mode,
    dryRun: body.dryRun,
    observedAt,
  }));
}

/** Its members may lie in each of the subscriptions. */
const isBalancer = ({ kind }: ScopeItem): boolean => kind === 'loadBalancer' || kind === 'frontend';

function readBody(text: string) {
  const raw = parseJson(text);
  const result = manualRunSchema.safeParse(raw);
  if (result.success) return result.data;
  const { field, value, message } = firstIssue(result.error, raw);
  throw new InputError('INPUT_INVALID', field || 'body', value, sayExpected(field || 'body', message));
}

function sayExpected(field: string, message: string): string {
  if (field === 'mode') return 'must be check, apply or remove';
  if (field === 'dryRun') return 'must be true or false';
  if (field.startsWith('scope')) return EXPECTED;
  if (field === 'body') return `must be an object with scope and mode (${message})`;
  return 'is not known; known are scope, mode and dryRun';
}

function readItem(
  id: string,
  field: string,
  mode: GuestMode,
  allowed: AllowedScope,
): { subscriptionId: string; item: ScopeItem } {
  if (id.length > MOST_ID) throw new InputError('INPUT_INVALID', field, id, `must be at most ${MOST_ID} characters`);
  const kind = kindOf(id);
  if (!kind) throw new InputError('INPUT_INVALID', field, id, EXPECTED);
  if (mode === 'remove' && kind !== 'vm')
    throw new InputError('INPUT_INVALID', field, id, 'must be the id of a virtual machine: remove names each VM');
  if (!isAllowed(id, allowed)) {
    throw new InputError('SCOPE_NOT_ALLOWED', field, id, 'is outside the configured scope');
  }
  return { subscriptionId: subscriptionOf(id), item: { kind, id: id.replace(/\/+$/, '') } };
}

function kindOf(id: string): ScopeKind | undefined {
  const [empty, subscriptions, guid, groups, group, ...rest] = id.replace(/\/+$/, '').split('/');
  if (empty === '' && subscriptions?.toLowerCase() === 'subscriptions' && isSubscriptionId(guid ?? '')) {
    if (groups === undefined) return 'subscription';
    if (groups.toLowerCase() === 'resourcegroups' && group && rest.length === 0) {
      return /^[\p{L}\p{N}_.()-]{1,90}$/u.test(group) ? 'resourceGroup' : undefined;
    }
  }
  return KINDS[idKey(parseResourceId(id)?.type ?? '')];
}
