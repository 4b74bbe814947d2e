/** Output of a guest command -> guest report. Whatever a guest prints, this returns a whole report or throws ReportError. */

import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { clip, ReportError } from '../errors.ts';
import { COMMAND_ID } from '../model/commandId.ts';
import { firstIssue } from '../model/firstIssue.ts';
import {
  type ConnectOutcome,
  type Drift,
  GUEST_MODES,
  GUEST_OSES,
  type GuestCommand,
  type GuestReport,
  type PathReport,
  type PlannedFrontend,
} from '../model/guest.ts';
import { GUEST_ERROR_CODES } from '../model/guestErrors.ts';
import { defined } from '../model/optional.ts';
import { addLost } from './firewall.ts';
import type { WARNINGS } from './warnings.ts';
import { DETAIL, DRIFT_LETTERS, MARKER, OUTCOME_LETTERS, PROOF_LETTERS } from './wire.ts';

/**
 * What a report takes as JSON at the most, whatever a guest prints, with a command of as many frontends as there may be.
 * A VM's row holds one, and a table takes rows of 480,000 characters (state/entities.ts).
 */
export const MAX_REPORT_CHARACTERS = 200_000;

const WARNING = /^[a-z][a-z0-9-]{0,39}(?: [A-Za-z0-9._:/ -]{1,120})?$/;
/** The warning that not all firewalls are named. */
const CUT = 'firewalls-cut' satisfies keyof typeof WARNINGS;
const ENTRY =
  /^(\d{1,2});([A-Z]{0,14});([A-Z]{0,14}|=);([a-z])(\d{0,7});(?:([a-z])(\d{0,7})|=);([a-z])(?:(\d{1,5})(?:\.(\d))?)?;(b|-|\d{1,3}(?:\.\d{1,3}){3})?$/;

/** What is wrong with a field, in a sentence: zod/mini has none of its own. */
const WORDS = { error: en().localeError };

const body = z.strictObject({
  v: z.literal(1),
  os: z.enum(GUEST_OSES),
  mode: z.enum(GUEST_MODES),
  chg: z.int().check(z.minimum(0), z.maximum(100_000)),
  p: z.array(z.string().check(z.maxLength(120))).check(z.maxLength(64)),
  w: z.array(z.string().check(z.regex(WARNING))).check(z.maxLength(40)),
  fw: z.optional(z.array(z.string().check(z.maxLength(300))).check(z.minLength(1), z.maxLength(256))),
  k: z.optional(z.literal(1)),
  e: z.optional(z.enum(GUEST_ERROR_CODES)),
  d: z.optional(z.string().check(z.regex(DETAIL))),
});

/**
 * Reads the report from what a command printed: the last line that carries the marker, which must be of this
 * command. Lines before and after it, CRLF and a cut-off beginning (Azure keeps 4,096 bytes) do no harm.
 * Throws ReportError: REPORT_MISSING (no marker), REPORT_CUT (the line has no end), REPORT_OF_ANOTHER_RUN (another
 * command's id) or REPORT_INVALID (not JSON, not the schema, unknown letters, a path that is not in the plan, twice,
 * or missing while no error is reported).
 */
export function parseReport(output: string, command: GuestCommand): GuestReport {
  const text = lastMarked(output);
  const [, id = '', json = ''] = /^(\S*) ?(.*)$/s.exec(text) ?? [];
  if (json === '' || (id.length === 32 && json.startsWith('{') && !json.endsWith('}'))) {
    throw new ReportError('REPORT_CUT', `The report ends early: ${clip(text, 80)}`);
  }
  if (!COMMAND_ID.test(id)) throw invalid(`${clip(id, 40)} is no command id`);
  if (id !== command.commandId) {
    throw new ReportError('REPORT_OF_ANOTHER_RUN', `The report is of command ${id}, not of ${command.commandId}.`);
  }
  return toReport(bodyOf(json), command);
}

/** What follows the marker on the last line that has one. */
function lastMarked(output: string): string {
  const line = output
    .split(/[\r\n]+/)
    .findLast((candidate) => candidate.includes(`${MARKER} `) || candidate.trimEnd().endsWith(MARKER));
  if (line === undefined) {
    throw new ReportError(
      'REPORT_MISSING',
      output.trim() === '' ? 'The command printed nothing.' : 'No report in the output.',
    );
  }
  return line.slice(line.indexOf(MARKER) + MARKER.length).trim();
}

