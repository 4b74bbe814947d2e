import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { mustBeJson, mustBeSameSite } from '../../shared/requests/sender.ts';

const OWN = 'https://guard.azurewebsites.net/api/runs';

const codeOf = (work: () => void): string => {
  try {
    work();
    return 'taken';
  } catch (error) {
    if (error instanceof InputError) return `${error.code} ${error.field}`;
    throw error;
  }
};

for (const [type, expected] of [
  ['application/json', 'taken'],
  ['Application/JSON ; charset=utf-8', 'taken'],
  ['text/plain', 'TYPE_NOT_JSON content-type'],
  ['text/plain; a=application/json', 'TYPE_NOT_JSON content-type'],
  ['application/jsonp', 'TYPE_NOT_JSON content-type'],
  ['application/x-www-form-urlencoded', 'TYPE_NOT_JSON content-type'],
  [undefined, 'TYPE_NOT_JSON content-type'],
] as const) {
  test(`type ${type}: ${expected}`, (t) => {
    const headers = new Headers(type === undefined ? {} : { 'content-type': type });
    t.is(
      codeOf(() => mustBeJson(headers)),
      expected,
    );
  });
}

for (const [title, headers, expected] of [
  ['a program', {}, 'taken'],
  ['the app’s own page', { 'sec-fetch-site': 'same-origin', origin: 'https://guard.azurewebsites.net' }, 'taken'],
  ['a person', { 'sec-fetch-site': 'none' }, 'taken'],
  ['an older browser, its own page', { origin: 'http://guard.azurewebsites.net' }, 'taken'],
  ['another site', { 'sec-fetch-site': 'cross-site' }, 'CROSS_SITE sec-fetch-site'],
  ['a neighbour of the site', { 'sec-fetch-site': 'same-site' }, 'CROSS_SITE sec-fetch-site'],
  ['an older browser, another site', { origin: 'https://azurewebsites.net' }, 'CROSS_SITE origin'],
  ['a page of no origin', { origin: 'null' }, 'CROSS_SITE origin'],
] as const) {
  test(`${title}: ${expected}`, (t) => {
    t.is(
      codeOf(() => mustBeSameSite(new Headers(headers), OWN)),
      expected,
    );
  });
}

for (const [title, work, says] of [
  ['no type', () => mustBeJson(new Headers()), 'content-type is "nothing": must be application/json'],
  [
    'another type',
    () => mustBeJson(new Headers({ 'content-type': 'text/plain' })),
    'content-type is "text/plain": must be application/json',
  ],
  [
    'another site',
    () => mustBeSameSite(new Headers({ 'sec-fetch-site': 'cross-site', origin: 'https://example.org' }), OWN),
    'sec-fetch-site is "cross-site": a page of another site may not ask for this',
  ],
  [
    'another site, by an older browser',
    () => mustBeSameSite(new Headers({ origin: 'https://example.org' }), OWN),
    'origin is "https://example.org": a page of another site may not ask for this',
  ],
] as const) {
  test(`what was sent is said, and what to do: ${title}`, (t) => {
    const error = t.throws(work, { instanceOf: InputError, message: says });
    t.regex(error?.nextStep ?? '', /^Send (the header content-type: application\/json|it from a page of this app)/);
  });
}
