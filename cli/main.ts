#!/usr/bin/env node
/** The command line: `ilb-hairpin-guard assess`. */
import { GuardError, messageOf } from '../shared/errors.ts';
import { EXIT } from '../shared/views/assessment.ts';
import { assess } from './assess.ts';
import { HELP, readOptions } from './options.ts';
import { painter } from './paint.ts';
import { type ProgressLine, progressLine } from './progress.ts';

/** What a shell takes an interrupted program to end with: 128 and the number of the signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** What the bundle is made for: older ones lack Map.groupBy. */
const LEAST_NODE = 22;

async function main(args: readonly string[], progress: ProgressLine): Promise<number> {
  if (Number.parseInt(process.versions.node, 10) < LEAST_NODE) {
    process.stderr.write(`This is Node ${process.versions.node}: ${LEAST_NODE} or later is needed.\n`);
    return EXIT.failed;
  }
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help')
    return await say(HELP, 0);
  if (command !== 'assess') {
    process.stderr.write(`The command is ${JSON.stringify(command)}: assess is expected. See --help.\n`);
    return EXIT.failed;
  }
  try {
    const options = readOptions(rest);
    if (!options) return await say(HELP, 0);
    const { text, aside, exitCode } = await assess(options, progress.show, painter(process.stdout));
    progress.clear();
    if (aside !== undefined) process.stderr.write(aside);
    return await say(text, exitCode);
  } catch (error) {
    progress.clear();
    process.stderr.write(rest.includes('--mask') ? maskedFailure(error) : failure(error));
    return EXIT.failed;
  }
}

/** Writes all of a text, however slow its reader is; resolves to the code. */
const say = (text: string, code: number): Promise<number> =>
  new Promise((resolve) => {
    // A reader that has had enough (head, less) closes the pipe: that is no failure, and the result stays what it is.
    process.stdout.on('error', () => resolve(code));
    process.stdout.write(text, () => resolve(code));
  });

function failure(error: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what Azure says must not steer the terminal.
  const clean = (text: string) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ');
  if (!(error instanceof GuardError))
    return `${clean(error instanceof Error ? (error.stack ?? error.message) : messageOf(error))}\n`;
  return `${clean(error.message)}\n${clean(stepOf(error))}\n`;
}

/** What Azure says names who asked and where, and what a person typed may be a name: the code and the right remain. */
function maskedFailure(error: unknown): string {
  if (!(error instanceof GuardError)) return 'The command failed. Run it without --mask to see why.\n';
  const subject = [
    error.code,
    ...('field' in error ? [String(error.field)] : []),
    ...('action' in error ? [String(error.action)] : []),
  ].join(' ');
  return `${subject}\nRun it without --mask to see more.\n`;
}

const SIGN_IN = 'Sign in with az login, or set AZURE_TOKEN_CREDENTIALS and what that credential needs.';

function stepOf(error: GuardError): string {
  if (error.code === 'AZURE_DENIED') {
    const isSignIn = 'status' in error && error.status === 401;
    return isSignIn ? SIGN_IN : 'Ask for the role Reader on the subscription, or name another with --subscription.';
  }
  if (error.code === 'AZURE_NOT_FOUND') return 'Look at the id: az account list shows the subscriptions that you see.';
  if (error.code === 'AZURE_THROTTLED')
    return 'Azure is asked too often by this sign-in. Run it again in some minutes.';
  if (error.code === 'AZURE_UNREACHABLE') return 'Look at the way to Azure Resource Manager, and run it again.';
  return error.nextStep;
}

const progress = progressLine(process.stderr);
process.stderr.on('error', () => {});
for (const [signal, code] of Object.entries(SIGNALS)) {
  process.once(signal, () => {
    progress.clear();
    process.exit(code);
  });
}
process.exit(await main(process.argv.slice(2), progress));
