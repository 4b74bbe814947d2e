/**
 * Rows as table entities: the row as JSON, cut into properties below the table's limit of 64 KiB each
 * (learn.microsoft.com, "Understanding the Table service data model"), with a version and the columns that are filtered by.
 */
import * as z from 'zod';
import { StateError } from '../errors.ts';
import { ROW_VERSION, type RowKind, upgraded } from './upgrades.ts';

/** Characters per property: 64 KiB of UTF-16 is 32,768, with room to spare. */
const PIECE = 30_000;

const envelopeSchema = z.object({
  v: z.number().int().min(1),
  pieces: z.number().int().min(1).max(30),
});

/** What rows are filtered by, beside their keys. */
export interface Columns {
  /** The id a person would look for; shown by table browsers, never read back. */
  id: string;
  open?: boolean;
  state?: string;
  signal?: string;
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

/**
 * Reads a row back, one of an older version as this program knows it. Throws StateError STATE_VERSION_UNKNOWN for a
 * later version, STATE_FAILED for a broken entity.
 */
export function fromEntity<T>(table: { kind: RowKind; name: string }, entity: Entity): T {
  const where = `${table.name}/${entity.partitionKey}/${entity.rowKey}`;
  const envelope = envelopeSchema.safeParse(entity);
  if (!envelope.success) throw new StateError('STATE_FAILED', `Row ${where} is not one of this program's.`);
  const { v, pieces } = envelope.data;
  if (v > ROW_VERSION) {
    throw new StateError(
      'STATE_VERSION_UNKNOWN',
      `Row ${where} has version ${v}; this program reads up to ${ROW_VERSION}. Deploy the later program again.`,
    );
  }
  const json = Array.from({ length: pieces }, (_, i) => entity[`json${i}`]).join('');
  try {
    return upgraded(table.kind, v, JSON.parse(json)) as T;
  } catch (cause) {
    throw new StateError('STATE_FAILED', `Row ${where} holds broken JSON.`, { cause });
  }
}
