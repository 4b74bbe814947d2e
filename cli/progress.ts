/** One line of progress on a terminal, and nothing anywhere else. */
import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';
import type { Progress } from '../shared/model/estateReading.ts';

type Step = Parameters<Progress>[0];

const WORDS: Record<Step, string> = {
  subscriptions: 'subscriptions',
  lists: 'subscriptions read',
  health: 'rule health',
  reports: 'last commands',
  preconditions: 'preconditions',
};

export interface ProgressLine {
  show: Progress;
  /** Takes the line away. */
  clear(): void;
}

/** A line on the stream where that is a terminal. */
export function progressLine(stream: WriteStream): ProgressLine {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  const steps = new Map<Step, string>();
  const clear = (): void => {
    cursorTo(stream, 0);
    clearLine(stream, 0);
  };
  return {
    show(step, done, of) {
      steps.set(step, `${WORDS[step]} ${done} of ${of}`);
      if (step !== 'subscriptions') steps.delete('subscriptions');
      clear();
      stream.write(`Reading: ${[...steps.values()].join(', ')}`.slice(0, (stream.columns || 80) - 1));
    },
    clear,
  };
}
