/**
 * Run Command inside one VM: the agent's and the handler's part, with the script run by the lab.
 * Source of each behaviour: Azure/run-command-handler-linux at internal/cmds/cmds.go (sequence numbers, tails,
 * killing a previous execution), internal/commandProcessor/commandProcessor.go (states and messages),
 * internal/exec/exec.go (exit codes, time-out). What happens to the script's text and process is the lab's part.
 */
import type { GuestLab, ScriptResult } from '../guests/lab.ts';

/** What the handler reports, and what ARM shows as `instanceView`. */
export interface InstanceView {
  executionState: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'TimedOut' | 'Canceled' | 'Unknown';
  executionMessage: string;
  exitCode: number;
  output: string;
  error: string;
  startTime?: string;
  endTime?: string;
}

/** What the agent hands to the handler: one configuration of one command. */
export interface Goal {
  name: string;
  /** Counts the configurations of one resource from 0; a resource that was deleted and made again starts anew. */
  sequence: number;
  script: string;
  timeoutSeconds: number;
}

interface Known {
  lastSequence: number;
  /** The status files, which outlive the resource. */
  reports: Map<number, InstanceView>;
  running?: AbortController;
}

/** maxTailLen in cmds.go. */
const TAIL_BYTES = 4096;
/** maxScriptSize in cmds.go. */
const SCRIPT_BYTES = 256 * 1024;

export class GuestHandler {
  readonly #lab: GuestLab;
  readonly #vm: { name: string; os: 'linux' | 'windows' };
  /** Whole seconds as the handler writes, or finer where executions follow each other faster than that. */
  readonly #fineTimes: boolean;
  #known = new Map<string, Known>();

  constructor(lab: GuestLab, vm: { name: string; os: 'linux' | 'windows' }, fineTimes: boolean) {
    this.#lab = lab;
    this.#vm = vm;
    this.#fineTimes = fineTimes;
  }

  /** Runs a goal unless its sequence number was seen; `report` gets each status. Resolves when the execution ended. */
  async enable(goal: Goal, report: (view: InstanceView) => void): Promise<void> {
    const known: Known = this.#known.get(goal.name) ?? { lastSequence: -1, reports: new Map() };
    this.#known.set(goal.name, known);
    if (this.#vm.os === 'linux' && goal.sequence <= known.lastSequence) {
      // checkAndSaveSeqNum: refused without a word; a status file of that number is what the agent finds and reports.
      const old = known.reports.get(goal.sequence);
      if (old) report(old);
      return;
    }
    known.lastSequence = goal.sequence;
    known.running?.abort(); // pid.KillPreviousExtension in runCmd
    const stop = new AbortController();
    known.running = stop;
    const tell = (view: InstanceView): void => {
      known.reports.set(goal.sequence, view);
      report(view);
    };

    const startTime = this.#now();
    const running: InstanceView = {
      executionState: 'Running',
      executionMessage: 'Execution in progress',
      exitCode: 0,
      output: '',
      error: '',
      startTime,
    };
    tell(running);
    const result = await this.#run(goal, stop.signal);
    if (stop.signal.aborted) return;
    delete known.running;
    tell({ ...running, ...ending(this.#vm.os, result), endTime: this.#now() });
  }

  /** Ends a command's execution: what the handler does when its resource is deleted. */
  disable(name: string): void {
    const known = this.#known.get(name);
    known?.running?.abort();
    if (known) delete known.running;
  }

  /** The machine went down: whatever ran is gone and says nothing more. */
  powerLost(): void {
    for (const name of this.#known.keys()) this.disable(name);
  }

  async #run(goal: Goal, signal: AbortSignal): Promise<ScriptResult> {
    if (Buffer.byteLength(goal.script) > SCRIPT_BYTES) {
      return { exitCode: 1, timedOut: false, stdout: '', stderr: 'failed to save script to file: script is too large' };
    }
    try {
      return await this.#lab.runScript(this.#vm.name, goal.script, goal.timeoutSeconds, signal);
    } catch (error) {
      // The lab's own failure must show in the command, as nothing else looks at it.
      return { exitCode: 255, timedOut: false, stdout: '', stderr: `the simulated guest failed: ${String(error)}` };
    }
  }

  #now(): string {
    const text = new Date().toISOString();
    return this.#fineTimes ? text : text.replace(/\.\d+Z$/, 'Z');
  }
}

/** How an execution ends. The Linux handler knows no TimedOut: a killed child has exit status -1 and is Failed. */
function ending(os: 'linux' | 'windows', result: ScriptResult): Omit<InstanceView, 'startTime' | 'endTime'> {
  const streams = { output: tail(result.stdout), error: tail(result.stderr) };
  if (result.timedOut && os === 'windows') {
    return { executionState: 'TimedOut', executionMessage: 'Script execution timed out.', exitCode: -1, ...streams };
  }
  const exitCode = result.timedOut ? -1 : (result.exitCode ?? -1);
  if (exitCode === 0) {
    return { executionState: 'Succeeded', executionMessage: 'Execution completed', exitCode, ...streams };
  }
  return {
    executionState: 'Failed',
    executionMessage: `Execution failed: failed to execute command: command terminated with exit status=${exitCode}`,
    exitCode,
    ...streams,
  };
}

/** The last 4,096 bytes; a character cut in two becomes a replacement character, as in Go's JSON. */
function tail(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= TAIL_BYTES ? text : bytes.subarray(bytes.length - TAIL_BYTES).toString();
}
