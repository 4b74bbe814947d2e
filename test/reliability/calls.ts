/** Every call over an interface that the loop makes, by name and wrapped: where a test may kill, stall or count. */

import type { Store } from '../../shared/model/store.ts';
import type { LoopPorts } from '../../shared/reconcile/loop.ts';

/** The ports whose methods are calls over an interface. Clock and log do nothing that could be lost. */
const INTERFACES = ['topology', 'health', 'commands', 'agents', 'bell', 'topic'] as const;
export const TABLES = ['runs', 'outcomes', 'vms', 'frontends', 'requests', 'news', 'leases'] as const;

type Passive = 'store' | 'clock' | 'log' | 'holder';
type Named<T extends readonly PropertyKey[], All extends PropertyKey> =
  Exclude<All, T[number]> extends never ? T : never;
/** A port or a table that is not in the lists does not compile. */
type Ports = Named<typeof INTERFACES, Exclude<keyof LoopPorts, Passive>>;
type Tables = Named<typeof TABLES, keyof Store>;

/** Stands around one call: gets its name, `commands.send` or `store.vms.put`, and what makes it. */
export type Around = (name: string, act: () => Promise<unknown>) => Promise<unknown>;

/** The name of every method that the loop could call. */
export function interfaceMethods(ports: LoopPorts): string[] {
  const of = (name: string, target: object): string[] => methodsOf(target).map((method) => `${name}.${method}`);
  return [
    ...INTERFACES.flatMap((name) => of(name, ports[name])),
    ...TABLES.flatMap((name) => of(`store.${name}`, ports.store[name])),
  ].sort();
}

function methodsOf(target: object): string[] {
  const names = new Set<string>();
  for (let at = target; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== 'constructor' && typeof Reflect.get(target, name) === 'function') names.add(name);
    }
  }
  return [...names];
}

/** The same ports with something around each call. */
export function wrapPorts(ports: LoopPorts, around: Around): LoopPorts {
  const wrapped = { ...ports, store: wrapStore(ports.store, around) };
  for (const name of INTERFACES satisfies Ports) Object.assign(wrapped, { [name]: wrap(name, ports[name], around) });
  return wrapped;
}

/** The same store with something around each call. */
export function wrapStore(store: Store, around: Around): Store {
  const wrapped = { ...store };
  for (const name of TABLES satisfies Tables)
    Object.assign(wrapped, { [name]: wrap(`store.${name}`, store[name], around) });
  return wrapped;
}

function wrap<T extends object>(name: string, target: T, around: Around): T {
  return new Proxy(target, {
    get: (_, property) => {
      const method = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => around(`${name}.${String(property)}`, async () => method.apply(target, args));
    },
  });
}
