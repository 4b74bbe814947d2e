/**
 * Runs AVA's test files for Stryker within one process that stays: files are loaded once, and each change of the code is
 * then met by the single tests that reach it. Stryker's tap runner starts AVA anew for each file and each change, a
 * second each time. Registering and judging a test is AVA's own work, by its `Runner`, which it does not export: a
 * later AVA may need another line here, and `npm run mutate` then ends with an error, as the dry run finds no tests.
 *
 * What a change left behind in the process must not count for the next one: after a failure the failed test is run once
 * more without the change, and where it fails still, the process is given up and the change met again by a new one. What
 * an earlier test made and the code keeps can hide a change of the keeping: it then survives, and is never wrongly noticed.
 * Long: the two runners, AVA's and Stryker's, meet here alone.
 */
import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InstrumenterContext, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';

/** What mutate.ts asks for, as Stryker's option `warm`. */
export interface WarmOptions {
  /** Globs of the test files. */
  files: string[];
  /** Tests that take longer, in milliseconds of the processor, are left out. */
  slowest: number;
  /** Of the changes, each so-many-th, and from which on. */
  every: number;
  from: number;
}

/** Stryker numbers the changes file by file, so that each file gives its share. */
export const isDrawn = (mutant: string, every: number, from: number): boolean => Number(mutant) % every === from;

/** A test as AVA's runner holds it. */
interface Task {
  title: string;
  metadata: { skipped: boolean; selected: boolean };
}

/** What is used of AVA's `Runner`. */
interface AvaRunner {
  chain: unknown;
  tasks: Record<'before' | 'serial' | 'concurrent', Task[]>;
  start: () => Promise<void>;
  on(event: 'stateChange', heard: (event: { data: { type: string; err?: { message?: string } } }) => void): void;
  runHooks(tasks: Task[], context: object): Promise<boolean>;
  runTest(task: Task, context: object): Promise<boolean>;
}

/** A test of a file, and how long it took when it last ran: time of the processor, which others do not lengthen. */
interface Found {
  id: string;
  file: string;
  ms: number;
  run(): Promise<string | undefined>;
}

/** Of the tests, those that are too slow: in the folder of Stryker's copy, where the dry run tells all processes. */
const LEFT_OUT = 'leftOut.json';

/** What AVA's `import test from 'ava'` gives in each test file, by the file's URL. */
const chains = new Map<string, unknown>();
const OWN = 'hairpin-ava:';

/** Stryker's place for the change that is on and for what was reached. */
const stryker: InstrumenterContext = {};
Object.assign(globalThis, { __stryker__: stryker, hairpinAvaChains: chains });

/** A module of AVA's that it does not export. */
const AVA = import.meta.resolve('ava');
const inside = async (path: string) => await import(new URL(`../lib/${path}`, AVA).href);

/** Gives each test file the runner of its own. */
function hook(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'ava') return next(specifier, context);
      if (!chains.has(context.parentURL ?? '')) throw new Error(`${context.parentURL} is no test file, and loads AVA.`);
      return { url: `${OWN}${context.parentURL}`, shortCircuit: true };
    },
    load(url, context, next) {
      if (!url.startsWith(OWN)) return next(url, context);
      const file = JSON.stringify(url.slice(OWN.length));
      return {
        format: 'module',
        shortCircuit: true,
        source: `export default globalThis.hairpinAvaChains.get(${file});`,
      };
    },
  });
}

class WarmRunner implements TestRunner {
  static inject = tokens(commonTokens.options);
  readonly #files: string[];
  readonly #slowest: number;
  readonly #isDrawn: (mutant: string) => boolean;
  #tests: Found[] | undefined;
  #met = 0;
  #spoilt = false;

  constructor(options: StrykerOptions) {
    const { files, slowest, every, from } = options.warm as WarmOptions;
    this.#files = files;
    this.#slowest = slowest;
    this.#isDrawn = (mutant) => isDrawn(mutant, every, from);
  }

  capabilities(): TestRunnerCapabilities {
    // A module that was imported stays: changes that act while modules load get a new process from Stryker.
    return { reloadEnvironment: false };
  }

