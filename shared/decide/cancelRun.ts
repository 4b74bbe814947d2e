/** Who is told that a person cancels a run. Pure. */
import { InputError } from '../errors.ts';
import { type CancelMessage, cancelMessage } from '../model/messages.ts';
import { isOpen, type RunRow } from '../model/rows.ts';

/**
 * The messages for the loops of all subscriptions in which the run is open; none where it has ended cancelled. `runs` are
 * its rows of all subscriptions, at least one. Throws InputError RUN_ENDED for a run that has ended by itself.
 */
export function cancelMessages(runs: readonly RunRow[], by: string, at: number): CancelMessage[] {
  const open = runs.filter(isOpen);
  const [first] = runs;
  if (open.length === 0 && !runs.some((run) => run.cancel)) {
    throw new InputError(
      'RUN_ENDED',
      'id',
      first?.runId ?? '',
      'the run has ended, and there is nothing to stop',
      'GET the run to see what came of it. To take a fix back, POST a run with mode remove that names the VM.',
    );
  }
  return open.map(({ subscriptionId, runId }) => cancelMessage({ subscriptionId, runId, by, at }));
}
