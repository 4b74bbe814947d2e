/** `npm start`: the main job on embedded parts, told step by step. */
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { GuardError, messageOf } from '../shared/errors.ts';
import { defined } from '../shared/model/optional.ts';
import { articleEstate } from './estate/articleEstate.ts';
import { mixedEstate } from './estate/mixedEstate.ts';
import { threeByThree } from './estate/threeByThree.ts';
import { kernelLabAvailable } from './guests/kernel/available.ts';
import { startKernelLab } from './guests/kernel/lab.ts';
import type { GuestLab } from './guests/lab.ts';
import { startModelLab } from './guests/model/lab.ts';
import { isEngineBuilt, startWindowsEngine } from './guests/windows/engine.ts';
import { withWindows } from './guests/withWindows.ts';
import { type Stack, startStack } from './stack.ts';
import { playAll, playFailOver } from './story/plot.ts';
import { isSabotage, SABOTAGES, type Sabotage, sabotaged } from './story/sabotage.ts';
import { savePage, whyNoFile } from './story/savedPage.ts';
import type { StepResult } from './story/step.ts';
import { withSpare } from './story/steps/replacedNic.ts';
import { Story } from './story/story.ts';

/** Simulated Run Commands take this long; Azure's take 20 s or more. */
const COMMAND_MS = 2000;
const GUESTS = {
  kernel: 'real Linux network stacks in namespaces of this machine',
  model: 'a model of Linux network stacks; the scripts are real',
};
const EXIT = { ok: 0, failed: 1, usage: 2, missing: 3 } as const;

const USAGE = `npm start [-- --once] [--json] [--verbose] [--guests kernel|model] [--port N] [--retry-after SECONDS] [--html FILE] [--sabotage NAME]
  --once     end after the last step; exit code 0 only if every step held
  --json     progress on stderr, and one JSON object as the last line of stdout
  --verbose  what was seen in each step, not only in one that fails
  --guests   kernel: network stacks in namespaces of this machine (the default where they can be had)
             model: a model of them, which needs no right and no iproute2
  --port N   first port to try for the Functions host (7071)
  --retry-after SECONDS   what Azure’s answers about rule health ask to be waited for: 1 to 60 (10)
  --html FILE       the estate as it is after the last step, drawn in one file for a browser
  --sabotage NAME   break one thing on purpose and see the story end with the step that fails:
${Object.entries(SABOTAGES)
  .map(([name, what]) => `             ${name}: ${what}`)
  .join('\n')}`;

interface Options {
  once: boolean;
  json: boolean;
  verbose: boolean;
  port: number;
  retryAfter: number;
  /** The file that the page is saved to. */
  html?: string;
  guests?: 'kernel' | 'model';
  sabotage?: Sabotage;
}

