/** Every code and alert that a person can meet, with its place in docs/runbook and what the program says of it. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ERRORS, NEXT_STEPS } from '../shared/errors.ts';
import { COMMAND_FAILURES } from '../shared/model/commandFailures.ts';
import { FINDINGS } from '../shared/model/findings.ts';
import { GUEST_ERRORS } from '../shared/model/guestErrors.ts';
import { REFUSALS } from '../shared/model/refusals.ts';
import { WAITS } from '../shared/model/waits.ts';
import { table } from './markdown.ts';

/** What one table of the code says of a code. */
interface Saying {
  /** Where a person meets it. */
  as: string;
  says: string;
}

interface Place {
  /** Below docs/runbook: a page, or a heading of one. */
  place: string;
  sayings: Saying[];
}

const QUERIES = join(import.meta.dirname, '../infra/queries');

/** Alerts, by the page's name: each is a query in infra/queries, whose first comment says what it finds. */
export const ALERTS: Readonly<Record<string, Saying>> = Object.fromEntries(
  globSync('*.kql', { cwd: QUERIES })
    .filter((file) => !file.startsWith('workbook-'))
    .map((file) => {
      const [comment = ''] = /^(?:\/\/.*\n)+/.exec(readFileSync(join(QUERIES, file), 'utf8')) ?? [];
      const says = comment
        .replaceAll(/^\/\/ ?/gm, '')
        .trim()
        .replaceAll('\n', ' ');
      return [`alert-${basename(file, '.kql')}`, { as: 'alert', says }];
    }),
);

const pageOf = (code: string): string => `${code}.md`;
/** GitHub makes a heading's anchor of its text in lower case. */
const headingOn = (page: string) => (code: string) => `${pageOf(page)}#${code.toLowerCase()}`;

/** In the order in which a code's place is chosen: one that is in several tables has one place. */
const SOURCES: readonly {
  placeOf: (code: string) => string;
  of: Readonly<Record<string, Saying>>;
}[] = [
  {
    placeOf: pageOf,
    of: mapped(FINDINGS, ({ verdict, sentence }) => ({ as: `finding (${verdict})`, says: sentence })),
  },
  {
    placeOf: pageOf,
    of: Object.fromEntries(
      Object.entries(ERRORS).map(([code, { meaning }]) => {
        const nextStep = NEXT_STEPS[code as keyof typeof ERRORS];
        return [code, { as: 'error', says: nextStep === undefined ? meaning : `${meaning} ${nextStep}` }];
      }),
    ),
  },
  {
    placeOf: headingOn('COMMAND_FAILED'),
    of: mapped(COMMAND_FAILURES, (says: string) => ({ as: 'in `COMMAND_FAILED`', says })),
  },
  {
    placeOf: headingOn('GUEST_FAILED'),
    of: mapped(GUEST_ERRORS, (says: string) => ({ as: 'in `GUEST_FAILED`', says })),
  },
  {
    placeOf: headingOn('AZURE_REFUSES'),
    of: mapped(REFUSALS, (says: string) => ({ as: 'Azure’s code', says })),
  },
  { placeOf: pageOf, of: ALERTS },
  { placeOf: headingOn('waiting'), of: mapped(WAITS, (says: string) => ({ as: 'wait', says })) },
];

function mapped<T>(codes: Readonly<Record<string, T>>, make: (entry: T) => Saying): Record<string, Saying> {
  return Object.fromEntries(Object.entries(codes).map(([code, entry]) => [code, make(entry)]));
}

/** By code. */
export const CODES: Readonly<Record<string, Place>> = SOURCES.reduce<Record<string, Place>>((all, { placeOf, of }) => {
  for (const [code, saying] of Object.entries(of)) {
    all[code] ??= { place: placeOf(code), sayings: [] };
    all[code].sayings.push(saying);
  }
  return all;
}, {});

/** What the program says of a code, as quotes. Throws for a code that there is not. */
export function toldOf(code: string): string {
  const found = CODES[code];
  if (!found) throw new Error(`${code} is no code of this program`);
  return found.sayings.map(({ as, says }) => `> ${as}: ${says}`).join('\n>\n');
}

/** The table of all codes, each with its place, in alphabetical order. */
export const indexOfCodes = (): string =>
  table(
    ['code', 'where it is met'],
    Object.entries(CODES)
      .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
      .map(([code, { place, sayings }]) => [`[\`${code}\`](${place})`, sayings.map(({ as }) => as).join('; ')]),
  );
