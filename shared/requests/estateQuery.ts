/** What callers of the functions that tell of the estate ask for. */
import * as z from 'zod/mini';
import { clip, InputError } from '../errors.ts';
import { LIST_FORMATS, type ListFormat } from '../model/formats.ts';
import { acceptedFormat, readParameters, readQuery } from './query.ts';

/** As long as an id may be: what names a VM or a frontend is its name, its address or its id. */
const name = () => z.string().check(z.minLength(1), z.maxLength(1024));

/** `GET /api/compliance`. */
export const complianceQuerySchema = z.lazy(() => z.strictObject({ format: z.optional(z.enum(LIST_FORMATS)) }));
export const COMPLIANCE_EXPECTED = { format: `must be one of ${LIST_FORMATS.join(', ')}` };

/** `GET /api/forecast`. */
export const forecastQuerySchema = z.lazy(() => z.strictObject({ vm: z.optional(name()) }));
export const FORECAST_EXPECTED = { vm: 'must be the name or id of a VM' };

/** `GET /api/paths`. */
export const pathsQuerySchema = z.lazy(() => z.strictObject({ vm: name(), vip: name() }));
export const PATHS_EXPECTED = { ...FORECAST_EXPECTED, vip: 'must be a VIP, or the name or id of its frontend' };

type Parameters = Iterable<[string, string]>;

/** What compliance is to be shown as. Throws InputError INPUT_INVALID. */
export const readComplianceQuery = (parameters: Parameters, accept: string | null): ListFormat =>
  readQuery(complianceQuerySchema, COMPLIANCE_EXPECTED, parameters).format ?? acceptedFormat(accept);

/** Of which VM the forecast is; of all of them without one. Throws InputError INPUT_INVALID. */
export const readForecastQuery = (parameters: Parameters): string | undefined =>
  readQuery(forecastQuerySchema, FORECAST_EXPECTED, parameters).vm;

/** Whose connections to where are traced. Throws InputError INPUT_INVALID. */
export const readPathsQuery = (parameters: Parameters): { vm: string; vip: string } =>
  readQuery(pathsQuerySchema, PATHS_EXPECTED, parameters);

/** `GET /api/estate` takes no parameter. Throws InputError INPUT_INVALID for any. */
export function readEstateQuery(parameters: Parameters): void {
  const [first] = Object.entries(readParameters(parameters));
  if (first)
    throw new InputError('INPUT_INVALID', clip(first[0], 100), first[1], 'is not known; there is no parameter');
}
