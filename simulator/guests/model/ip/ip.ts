/** The `ip` of a modelled guest: iproute2's words, texts and exit codes, as far as this program and its tests use them. */

import { KernelError } from '../errno.ts';
import type { Machine } from '../machine.ts';
import type { ProgramResult } from '../program.ts';
import { addressCommand, linkCommand, netconfCommand } from './linkCommand.ts';
import { routeCommand } from './routeCommand.ts';
import { ruleCommand } from './ruleCommand.ts';
import { notModelled, UsageError, Words } from './words.ts';

const VERSION = 'ip utility, iproute2-6.1.0\n';

interface Options {
  details: boolean;
  /** Numbers of tables, protocols and scopes instead of their names. */
  numeric: boolean;
  oneline: boolean;
  force: boolean;
  batch: boolean;
}

/** Runs one `ip` command; `input` is its standard input, for `-batch -`. */
export function ip(machine: Machine, argv: string[], input: string): ProgramResult {
  const options: Options = { details: false, numeric: false, oneline: false, force: false, batch: false };
  const words = [...argv];
  try {
    while (words[0]?.startsWith('-')) {
      const word = words.shift() ?? '';
      if (word === '-V' || word === '-Version') return { exitCode: 0, stdout: VERSION, stderr: '' };
      readOption(word, words, options);
    }
    if (options.batch) return batch(machine, input, options);
    return { exitCode: 0, stdout: command(machine, words, options), stderr: '' };
  } catch (error) {
    return refusal(error);
  }
}

function readOption(word: string, words: string[], options: Options): void {
  if (word === '-4') return;
  if (['-o', '-oneline'].includes(word)) options.oneline = true;
  else if (['-d', '-details'].includes(word)) options.details = true;
  else if (['-N', '-Numeric'].includes(word)) options.numeric = true;
  else if (word === '-force') options.force = true;
  else if (['-b', '-batch'].includes(word) && words.shift() === '-') options.batch = true;
  else throw notModelled(`option ${word}`);
}

function command(machine: Machine, argv: string[], options: Options): string {
  const words = new Words(argv);
  const text = objectCommand(machine, words, options);
  return options.oneline ? text.replaceAll(/\n(?= )/g, '\\') : text;
}

function objectCommand(machine: Machine, words: Words, options: Options): string {
  if (words.take('rule', 'ru')) return ruleCommand(machine, words, options);
  if (words.take('route', 'r', 'ro')) return routeCommand(machine, words, options);
  if (words.take('address', 'addr', 'a')) return addressCommand(machine, words, options.oneline);
  if (words.take('link', 'l')) return linkCommand(machine, words);
  if (words.take('netconf')) return netconfCommand(machine, words);
  throw new UsageError(`Object "${words.next('an object')}" is unknown, try "ip help".`);
}

/** Line by line; without -force the first refusal ends it. */
function batch(machine: Machine, input: string, options: Options): ProgramResult {
  const result: ProgramResult = { exitCode: 0, stdout: '', stderr: '' };
  for (const [index, line] of input.split('\n').entries()) {
    const words = line.split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    try {
      result.stdout += command(machine, words, options);
    } catch (error) {
      result.stderr += `${refusal(error).stderr}Command failed -:${index + 1}\n`;
      result.exitCode = 1;
      if (!options.force) break;
    }
  }
  return result;
}

function refusal(error: unknown): ProgramResult {
  if (error instanceof UsageError) return { exitCode: error.exitCode, stdout: '', stderr: `${error.message}\n` };
  if (!(error instanceof KernelError)) throw error;
  const text = error.detail === undefined ? `RTNETLINK answers: ${error.message}` : `Error: ${error.detail}`;
  return { exitCode: 2, stdout: '', stderr: `${text}\n` };
}
