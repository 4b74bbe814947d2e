/** What a caller of `GET /api/history` asks for. */
import * as z from 'zod/mini';
import { isHostAddress } from '../model/address.ts';
import { LIST_FORMATS, type ListFormat } from '../model/formats.ts';
import { idKey, parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import { VM_TYPE } from '../model/resourceTypes.ts';
import { acceptedFormat, readQuery } from './query.ts';

/** The most days of one answer, and how many when none are asked for. */
const MOST_DAYS = 366;
const SOME_DAYS = 30;

export interface HistoryQuery {
  /** A VM's id. */
  vm?: string;
  vip?: string;
  days: number;
  format: ListFormat;
}

const isVm = (id: string): boolean => idKey(parseResourceId(id)?.type ?? '') === VM_TYPE;
const isDays = (text: string): boolean => Number(text) >= 1 && Number(text) <= MOST_DAYS;

/** `GET /api/history`. */
export const historyQuerySchema = z.lazy(() =>
  z.strictObject({
    vm: z.optional(z.string().check(z.maxLength(1024), z.refine(isVm))),
    vip: z.optional(z.string().check(z.refine(isHostAddress))),
    days: z.optional(z.string().check(z.regex(/^\d{1,3}$/), z.refine(isDays))),
    format: z.optional(z.enum(LIST_FORMATS)),
  }),
);
export const HISTORY_EXPECTED = {
  vm: 'must be the id of a virtual machine',
  vip: 'must be an IPv4 address',
  days: `must be a whole number from 1 to ${MOST_DAYS}, ${SOME_DAYS} when it is not there`,
  format: `must be one of ${LIST_FORMATS.join(', ')}`,
};

/** Reads the query. Throws InputError INPUT_INVALID that names the first parameter that is wrong, unknown or doubled. */
export function readHistoryQuery(parameters: Iterable<[string, string]>, accept: string | null = null): HistoryQuery {
  const { vm, vip, days, format } = readQuery(historyQuerySchema, HISTORY_EXPECTED, parameters);
  return { ...defined({ vm, vip }), days: Number(days ?? SOME_DAYS), format: format ?? acceptedFormat(accept) };
}
