/** What a caller of `GET /api/history` asks for. */
import { clip, InputError } from '../errors.ts';
import { isHostAddress } from '../model/address.ts';
import { LIST_FORMATS, type ListFormat } from '../model/formats.ts';
import { idKey, parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import { VM_TYPE } from '../model/resourceTypes.ts';
import { readParameters } from './query.ts';

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

const EXPECTED = {
  vm: 'must be the id of a virtual machine',
  vip: 'must be an IPv4 address',
  days: `must be a whole number from 1 to ${MOST_DAYS}`,
  format: `must be one of ${LIST_FORMATS.join(', ')}`,
} satisfies Record<keyof HistoryQuery, string>;

/** Reads the query. Throws InputError INPUT_INVALID that names the first parameter that is wrong, unknown or doubled. */
export function readHistoryQuery(parameters: Iterable<[string, string]>): HistoryQuery {
  const { vm, vip, days = String(SOME_DAYS), format = 'json', ...others } = readParameters(parameters);
  for (const [name, value] of Object.entries(others)) {
    const known = Object.keys(EXPECTED).join(', ');
    throw new InputError('INPUT_INVALID', clip(name, 100), value, `is not known; known are ${known}`);
  }
  const wrong = (name: keyof HistoryQuery, value: string) =>
    new InputError('INPUT_INVALID', name, value, EXPECTED[name]);
  if (vm !== undefined && (vm.length > 1024 || idKey(parseResourceId(vm)?.type ?? '') !== VM_TYPE))
    throw wrong('vm', vm);
  if (vip !== undefined && !isHostAddress(vip)) throw wrong('vip', vip);
  const count = /^\d{1,3}$/.test(days) ? Number(days) : 0;
  if (count < 1 || count > MOST_DAYS) throw wrong('days', days);
  const known = LIST_FORMATS.find((item) => item === format);
  if (!known) throw wrong('format', format);
  return { ...defined({ vm, vip }), days: count, format: known };
}
