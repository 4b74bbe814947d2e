/** Rules added and taken away. */
import { KernelError } from './errno.ts';
import type { Machine, Rule } from './machine.ts';
import { samePrefix } from './table.ts';

/**
 * Whether the kernel takes a new rule for one that is there: what the new one leaves open fits everything, and `not` is
 * not looked at (rule_exists, fib4_rule_compare).
 */
const isTakenFor = (old: Rule, rule: Rule): boolean =>
  (['pref', 'action', 'table', 'iif', 'protocol', 'suppressPrefixLength'] as const).every(
    (key) => old[key] === rule[key],
  ) && (['from', 'to'] as const).every((key) => rule[key].length === 0 || samePrefix(old[key], rule[key]));

/** Adds a rule behind those with its preference; without one it gets the second rule's less one. */
export function addRule(machine: Machine, fields: Omit<Rule, 'pref'> & { pref: number | undefined }): void {
  const second = machine.rules[1]?.pref ?? 0;
  const rule: Rule = { ...fields, pref: fields.pref ?? Math.max(second - 1, 0) };
  if (rule.target !== undefined && rule.target <= rule.pref)
    throw new KernelError('EINVAL', 'Backward goto not supported.');
  if (machine.rules.some((it) => isTakenFor(it, rule))) throw new KernelError('EEXIST');
  const at = machine.rules.findIndex((it) => it.pref > rule.pref);
  machine.rules.splice(at < 0 ? machine.rules.length : at, 0, rule);
  machine.customRules = true;
}

/** Takes away the first rule that has all that is named: `lookup local` alone also fits a rule with a condition. */
export function deleteRule(machine: Machine, pattern: Partial<Rule>): void {
  const named = (Object.keys(pattern) as (keyof Rule)[]).filter((key) => pattern[key] !== undefined);
  const fits = (rule: Rule): boolean =>
    named.every((key) =>
      key === 'from' || key === 'to' ? samePrefix(rule[key], pattern[key] ?? rule[key]) : rule[key] === pattern[key],
    );
  const at = machine.rules.findIndex(fits);
  if (at < 0) throw new KernelError('ENOENT');
  machine.rules.splice(at, 1);
  machine.customRules = true;
}
