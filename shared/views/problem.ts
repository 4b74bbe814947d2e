/** Errors over HTTP: application/problem+json (RFC 9457). */
import { GuardError, InputError, SettingError } from '../errors.ts';
import { defined } from '../model/optional.ts';

export interface Problem {
  status: number;
  headers: Record<string, string>;
  jsonBody: {
    type: string;
    title: string;
    status: number;
    detail: string;
    code: string;
    nextStep: string;
    field?: string;
  };
}

/** The status that a code is answered with; 500 for all others. */
export const PROBLEM_STATUS: Partial<Record<GuardError['code'], number>> = {
  INPUT_INVALID: 400,
  BODY_TOO_LARGE: 413,
  TYPE_NOT_JSON: 415,
  CROSS_SITE: 403,
  SCOPE_NOT_ALLOWED: 400,
  NOT_FOUND: 404,
  RUN_OPEN: 409,
  RUN_NOT_FAILED: 409,
  AZURE_DENIED: 502,
  AZURE_NOT_FOUND: 502,
  AZURE_CONFLICT: 502,
  AZURE_THROTTLED: 502,
  AZURE_UNREACHABLE: 502,
  AZURE_FAILED: 502,
  RUN_ENDED: 409,
  IDEMPOTENCY_KEY_USED: 409,
};

const TITLE: Record<number, string> = {
  400: 'The request is not right',
  403: 'This may not be asked for from here',
  404: 'There is no such thing',
  409: 'The request does not fit what is there',
  413: 'The request is too large',
  415: 'The request is of a type that is not taken',
  500: 'The app could not do it',
  502: 'Azure did not answer as it should',
};

/** The answer for an error of ours. What is not ours is thrown on: the host logs it and answers 500. */
export function problem(error: unknown): Problem {
  if (!(error instanceof GuardError)) throw error;
  const status = PROBLEM_STATUS[error.code] ?? 500;
  // A setting's message may hold the setting's value: it is for the log, not for a caller.
  const detail = error instanceof SettingError ? `The app is not configured: ${error.code}.` : error.message;
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    jsonBody: {
      type: 'about:blank',
      title: TITLE[status] ?? 'Error',
      status,
      detail,
      code: error.code,
      nextStep: error.nextStep,
      ...defined({ field: error instanceof InputError ? error.field : undefined }),
    },
  };
}
