/**
 * A subscription's filter, in ARM's shape so that a deployed one can be used as it is (MicrosoftDocs/azure-docs,
 * event-grid/event-filtering.md): event types, subject, and advanced filters that must all match. Strings compare
 * without regard to letter case.
 */
import { GuardError, InputError } from '../../shared/errors.ts';
import { type AnyEvent, fieldOf } from './schemas.ts';

export interface AdvancedFilter {
  operatorType: string;
  key: string;
  values?: unknown[];
  value?: unknown;
}

export interface SubscriptionFilter {
  includedEventTypes?: string[];
  subjectBeginsWith?: string;
  subjectEndsWith?: string;
  isSubjectCaseSensitive?: boolean;
  advancedFilters?: AdvancedFilter[];
}

/** Limits of one subscription: advanced filters, and values in all of them together; characters of a value. */
const MOST_FILTERS = 25;
const MOST_VALUES = 25;
const LONGEST_VALUE = 512;

type Test = (field: unknown, values: string[]) => boolean;

const some =
  (compare: (field: string, value: string) => boolean): Test =>
  (field, values) =>
    typeof field === 'string' && values.some((value) => compare(field.toLowerCase(), value));
const not =
  (test: Test): Test =>
  (field, values) =>
    !test(field, values);

const isIn = some((field, value) => field === value);
const beginsWith = some((field, value) => field.startsWith(value));
const endsWith = some((field, value) => field.endsWith(value));
const contains = some((field, value) => field.includes(value));

/** A field that is not there fails the plain tests and passes the negated ones. */
const OPERATORS: Record<string, Test> = {
  StringIn: isIn,
  StringNotIn: not(isIn),
  StringBeginsWith: beginsWith,
  StringNotBeginsWith: not(beginsWith),
  StringEndsWith: endsWith,
  StringNotEndsWith: not(endsWith),
  StringContains: contains,
  StringNotContains: not(contains),
  BoolEquals: (field, [value]) => typeof field === 'boolean' && String(field) === value,
  IsNullOrUndefined: (field) => field === undefined || field === null,
  IsNotNull: (field) => field !== undefined && field !== null,
};

/** Compiles a filter. Throws for what Event Grid would refuse, and for operators that are not modelled, by name. */
export function compileFilter(filter: SubscriptionFilter = {}): (event: AnyEvent) => boolean {
  const advanced = filter.advancedFilters ?? [];
  checkLimits(advanced);
  const tests = advanced.map((each) => {
    const test = OPERATORS[each.operatorType];
    if (!test)
      throw new GuardError(
        'INPUT_INVALID',
        `Filter operator ${each.operatorType} is not modelled.`,
        'Use a string operator.',
      );
    const values = valuesOf(each).map((value) => String(value).toLowerCase());
    return (event: AnyEvent): boolean => test(fieldOf(event, each.key), values);
  });
  const types = filter.includedEventTypes?.map((type) => type.toLowerCase());
  const fold = (text: string): string => (filter.isSubjectCaseSensitive ? text : text.toLowerCase());
  const prefix = fold(filter.subjectBeginsWith ?? '');
  const suffix = fold(filter.subjectEndsWith ?? '');
  return (event) => {
    const type = String(fieldOf(event, 'eventType') ?? '').toLowerCase();
    const subject = fold(String(fieldOf(event, 'subject') ?? ''));
    const all = !types || types.length === 0 || types.includes('all');
    return (
      (all || types.includes(type)) &&
      subject.startsWith(prefix) &&
      subject.endsWith(suffix) &&
      tests.every((test) => test(event))
    );
  };
}

const valuesOf = ({ values, value }: AdvancedFilter): unknown[] => values ?? (value === undefined ? [] : [value]);

function checkLimits(filters: AdvancedFilter[]): void {
  const values = filters.flatMap(valuesOf);
  if (filters.length > MOST_FILTERS || values.length > MOST_VALUES) {
    throw new InputError(
      'INPUT_INVALID',
      'advancedFilters',
      `${filters.length} filters, ${values.length} values`,
      `must be at most ${MOST_FILTERS} filters with ${MOST_VALUES} values together`,
    );
  }
  const long = values.find((value) => String(value).length > LONGEST_VALUE);
  if (long !== undefined)
    throw new InputError(
      'INPUT_INVALID',
      'advancedFilters values',
      long,
      `must be at most ${LONGEST_VALUE} characters`,
    );
}