/** The options, or the code to end with at once. */
function readOptions(): Options | number {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        port: { type: 'string', default: '7071' },
        guests: { type: 'string' },
        'retry-after': { type: 'string', default: '10' },
        html: { type: 'string' },
        sabotage: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const { once, json, verbose, port, guests, html, sabotage, 'retry-after': retryAfter } = values;
    if (values.help) {
      console.log(USAGE);
      return EXIT.ok;
    }
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
      throw new Error(`--port is ${port}: a number up to 65535 is expected`);
    if (!/^[1-9]\d?$/.test(retryAfter) || Number(retryAfter) > 60)
      throw new Error(`--retry-after is ${retryAfter}: a number of seconds from 1 to 60 is expected`);
    if (guests !== undefined && guests !== 'kernel' && guests !== 'model') {
      throw new Error(`--guests is ${guests}: kernel or model is expected`);
    }
    if (sabotage !== undefined && !isSabotage(sabotage)) {
      throw new Error(`--sabotage is ${sabotage}: one of ${Object.keys(SABOTAGES).join(', ')} is expected`);
    }
    const refused = html === undefined ? undefined : whyNoFile(html);
    if (refused !== undefined) throw new Error(`--html is ${html}: it cannot be written (${refused})`);
    return {
      once,
      json,
      verbose,
      port: Number(port),
      retryAfter: Number(retryAfter),
      ...defined({ html, sabotage }),
      ...(guests === undefined ? {} : { guests }),
    };
  } catch (error) {
    console.error(`${messageOf(error)}\n${USAGE}`);
    return EXIT.usage;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const { sabotage } = options;
  const began = performance.now();
  const say = (text: string): void => {
    const line = `${seconds(performance.now() - began)}  ${text}`;
    if (options.json) console.error(line);
    else console.log(line);
  };

  const interrupted = interruption();
  const available = kernelLabAvailable();
  if (!available.ok) {
    const tell = options.guests === 'kernel' ? console.error : say;
    for (const { what, howTo } of available.missing) tell(`guests in kernel namespaces need ${what}. ${howTo}`);
    if (options.guests === 'kernel') return EXIT.missing;
  }
  const guests = options.guests ?? (available.ok ? 'kernel' : 'model');
  const startLab = guests === 'kernel' ? startKernelLab : startModelLab;
  say(
    `guests: ${guests} (${GUESTS[guests]}); Run Commands take ${COMMAND_MS / 1000} s here, on Azure 20 s or more; rule health asks to be waited for ${options.retryAfter} s`,
  );
  if (sabotage !== undefined) say(`sabotaged on purpose: ${SABOTAGES[sabotage]}`);
  const sites = [threeByThree(), ...((await hasWindowsEngine(say)) ? [mixedEstate()] : [])];
  const starting = startStack({
    estate: articleEstate(),
    lab: async (estate) => broken(await startLab({ estate: withSpare(estate) }), sabotage),
    more: sites.map((estate) => ({
      estate,
      lab: async () => withWindows(broken(await startLab({ estate }), sabotage), estate),
    })),
    commandMs: COMMAND_MS,
    arm: { healthRetryAfter: options.retryAfter },
    // A report that is never believed is waited for until the deadline: not for minutes here.
    settings: sabotage === 'fixed-report' ? { HAIRPIN_COMMAND_SECONDS: '10', HAIRPIN_COMMAND_SLACK_SECONDS: '8' } : {},
    port: options.port,
  });
  // With `--once`, 0 says that every step held: a story that was cut short does not say so.
  const cutShort = options.once ? EXIT.failed : EXIT.ok;
  const stack = await Promise.race([starting, interrupted]);
  // What has started so far ends with this process.
  if (!stack) return cutShort;
  let leaving = false;
  void interrupted.then(() => {
    leaving = true;
  });
  try {
    say(`up: ${stack.host.functions.join(', ')} on ${stack.host.url}`);
    say(`the page: ${stack.host.url}/api/dashboard`);
    const telling = {
      step: (step: StepResult) => {
        if (leaving) return;
        say(`${step.ok ? 'ok  ' : 'FAIL'} ${step.name} (${seconds(step.ms).trim()})`);
        if (options.verbose || !step.ok) for (const line of step.detail.split('; ')) say(`       ${line}`);
      },
    };
    const story = new Story(stack, telling, sabotage);
    await Promise.race([playAll(story), interrupted]);
    if (leaving) return cutShort;
    const result = story.result();
    const { gapMs, failedConnects, verifiedMs } = result.failover;
    say(
      `failover: longest gap ${gapMs} ms, ${failedConnects} connects without the primary, verified after ${verifiedMs} ms`,
    );
    say(result.ok ? 'every step held' : 'NOT every step held');
    const page =
      options.html === undefined ? undefined : await Promise.race([savePage(stack, options.html), interrupted]);
    if (leaving) return cutShort;
    if (page !== undefined) say(`the estate as it is now, drawn: ${pathToFileURL(page)}`);
    if (options.json) console.log(JSON.stringify({ ...result, ...defined({ page }) }));
    if (options.once) return result.ok ? EXIT.ok : EXIT.failed;
    return await stay(stack, story, interrupted, say);
  } finally {
    await stack.stop();
  }
}

/** Resolves at Ctrl-C or SIGTERM. A repeated one changes nothing: npm hands on the Ctrl-C that a terminal sends to all. */
const interruption = (): Promise<undefined> =>
  new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(undefined));
  }).then(() => {
    // What the story was in the middle of fails now, and nobody waits for it any more.
    process.on('unhandledRejection', () => {});
    return undefined;
  });

/** Stays up: Enter makes the next failover, Ctrl-C ends it. */
async function stay(
  stack: Stack,
  story: Story,
  interrupted: Promise<unknown>,
  say: (text: string) => void,
): Promise<number> {
  say(
    `still up: the page on ${stack.host.url}/api/dashboard, the API beside it; Enter makes the next failover, Ctrl-C ends it`,
  );
  const lines = createInterface({ input: process.stdin });
  let busy = false;
  lines.on('line', () => {
    if (busy) return say('the failover before is still on its way');
    busy = true;
    void playFailOver(story).finally(() => {
      busy = false;
    });
  });
  await interrupted;
  lines.close();
  return EXIT.ok;
}

/** Windows guests run the shipped script in a PowerShell engine; without one their estate is left out. */
async function hasWindowsEngine(say: (text: string) => void): Promise<boolean> {
  if (!isEngineBuilt())
    say('Windows guests need a PowerShell engine: the first start builds it with the .NET 10 SDK, in some 20 s');
  try {
    await (await startWindowsEngine()).stop();
    say('Windows guests: modelled machines that run the real script in a PowerShell engine');
    return true;
  } catch (error) {
    say(`no Windows guest here: ${messageOf(error).split('\n')[0]}`);
    return false;
  }
}

const broken = (lab: GuestLab, sabotage: Sabotage | undefined): GuestLab =>
  sabotage === undefined ? lab : sabotaged(lab, sabotage);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(5)} s`;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof GuardError ? `${error.code}: ${error.message}\n${error.nextStep}` : error);
  process.exitCode = EXIT.failed;
}
// Whatever still listens has nothing to do any more.
process.exit();
