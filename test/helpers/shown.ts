/** What came of a pass, as short lines of text, so that a row of a table can say it. */
import type { Effect, Pass, RowWrite } from '../../shared/decide/pass.ts';
import { writesOf } from '../../shared/decide/pass.ts';
import type { Finding } from '../../shared/model/findings.ts';
import { shortName } from '../../shared/model/ids.ts';
import type { FrontendRow, OutcomeRow, RunRow, VmRow } from '../../shared/model/rows.ts';
import { type Level, type LogLine, levelOf, type Step, type StepFields } from '../../shared/model/steps.ts';

/** Writes in their order, then effects. */
export const shown = (pass: Pass): string[] => shownOf({ writes: writesOf(pass), effects: pass.effects });

export const shownOf = ({ writes, effects }: { writes: readonly RowWrite[]; effects: readonly Effect[] }): string[] => [
  ...writes.map(writeText),
  ...effects.map(effectText),
];

/** The steps that were logged. */
export const steps = ({ log }: { log: readonly LogLine[] }): string[] => log.map(({ step }) => step);

/** How loud each line of a step was. */
export const levels = ({ log }: { log: readonly LogLine[] }, step: Step): Level[] =>
  log.filter((line) => line.step === step).map(levelOf);

/** The fields of each line of a step. */
export const linesOf = <S extends Step>({ log }: { log: readonly LogLine[] }, step: S): StepFields[S][] =>
  log.filter((line): line is LogLine<S> => line.step === step).map(({ fields }) => fields);

function writeText(write: RowWrite): string {
  switch (write.table) {
    case 'runs':
      return runText(write.row);
    case 'outcomes':
      return outcomeText(write.row);
    case 'vms':
      return vmText(write.row);
    case 'frontends':
      return frontendText(write.row);
    case 'news':
      return `news ${write.row.subject}`;
  }
}

const words = (...parts: (string | false | undefined)[]): string => parts.filter(Boolean).join(' ');

export const codes = (findings: readonly Finding[]): string =>
  findings.map(({ code, params }) => (code === 'COMMAND_FAILED' ? params.code : code)).join(',');

const runText = ({ runId, state, joined, confirmation, reason, settledAt }: RunRow): string =>
  words(
    'run',
    runId,
    state,
    joined && `joined ${joined}`,
    confirmation && settledAt === undefined && confirmation.state,
    reason && `because ${reason.code}`,
  );

export const outcomeText = ({ runId, vmId, state, result, waitingFor, findings, seq }: OutcomeRow): string =>
  words(
    'outcome',
    runId,
    shortName(vmId),
    result ?? state,
    state === 'commanded' && String(seq),
    state === 'waiting' && waitingFor,
    codes(findings),
  );

/** `vm hs-a intended apply 7`, `vm hs-a ended 7 COMMAND_TIMED_OUT slot B`. */
function vmText({ vmId, command, last, slot, hold }: VmRow): string {
  const how = command
    ? words(command.phase, command.mode, String(command.seq))
    : last &&
      words('ended', String(last.seq), last.failure && codes([last.failure]), last.retryAt !== undefined && 'again');
  return words('vm', shortName(vmId), how, slot === 'B' && 'slot B', hold && 'held');
}

export const frontendText = ({ frontendId, primaryAddress, halted, healthRuleId }: FrontendRow): string =>
  words(
    'frontend',
    shortName(frontendId),
    primaryAddress ?? 'nobody',
    halted && `halted by ${shortName(halted.vmId)}`,
    healthRuleId === undefined && 'not asked',
  );

const effectText = (effect: Effect): string =>
  effect.kind === 'send'
    ? words('send', shortName(effect.vmId), effect.slot, effect.command.mode, String(effect.seq))
    : words('cancel', shortName(effect.vmId), effect.slot, String(effect.seq));
