/** The payloads in test/samples, each with its source inside. */
import { readFileSync } from 'node:fs';

// biome-ignore lint/suspicious/noExplicitAny: samples are foreign JSON; tests pick from them by name.
type Body = any;

/** The body of one sample. */
export const sample = (name: string): Body =>
  JSON.parse(readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8')).body;
