/** `ip rule`: show, add, del, flush. */
import type { Prefix } from '../../ipv4.ts';
import { type Machine, PROTOCOL, type Rule, TABLE } from '../machine.ts';
import { addRule, deleteRule } from '../rules.ts';
import {
  notModelled,
  prefixText,
  protocolName,
  readPrefix,
  readProtocol,
  readTable,
  tableName,
  UsageError,
  type Words,
} from './words.ts';

export interface ShowOptions {
  details: boolean;
  numeric: boolean;
}

export function ruleCommand(machine: Machine, words: Words, options: ShowOptions): string {
  if (words.done || words.take('show', 'list', 'ls', 'lst')) return showRules(machine, words, options);
  if (words.take('add')) {
    const rule = readRule(words);
    const { pref, not = false, from = ANY, to = ANY, action = 'lookup', table = 0, protocol = PROTOCOL.unspec } = rule;
    addRule(machine, {
      ...{ pref, not, from, to, action, protocol },
      table: action === 'lookup' && table === 0 ? TABLE.main : table,
      ...(rule.iif !== undefined && { iif: rule.iif }),
      ...(rule.target !== undefined && { target: rule.target }),
      ...(rule.suppressPrefixLength !== undefined && { suppressPrefixLength: rule.suppressPrefixLength }),
    });
    return '';
  }
  if (words.take('del', 'delete')) {
    const { from, to, protocol, not: _not, target: _target, ...rest } = readRule(words);
    // Without a length there is nothing to compare: `from all` fits every rule. Nor are `not` and where `goto` goes.
    deleteRule(machine, {
      ...rest,
      ...(protocol && { protocol }),
      ...(from?.length && { from }),
      ...(to?.length && { to }),
    });
    return '';
  }
  if (words.take('flush')) {
    for (const rule of [...machine.rules]) if (rule.pref !== 0) machine.rules.splice(machine.rules.indexOf(rule), 1);
    machine.customRules = true;
    return '';
  }
  throw notModelled(`rule ${words.next()}`);
}

const ANY: Prefix = { base: 0, length: 0 };

function readRule(words: Words): Partial<Rule> {
  const rule: Partial<Rule> = {};
  while (!words.done) {
    const word = words.next();
    if (word === 'not') rule.not = true;
    else if (word === 'from') rule.from = readPrefix(words.next(word));
    else if (word === 'to') rule.to = readPrefix(words.next(word));
    else if (['pref', 'preference', 'priority', 'order', 'prio'].includes(word)) rule.pref = Number(words.next(word));
    else if (['iif', 'dev'].includes(word)) rule.iif = words.next(word);
    else if (['lookup', 'table'].includes(word)) rule.table = readTable(words.next(word));
    else if (['protocol', 'proto'].includes(word)) rule.protocol = readProtocol(words.next(word));
    else if (word === 'suppress_prefixlength') rule.suppressPrefixLength = Number(words.next(word));
    else if (word === 'goto') {
      rule.action = 'goto';
      rule.target = Number(words.next(word));
    } else if (word === 'unreachable' || word === 'prohibit' || word === 'blackhole') rule.action = word;
    else throw new UsageError(`Error: argument "${word}" is wrong: Failed to parse rule type`);
  }
  return rule;
}

function showRules(machine: Machine, words: Words, options: ShowOptions): string {
  const { pref, protocol, table, ...others } = readRule(words);
  if (Object.keys(others).length > 0) throw notModelled('this filter of rules');
  return machine.rules
    .filter(
      (it) =>
        (pref ?? it.pref) === it.pref && (table ?? it.table) === it.table && (protocol ?? it.protocol) === it.protocol,
    )
    .map((rule) => `${ruleText(machine, rule, options)}\n`)
    .join('');
}

function ruleText(machine: Machine, rule: Rule, { details, numeric }: ShowOptions): string {
  const words = [rule.not ? 'not from' : 'from', selectorText(rule.from)];
  if (rule.to.length > 0) words.push('to', selectorText(rule.to));
  if (rule.iif !== undefined) {
    words.push('iif', rule.iif);
    if (!machine.links.some((link) => link.name === rule.iif)) words.push('[detached]');
  }
  if (rule.action === 'lookup') {
    words.push('lookup', tableName(rule.table, numeric));
    if (rule.suppressPrefixLength !== undefined) words.push('suppress_prefixlength', String(rule.suppressPrefixLength));
  } else if (rule.action === 'goto') {
    words.push('goto', String(rule.target));
    if (!machine.rules.some((it) => it.pref === rule.target)) words.push('[unresolved]');
  } else words.push(rule.action);
  if (details || (rule.protocol !== PROTOCOL.unspec && rule.protocol !== PROTOCOL.kernel))
    words.push('proto', protocolName(rule.protocol, numeric));
  return `${rule.pref}:\t${words.join(' ')}`;
}

const selectorText = (prefix: Prefix): string => (prefix.length === 0 ? 'all' : prefixText(prefix));
