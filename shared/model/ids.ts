/**
 * Azure resource ids. ARM writes the same id in different letter case from one API to the next
 * (`/IpConfigurations/` in rule health, `/ipConfigurations/` in a NIC), so ids are compared by key, never as text.
 */

declare const madeByIdKey: unique symbol;

/** An id in lower case: what maps and sets are keyed by. Made by {@link idKey} only. */
export type IdKey = string & { readonly [madeByIdKey]: true };

/** A resource id taken apart. Names keep the letter case they came in. */
export interface ResourceId {
  subscriptionId: string;
  resourceGroup: string;
  /** Provider namespace and types without names, lower case: `microsoft.network/loadbalancers/frontendipconfigurations`. */
  type: string;
  /** The names along the types, outermost first. */
  names: string[];
}

const SUBSCRIPTION = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Resource group and resource names as ARM allows them, minus everything a shell or path could take amiss. */
const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.()-]{0,88}[\p{L}\p{N}_()-])?$/u;
/** The same of the letters that nearly all names are of: 0.06 ms to compile for the first text, the other one 0.4 ms. */
const PLAIN_NAME = /^\w(?:[\w.()-]{0,88}[\w()-])?$/;
const isName = (text: string): boolean => PLAIN_NAME.test(text) || NAME.test(text);
const TYPE = /^[A-Za-z][A-Za-z0-9.]{0,79}$/;

const SLASH = 0x2f;

/** The key of an id: lower case, no trailing slash. */
export function idKey(id: string): IdKey {
  let end = id.length;
  // Not a pattern, and no copy: this is asked for some twenty times per VM and pass.
  while (end > 0 && id.charCodeAt(end - 1) === SLASH) end -= 1;
  return (end === id.length ? id : id.slice(0, end)).toLowerCase() as IdKey;
}

/** True when two ids name the same resource, whatever their letter case. Mostly they are written alike. */
export const sameId = (a: string, b: string): boolean => a === b || idKey(a) === idKey(b);

/** True for a subscription id (a GUID in any letter case). */
export const isSubscriptionId = (text: string): boolean => SUBSCRIPTION.test(text);

/**
 * Takes a resource id apart. Returns undefined for anything that is not
 * `/subscriptions/{guid}/resourceGroups/{name}/providers/{namespace}/{type}/{name}[/{type}/{name}...]`
 * with plain names: no empty segment, no `..`, no character outside letters, digits and `_ . ( ) -`.
 */
export function parseResourceId(id: string): ResourceId | undefined {
  if (id.length > 1024 || !id.startsWith('/')) return undefined;
  const parts = id.slice(1).split('/');
  const [subs, subscriptionId, groups, resourceGroup, providers, namespace, ...rest] = parts;
  if (subs?.toLowerCase() !== 'subscriptions' || !subscriptionId || !SUBSCRIPTION.test(subscriptionId))
    return undefined;
  if (groups?.toLowerCase() !== 'resourcegroups' || !resourceGroup || !isName(resourceGroup)) return undefined;
  if (providers?.toLowerCase() !== 'providers' || !namespace || !TYPE.test(namespace)) return undefined;
  if (rest.length === 0 || rest.length % 2 !== 0) return undefined;
  const types: string[] = [];
  const names: string[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const type = rest[i] ?? '';
    const name = rest[i + 1] ?? '';
    if (!TYPE.test(type) || !isName(name)) return undefined;
    types.push(type);
    names.push(name);
  }
  return { subscriptionId, resourceGroup, type: [namespace, ...types].join('/').toLowerCase(), names };
}

/** The id of the resource that holds this one (`.../loadBalancers/lb/probes/p` -> `.../loadBalancers/lb`); undefined at the top. */
export function parentId(id: string): string | undefined {
  const parsed = parseResourceId(id);
  if (!parsed || parsed.names.length < 2) return undefined;
  return id.replace(/\/+$/, '').split('/').slice(0, -2).join('/');
}

/** The last name of an id, for people to read; the whole text when it is no resource id. */
export const shortName = (id: string): string => parseResourceId(id)?.names.at(-1) ?? id;

/**
 * True when `id` is `scope` or lies under it; both may be subscriptions, resource groups or resources. Nothing lies
 * under an empty scope.
 */
export const isWithin = (id: string, scope: string): boolean => isKeyWithin(idKey(id), idKey(scope));

/** {@link isWithin} for keys. */
export const isKeyWithin = (inner: IdKey, outer: IdKey): boolean =>
  outer !== '' && inner.startsWith(outer) && (inner.length === outer.length || inner[outer.length] === '/');

const GROUP = /^\/subscriptions\/[0-9a-f-]{36}(\/resourceGroups\/[^/]+)?$/i;

/** True for the id of a subscription, a resource group or a resource: all that a scope can name. */
export const isScopeId = (id: string): boolean => GROUP.test(id) || parseResourceId(id) !== undefined;
