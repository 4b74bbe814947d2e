/** `ip route`: show, add, replace, append, del, flush, get. */
import { isIPv4 } from 'node:net';
import type { Prefix } from '../../ipv4.ts';
import { type Machine, PROTOCOL, type Route, type RouteType, SCOPE, TABLE } from '../machine.ts';
import { routeOutput, UNBOUND } from '../route.ts';
import { addRoute, deleteRoute } from '../routes.ts';
import type { ShowOptions } from './ruleCommand.ts';
import {
  notModelled,
  prefixText,
  protocolName,
  readPrefix,
  readProtocol,
  readScope,
  readTable,
  scopeName,
  tableName,
  UsageError,
  type Words,
} from './words.ts';

/** The kernel's RTN_ numbers (linux/rtnetlink.h), which `ip -N` shows. */
const TYPE_NUMBERS: Record<RouteType, number> = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
};
const TYPES = Object.keys(TYPE_NUMBERS) as RouteType[];

export function routeCommand(machine: Machine, words: Words, options: ShowOptions): string {
  if (words.done || words.take('show', 'list', 'ls', 'lst')) return showRoutes(machine, words, options);
  for (const how of ['add', 'replace', 'append'] as const)
    if (words.take(how)) {
      addRoute(machine, completed(machine, readRoute(words)), how);
      return '';
    }
  if (words.take('del', 'delete')) {
    const { table = TABLE.main, ...rest } = readRoute(words);
    deleteRoute(machine, { ...rest, table });
    return '';
  }
  if (words.take('get')) return getRoute(machine, words);
  if (words.take('flush')) {
    const { table = TABLE.main, protocol, device } = readFilter(words);
    if (!machine.tables.has(table)) throw noTable('Flush');
    machine.routes = machine.routes.filter(
      (it) => it.table !== table || (protocol ?? it.protocol) !== it.protocol || (device ?? it.device) !== it.device,
    );
    return '';
  }
  throw new UsageError(`Command "${words.next()}" is unknown, try "ip route help".`);
}

const noTable = (what: string) => new UsageError(`Error: ipv4: FIB table does not exist.\n${what} terminated`, 2);

type Named = Partial<Route> & { prefix: Prefix };

/** What a command names of a route; `type` alone may stand before the destination. */
function readRoute(words: Words): Named {
  const fields: Partial<Route> = {};
  for (const type of TYPES) if (words.take(type)) fields.type = type;
  const prefix = readPrefix(words.next('the destination'));
  while (!words.done) {
    const word = words.next();
    if (word === 'via') fields.via = words.next(word);
    else if (word === 'dev') fields.device = words.next(word);
    else if (word === 'src') fields.source = words.next(word);
    else if (word === 'table') fields.table = readTable(words.next(word));
    else if (['proto', 'protocol'].includes(word)) fields.protocol = readProtocol(words.next(word));
    else if (word === 'scope') fields.scope = readScope(words.next(word));
    else if (['metric', 'priority', 'preference'].includes(word)) fields.metric = Number(words.next(word));
    else throw notModelled(`route ... ${word}`);
  }
  for (const address of [fields.via, fields.source])
    if (address !== undefined && !isIPv4(address))
      throw new UsageError(`Error: inet address is expected rather than "${address}".`, 1);
  return { ...fields, prefix };
}

/** The rest of a new route as iproute2 fills it in. */
function completed(machine: Machine, { type = 'unicast', ...named }: Named): Route {
  const { device, via } = named;
  if (device !== undefined && !machine.links.some((link) => link.name === device))
    throw new UsageError(`Cannot find device "${device}"`, 1);
  const inLocal = type === 'local' || type === 'broadcast';
  if ((type === 'unicast' || inLocal) && device === undefined && via === undefined)
    throw new UsageError('RTNETLINK answers: No such device', 2);
  const isOnLink = via === undefined && (type === 'unicast' || inLocal);
  const farther = isOnLink ? SCOPE.link : SCOPE.universe;
  const scope = type === 'local' ? SCOPE.host : farther;
  return { table: inLocal ? TABLE.local : TABLE.main, metric: 0, protocol: PROTOCOL.boot, scope, ...named, type };
}

