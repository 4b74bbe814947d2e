/**
 * Rows as table entities: the row as JSON, cut into properties below the table's limit of 64 KiB each
 * (learn.microsoft.com, "Understanding the Table service data model"), with a version and the columns that are filtered by.
 */
import * as z from 'zod/mini';
import { StateError } from '../errors.ts';
import { ROW_VERSION, type RowKind, upgraded } from './upgrades.ts';

/** Characters per property: 64 KiB of UTF-16 is 32,768, with room to spare. */
const PIECE = 30_000;

/** What fits into an entity of 1 MiB with two bytes a character, with room for the other properties. */
const MOST_PIECES = 16;

const envelopeSchema = z.object({
  v: z.int().check(z.minimum(1)),
  pieces: z.int().check(z.minimum(1), z.maximum(MOST_PIECES)),
});

/** What rows are filtered by, beside their keys. */
export interface Columns {
  /** The id a person would look for; shown by table browsers, never read back. */
  id: string;
  open?: boolean;
  commanded?: boolean;
  pending?: boolean;
  state?: string;
  signal?: string;
  /** Where its time stands: see timeMark. */
  mark?: string;
}

export type Entity = { partitionKey: string; rowKey: string } & Record<string, unknown>;

/** Makes the entity of a row. */
export function toEntity(partitionKey: string, key: string, row: unknown, columns: Columns): Entity {
  const json = asciiJson(row);
  const pieces: string[] = [];
  for (let at = 0; at < json.length; at += PIECE) pieces.push(json.slice(at, at + PIECE));
  if (pieces.length > MOST_PIECES) {
    throw new StateError('STATE_ROW_TOO_LARGE', `Row ${partitionKey}/${key} would take ${json.length} characters.`);
  }
  return {
    partitionKey,
    rowKey: key,
    ...columns,
    v: ROW_VERSION,
    pieces: pieces.length,
    ...Object.fromEntries(pieces.map((piece, i) => [`json${i}`, piece])),
  };
}

/**
 * JSON in ASCII alone: no piece ends within a character, and nothing on the way can cut one in two. Azurite 3.36 does,
 * where a character of several bytes meets the end of what it read at once.
 */
const asciiJson = (row: unknown): string =>
  JSON.stringify(row).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Where a row is, for a person to find it. */
export const whereIs = (table: { name: string }, { partitionKey, rowKey }: Entity): string =>
  `${table.name}/${partitionKey}/${rowKey}`;

/**
 * Reads a row back, one of an older version as this program knows it. Throws StateError STATE_VERSION_UNKNOWN for a
 * later version, STATE_ROW_BROKEN for an entity that is none of this program's.
 */
export function fromEntity<T>(table: { kind: RowKind; name: string }, entity: Entity): T {
  const where = whereIs(table, entity);
  const envelope = envelopeSchema.safeParse(entity);
  if (!envelope.success) throw new StateError('STATE_ROW_BROKEN', `Row ${where} is not one of this program's.`);
  const { v, pieces } = envelope.data;
  if (v > ROW_VERSION) {
    throw new StateError(
      'STATE_VERSION_UNKNOWN',
      `Row ${where} has version ${v}; this program reads up to ${ROW_VERSION}. Deploy the later program again.`,
    );
  }
  const json = Array.from({ length: pieces }, (_, i) => entity[`json${i}`]).join('');
  let row: unknown;
  try {
    row = upgraded(table.kind, v, JSON.parse(json));
  } catch (cause) {
    throw new StateError('STATE_ROW_BROKEN', `Row ${where} holds broken JSON.`, { cause });
  }
  if (!isNamed(row, NAMES[table.kind]))
    throw new StateError('STATE_ROW_BROKEN', `Row ${where} does not say what it is about.`);
  return row as T;
}

/** The property that names what a row of each kind is about: everything else is found by it. */
const NAMES: Record<RowKind, string> = {
  runs: 'runId',
  outcomes: 'vmId',
  vms: 'vmId',
  frontends: 'frontendId',
  news: 'subject',
  leases: 'subscriptionId',
  requests: 'keyHash',
};

const isNamed = (row: unknown, name: string): boolean =>
  typeof row === 'object' && row !== null && typeof (row as Record<string, unknown>)[name] === 'string';
