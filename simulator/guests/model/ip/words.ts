/** The words of an `ip` command: read one by one, with iproute2's abbreviations, numbers and refusals. */
import { formatPrefix, type Prefix, parsePrefix, toAddress } from '../../ipv4.ts';
import { PROTOCOL, SCOPE, TABLE } from '../machine.ts';

/** `ip` refuses a command: the text for standard error and the exit code. */
export class UsageError extends Error {
  readonly exitCode: number;

  constructor(text: string, exitCode = 255) {
    super(text);
    this.exitCode = exitCode;
  }
}

/** A command the model does not know. Told apart from iproute2's own refusals, so that nobody takes it for one. */
export const notModelled = (what: string): UsageError =>
  new UsageError(`ip of the modelled guest does not know ${what}; a kernel guest does`);

export class Words {
  readonly #words: string[];

  constructor(words: string[]) {
    this.#words = [...words];
  }

  get done(): boolean {
    return this.#words.length === 0;
  }

  /** The next word, taken. */
  next(what = 'a word'): string {
    const word = this.#words.shift();
    if (word === undefined)
      throw new UsageError(`Command line is not complete. Try option "help" (${what} is missing)`);
    return word;
  }

  /** Takes the next word when it is one of these. */
  take(...words: string[]): boolean {
    if (!words.includes(this.#words[0] ?? '')) return false;
    this.#words.shift();
    return true;
  }
}

const PROTOCOLS: [string, number][] = Object.entries(PROTOCOL);
const SCOPES: [string, number][] = [...Object.entries(SCOPE), ['global', SCOPE.universe]];
const TABLES: [string, number][] = Object.entries(TABLE);

const numberOf =
  (list: [string, number][], what: string) =>
  (word: string): number => {
    const known = list.find(([name]) => name === word);
    if (known) return known[1];
    if (/^\d+$/.test(word)) return Number(word);
    throw new UsageError(`Error: argument "${word}" is wrong: ${what}\n`);
  };
const nameOf =
  (list: [string, number][]) =>
  (value: number, numeric = false): string =>
    (numeric ? undefined : list.find(([, it]) => it === value)?.[0]) ?? String(value);

export const readProtocol = numberOf(PROTOCOLS, '"protocol" value is invalid');
export const readScope = numberOf(SCOPES, '"scope" value is invalid');
export const readTable = numberOf(TABLES, '"table" value is invalid');
export const protocolName = nameOf(PROTOCOLS);
export const scopeName = nameOf(SCOPES);
export const tableName = nameOf(TABLES);

/** `10.0.1.0/24`, `10.0.1.1`, `default`, `all`. */
export function readPrefix(word: string): Prefix {
  if (word === 'default' || word === 'all' || word === 'any') return { base: 0, length: 0 };
  try {
    return parsePrefix(word);
  } catch {
    throw new UsageError(`Error: any valid prefix is expected rather than "${word}".`, 1);
  }
}

/** As iproute2 writes it: an address alone for a prefix of 32. */
export const prefixText = (prefix: Prefix): string =>
  prefix.length === 32 ? toAddress(prefix.base) : formatPrefix(prefix);
