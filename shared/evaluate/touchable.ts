/** What may be touched: the opt-out tag, the audit tag, and which addresses. */
import { addressFault } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import { isTrueWord, type Scope } from '../model/scope.ts';

const NONE: readonly Finding[] = [];

type Tags = Record<string, string>;

/** The value of a tag; Azure's tag names have no letter case. */
export function tagValue(tags: Tags, name: string): string | undefined {
  // No list of pairs: every path asks for several tags.
  for (const key in tags) {
    if (key.length === name.length && key.toLowerCase() === name.toLowerCase()) return tags[key];
  }
  return undefined;
}

/** True when a resource carries the opt-out tag with a true word. */
export const isOptedOut = (tags: Tags, scope: Scope): boolean => isTrueWord(tagValue(tags, scope.optOutTag));

/** True when a VM carries the audit tag with a true word: it is only reported. */
export const isAudited = (tags: Tags, scope: Scope): boolean => isTrueWord(tagValue(tags, scope.auditTag));

/** Why an address may not be in a plan; empty for one that may. */
export function addressFindings(address: string, { networks }: Scope): readonly Finding[] {
  const fault = addressFault(address, networks);
  if (fault === undefined) return NONE;
  return [finding(fault === 'public' ? 'ADDRESS_PUBLIC' : 'ADDRESS_INVALID', { value: address || 'nothing' })];
}