interface Filter {
  table?: number | undefined;
  all: boolean;
  protocol?: number;
  device?: string;
  prefix?: Prefix;
}

function readFilter(words: Words): Filter {
  const filter: Filter = { all: false };
  while (!words.done) {
    const word = words.next();
    if (word === 'table') {
      const name = words.next(word);
      if (name === 'all') filter.all = true;
      else filter.table = readTable(name);
    } else if (['proto', 'protocol'].includes(word)) filter.protocol = readProtocol(words.next(word));
    else if (word === 'dev') filter.device = words.next(word);
    else if (word === 'exact') filter.prefix = readPrefix(words.next(word));
    else if (word === 'default' || /^[\d.]+(\/\d+)?$/.test(word)) filter.prefix = readPrefix(word);
    else throw notModelled(`route show ... ${word}`);
  }
  return filter;
}

function showRoutes(machine: Machine, words: Words, options: ShowOptions): string {
  const filter = readFilter(words);
  const { table = TABLE.main, all, protocol, device, prefix } = filter;
  if (!all && !machine.tables.has(table)) throw noTable('Dump');
  return machine.routes
    .filter(
      (it) =>
        (all || it.table === table) && (protocol ?? it.protocol) === it.protocol && (device ?? it.device) === it.device,
    )
    .filter((it) => prefix === undefined || (it.prefix.base === prefix.base && it.prefix.length === prefix.length))
    .map((route) => `${routeText(route, filter, options)} \n`)
    .join('');
}

/** A route as iproute2 writes it: what the filter named is left out. */
function routeText(route: Route, { all, protocol, device }: Filter, { details, numeric }: ShowOptions): string {
  const { prefix, scope, metric, type, source, via } = route;
  const words: string[] = [];
  if (type !== 'unicast' || details) words.push(numeric ? String(TYPE_NUMBERS[type]) : type);
  words.push(prefix.length === 0 ? 'default' : prefixText(prefix));
  if (via !== undefined) words.push('via', via);
  if (route.device !== undefined && device === undefined) words.push('dev', route.device);
  if (all && (route.table !== TABLE.main || details)) words.push('table', tableName(route.table, numeric));
  if ((route.protocol !== PROTOCOL.boot || details) && protocol === undefined)
    words.push('proto', protocolName(route.protocol, numeric));
  if (scope !== SCOPE.universe || details)
    words.push('scope', scope === SCOPE.universe && !numeric ? 'global' : scopeName(scope, numeric));
  if (source !== undefined) words.push('src', source);
  if (metric !== 0) words.push('metric', String(metric));
  return words.join(' ');
}

function getRoute(machine: Machine, words: Words): string {
  if (words.done) throw new UsageError('need at least a destination address', 1);
  const destination = words.next().replace(/\/32$/, '');
  let from = UNBOUND;
  while (!words.done) {
    if (words.take('from')) from = words.next('from');
    else throw notModelled(`route get ... ${words.next()}`);
  }
  const { source, route, local } = routeOutput(machine, from, destination);
  const text = [destination];
  if (local) text.unshift('local ');
  else if (route.type === 'broadcast') text.unshift('broadcast ');
  if (from !== UNBOUND) text.push(` from ${from}`);
  if (route.via !== undefined) text.push(` via ${route.via}`);
  text.push(` dev ${local ? 'lo' : route.device}`);
  // In the merged table of a machine without rules of its own, local routes show as main's.
  if (route.table !== TABLE.main && (machine.customRules || route.table !== TABLE.local))
    text.push(` table ${tableName(route.table)}`);
  if (from === UNBOUND) text.push(` src ${source}`);
  return `${text.join('')} uid 0 \n    cache ${local ? '<local> ' : ''}\n`;
}
