/**
 * Rows as table entities: the row as JSON, cut into properties below the table's limit of 64 KiB each
 * (learn.microsoft.com, "Understanding the Table service data model"), with a version and the columns that are filtered by.
 */
import * as z from 'zod';
import { StateError } from '../errors.ts';

/** The version of rows that this program writes. */
export const ROW_VERSION = 1;

/** Characters per property: 64 KiB of UTF-16 is 32,768, with room to spare. */
const PIECE = 30_000;

const envelopeSchema = z.object({
  v: z.number().int(),
  pieces: z.number().int().min(1).max(30),
});

export interface Columns {
  /** The id a person would look for; shown by table browsers, never read back. */
  id: string;
  open?: boolean;
}

export type Entity = { partitionKey: string; rowKey: string } & Record<string, unknown>;

/** Makes the entity of a row. */
export function toEntity(partitionKey: string, key: string, row: unknown, columns: Columns): Entity {
  const json = JSON.stringify(row);
  const pieces: string[] = [];
  for (let at = 0; at < json.length; at += PIECE) pieces.push(json.slice(at, at + PIECE));
  return {
    partitionKey,
    rowKey: key,
    ...columns,
    v: ROW_VERSION,
    pieces: pieces.length,
    ...Object.fromEntries(pieces.map((piece, i) => [`json${i}`, piece])),
  };
}

/** Reads a row back. Throws StateError STATE_VERSION_UNKNOWN for a later version, STATE_FAILED for a broken entity. */
export function fromEntity<T>(table: string, entity: Entity): T {
  const where = `${table}/${entity.partitionKey}/${entity.rowKey}`;
  const envelope = envelopeSchema.safeParse(entity);
  if (!envelope.success) throw new StateError('STATE_FAILED', `Row ${where} is not one of this program's.`);
  if (envelope.data.v > ROW_VERSION) {
    throw new StateError(
      'STATE_VERSION_UNKNOWN',
      `Row ${where} has version ${envelope.data.v}; this program reads up to ${ROW_VERSION}. Deploy the later program again.`,
    );
  }
  const json = Array.from({ length: envelope.data.pieces }, (_, i) => entity[`json${i}`]).join('');
  try {
    return JSON.parse(json) as T;
  } catch (cause) {
    throw new StateError('STATE_FAILED', `Row ${where} holds broken JSON.`, { cause });
  }
}