function bodyOf(json: string): z.infer<typeof body> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid(`not JSON: ${clip(json, 80)}`);
  }
  const result = body.safeParse(value, WORDS);
  if (result.success) return result.data;
  const { field, message } = firstIssue(result.error, value);
  throw invalid(`${field || 'report'}: ${message}`);
}

function toReport(wire: z.infer<typeof body>, command: GuestCommand): GuestReport {
  if (wire.mode !== command.mode) throw invalid(`mode is ${wire.mode}, asked for was ${command.mode}`);
  const paths = new Map<number, PathReport>();
  for (const entry of wire.p) {
    const { index, path } = toPath(entry, command);
    if (paths.has(index)) throw invalid(`path ${index} is there twice`);
    paths.set(index, path);
  }
  const missing = command.plan.frontends.findIndex((_, index) => !paths.has(index));
  if (missing !== -1 && wire.e === undefined) throw invalid(`path ${missing} is missing`);
  const { wrong, isCut } = addLost(wire.fw ?? [], paths, command.plan.frontends);
  if (wrong !== undefined) throw invalid(`${clip(wrong, 80)} is no firewall entry`);
  return {
    schema: 1,
    commandId: command.commandId,
    os: wire.os,
    mode: wire.mode,
    changed: wire.chg,
    paths: [...paths].sort(([a], [b]) => a - b).map(([, path]) => path),
    warnings: isCut && !wire.w.includes(CUT) ? [...wire.w, CUT] : wire.w,
    ...defined({ heals: wire.k && (true as const), errorCode: wire.e, errorDetail: wire.d }),
  };
}

function toPath(entry: string, command: GuestCommand): { index: number; path: PathReport } {
  const match = ENTRY.exec(entry);
  if (!match) throw invalid(`${clip(entry, 80)} is no path entry`);
  const [
    ,
    number,
    driftBefore = '',
    driftAfter = '',
    outcome = '',
    ms = '',
    outcome2,
    ms2 = '',
    proof = '',
    port,
    place,
    source,
  ] = match;
  const index = Number(number);
  const planned = command.plan.frontends[index];
  if (!planned) throw invalid(`path ${index} is not in the plan`);
  const before = drifts(driftBefore);
  const connectBefore = connect(outcome, ms);
  const connectAfter = outcome2 === undefined ? { ...connectBefore } : connect(outcome2, ms2);
  const connected = connectAfter.outcome !== 'none' || connectBefore.outcome !== 'none';
  const from = connected ? sourceOf(source, planned) : undefined;
  return {
    index,
    path: {
      vip: planned.vip,
      before,
      after: driftAfter === '=' ? [...before] : drifts(driftAfter),
      connectBefore,
      connectAfter,
      ...defined({ source: from }),
      proof: letter(PROOF_LETTERS, proof, 'proof'),
      ...acceptedAt(planned, proof, port, place),
    },
  };
}

/** The connect's own address: the via address where none is given, `b` the first backend's, `-` not told. */
function sourceOf(source: string | undefined, { via, backends }: PlannedFrontend): string | undefined {
  if (source === undefined) return via.ip;
  if (source === 'b') return backends[0]?.ip;
  return source === '-' ? undefined : source;
}

function acceptedAt(planned: PlannedFrontend, proof: string, port?: string, place = '0'): Pick<PathReport, 'accepted'> {
  if (port === undefined) return {};
  const backend = planned.backends[Number(place)];
  if (proof !== 's' || !backend || Number(port) > 65535) throw invalid(`${proof}${port}.${place} is no accepted end`);
  return { accepted: { ip: backend.ip, port: Number(port) } };
}

const drifts = (letters: string): Drift[] => [...letters].map((one) => letter(DRIFT_LETTERS, one, 'drift'));

const connect = (outcome: string, ms: string): { outcome: ConnectOutcome; ms: number } => ({
  outcome: letter(OUTCOME_LETTERS, outcome, 'outcome'),
  ms: Number(ms),
});

function letter<T extends string>(table: Readonly<Record<string, T>>, key: string, what: string): T {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined) throw invalid(`${key} is no letter for a ${what}`);
  return value;
}

const invalid = (why: string): ReportError => new ReportError('REPORT_INVALID', `The report is not usable: ${why}.`);