  async dryRun(_options: DryRunOptions): Promise<DryRunResult> {
    const found: TestResult[] = [];
    const tests = await this.#load();
    for (const test of tests) {
      stryker.currentTestId = test.id;
      const failureMessage = await test.run();
      const common = { id: test.id, name: test.id, timeSpentMs: test.ms, fileName: resolve(test.file) };
      if (test.ms > this.#slowest) console.log(`Left out, as it takes ${Math.round(test.ms)} ms: ${test.id}`);
      else if (failureMessage === undefined) found.push({ ...common, status: TestStatus.Success });
      else found.push({ ...common, status: TestStatus.Failed, failureMessage });
    }
    const { static: loading, perTest } = stryker.mutantCoverage ?? { static: {}, perTest: {} };
    // What is reached when all run again, too. The rest was kept since: a schema is made once, by the first who asks. A
    // change there acts only in a process that has not made it yet, as one that acts while modules load.
    const first = structuredClone(perTest);
    for (const id of Object.keys(perTest)) delete perTest[id];
    for (const test of tests) {
      stryker.currentTestId = test.id;
      if (test.ms <= this.#slowest) await test.run();
    }
    delete stryker.currentTestId;
    const again = new Set(Object.values(perTest).flatMap((reached) => Object.keys(reached)));
    const reached = { static: loading, perTest: first };
    for (const { id, ms } of tests) {
      for (const [mutant, hits] of Object.entries(first[id] ?? {})) if (!again.has(mutant)) loading[mutant] = hits;
      // As if it were not there: the share that is noticed can only be less for it.
      if (ms > this.#slowest) delete first[id];
    }
    const slow = tests.filter(({ ms }) => ms > this.#slowest).map(({ id }) => id);
    await writeFile(LEFT_OUT, JSON.stringify(slow));
    // What is not drawn is told as reached by nothing: Stryker then spends no time on it, and mutate.ts does not count it.
    for (const mutants of [reached.static, ...Object.values(reached.perTest)])
      for (const mutant of Object.keys(mutants)) if (!this.#isDrawn(mutant)) delete mutants[mutant];
    return { status: DryRunStatus.Complete, tests: found, mutantCoverage: reached };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    if (this.#spoilt) throw new Error('An earlier change is still felt in this process.');
    const { activeMutant, testFilter } = options;
    const activate = () =>
      Object.assign(stryker, { activeMutant: activeMutant.id, hitCount: 0, hitLimit: options.hitLimit });
    const isFresh = this.#met++ === 0;
    if (options.mutantActivation === 'static') activate();
    let tests: Found[];
    try {
      tests = await this.#load();
    } catch (error) {
      if (options.mutantActivation !== 'static') throw error;
      return toMutantRunResult(complete([failed('load', 0, String(error))]));
    }
    const nearest = activeMutant.fileName.replace(/.*\/shared\//, 'test/').replace(/ts$/, 'test.ts');
    const leftOut: string[] = JSON.parse(await readFile(LEFT_OUT, 'utf8'));
    const wanted = tests.filter(({ id }) => testFilter?.includes(id) ?? !leftOut.includes(id));
    wanted.sort((a, b) => Number(b.file === nearest) - Number(a.file === nearest) || a.ms - b.ms);
    const results: TestResult[] = [];
    for (const test of wanted) {
      activate();
      const failureMessage = await test.run();
      const limit = determineHitLimitReached(stryker.hitCount, options.hitLimit);
      delete stryker.activeMutant;
      if (failureMessage === undefined && !limit) {
        results.push({ id: test.id, name: test.id, timeSpentMs: test.ms, status: TestStatus.Success });
        continue;
      }
      if (options.mutantActivation !== 'static' && (await test.run()) !== undefined) {
        if (!isFresh) throw new Error('An earlier change is still felt in this process.');
        this.#spoilt = true;
      }
      if (limit) return toMutantRunResult(limit);
      results.push(failed(test.id, test.ms, failureMessage ?? ''));
      break;
    }
    return toMutantRunResult(complete(results));
  }

  /** All tests, loaded once. */
  async #load(): Promise<Found[]> {
    if (this.#tests) return this.#tests;
    hook();
    const Runner = (await inside('runner.js')).default as new (options: object) => AvaRunner;
    const ContextRef = (await inside('context-ref.js')).default as new () => { copy(): object };
    // AVA's assertions write with colours, or none, as they are told before the first.
    const chalk = (await inside('chalk.js')) as { set(o: object): void };
    chalk.set({ level: 0 });
    const found: Found[] = [];
    for (const file of globSync(this.#files).toSorted()) {
      const path = resolve(file);
      const runner = new Runner({ file: path, projectDir: process.cwd(), serial: true });
      runner.start = async () => undefined; // Each test is started below.
      const { href } = pathToFileURL(path);
      chains.set(href, runner.chain);
      await import(href);
      const context = new ContextRef();
      if (!(await runner.runHooks(runner.tasks.before, context))) throw new Error(`A hook of ${file} failed.`);
      let failure: string | undefined;
      runner.on('stateChange', ({ data }) => {
        if (data.type.endsWith('-failed')) failure ??= data.err?.message ?? 'failed';
      });
      for (const task of [...runner.tasks.serial, ...runner.tasks.concurrent]) {
        if (task.metadata.skipped || !task.metadata.selected) continue;
        const test: Found = {
          id: `${file}: ${task.title}`,
          file,
          ms: 0,
          run: async () => {
            failure = undefined;
            const start = process.cpuUsage();
            const isOk = await runner.runTest(task, context.copy());
            const { user, system } = process.cpuUsage(start);
            test.ms = (user + system) / 1000;
            return isOk ? undefined : (failure ?? 'failed');
          },
        };
        found.push(test);
      }
    }
    this.#tests = found;
    return found;
  }
}

const complete = (tests: TestResult[]): DryRunResult => ({ status: DryRunStatus.Complete, tests });
const failed = (id: string, timeSpentMs: number, failureMessage: string): TestResult => ({
  id,
  name: id,
  timeSpentMs,
  status: TestStatus.Failed,
  failureMessage,
});

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'warm', WarmRunner)];
