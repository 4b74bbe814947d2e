/**
 * What Azure refuses for good, told by its code and, where one code means several things, by its text. Each of these
 * stands until a person does something, whatever the status says: 409 is a passing one as a rule. The table in
 * docs/findings.md is made from this.
 *
 * Sources: "Troubleshoot common Azure deployment errors", "Lock your resources", "Azure Policy: deny effect" and
 * "Troubleshoot Azure RBAC" in Azure's documentation; the text about extension operations is the compute provider's
 * own.
 */
import { sentenceOf } from './sentences.ts';

/** Azure’s codes, with what they mean and what a person does. */
export const REFUSALS = {
  AuthorizationFailed:
    'The app’s identity has no role with this action there. Give it one; a new role takes some minutes to work.',
  LinkedAuthorizationFailed:
    'The app’s identity lacks a right on another resource that the message names. Give it a role there.',
  DenyAssignmentAuthorizationFailed:
    'A deny assignment, of a managed application or a deployment stack, keeps the app out. Whoever owns that has to exclude the app’s identity; no role helps.',
  RequestDisallowedByPolicy:
    'An Azure Policy forbids it; no role helps. The message names the assignment: exempt the VM or its Run Commands from it, or set the tags that it asks for with HAIRPIN_COMMAND_TAGS.',
  ScopeLocked:
    'A management lock forbids it; no role helps. The message names the lock’s scope: remove the lock, or leave the VM as it is.',
  OperationNotAllowed:
    'The VM does not allow extension operations, and Run Command is one. Set osProfile.allowExtensionOperations of the VM to true, and see that its agent is installed.',
  ReadOnlyDisabledSubscription: 'The subscription is disabled and can only be read. Enable it again.',
  MissingSubscriptionRegistration:
    'The subscription is not registered for the resource provider that the message names. Register it.',
} as const satisfies Record<string, string>;

export type RefusalCode = keyof typeof REFUSALS;

/** Codes that mean something else as well, which passes: the text says which. */
const ONLY_WITH: Partial<Record<RefusalCode, RegExp>> = {
  OperationNotAllowed: /extension operations|allowExtensionOperations/i,
};

/** What Azure answered. */
export interface Answered {
  status: number;
  azureCode: string;
  /** In Azure’s words. */
  text: string;
}

/** The code of an answer that stands until a person does something; undefined for one that may pass, or is not known. */
export function finalRefusal({ status, azureCode, text }: Answered): RefusalCode | undefined {
  if (status !== 403 && status !== 409) return undefined;
  if (!Object.hasOwn(REFUSALS, azureCode)) return undefined;
  const code = azureCode as RefusalCode;
  return ONLY_WITH[code]?.test(text) === false ? undefined : code;
}

/** True for a refusal that a role mends. Any other 403 of an unknown code is taken for one too. */
export const isRightMissing = (answer: Answered): boolean => {
  const code = finalRefusal(answer);
  return code === undefined
    ? answer.status === 403
    : code === 'AuthorizationFailed' || code === 'LinkedAuthorizationFailed';
};

/** What a code means and what to do; for any other what holds for all. */
export const refusalText = (code: string): string =>
  sentenceOf(REFUSALS, code) ?? 'Give the app’s identity a role with this action.';
