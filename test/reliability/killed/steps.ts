/** The kinds of work whose processes are killed. */

import { randomRunId } from '../../../shared/model/runId.ts';
import type { ScopeItem, Signal, SignalKind } from '../../../shared/model/signal.ts';
import { LEASE_MS } from '../../../shared/reconcile/lease.ts';
import type { Arm } from '../../../simulator/arm/arm.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import type { Plot } from './plant.ts';

export interface Step {
  title: string;
  /** Played to its end first, with nobody killed. */
  after?: Step;
  /** What happens in the data centre; returns the signal that tells of it, if one does. */
  begin(plot: Plot, arm: Arm): Signal | undefined | Promise<Signal | undefined>;
  /** How far the clock moves before it. The runs before are then due to be removed. */
  laterMs?: number;
  /** How far the clock moves with each message besides the machine's own time. */
  paceMs?: number;
  /** Where the signal is put: the host gave it up already. */
  queue?: 'poison';
}

const signal = ({ estate }: Plot, kind: SignalKind, scope: ScopeItem[], mode: Signal['mode'] = 'apply'): Signal => ({
  subscriptionId: estate.subscriptionId,
  runId: randomRunId(),
  signal: kind,
  scope,
  mode,
  dryRun: false,
  observedAt: Date.now(),
});
const all = (plot: Plot): ScopeItem[] => [{ kind: 'subscription', id: `/subscriptions/${plot.estate.subscriptionId}` }];
const vm = ({ estate }: Plot, name: string): ScopeItem => ({ kind: 'vm', id: vmId(estate, name) });

const sweep: Step = {
  title: 'a sweep that repairs both members',
  begin: (plot) => signal(plot, 'sweep', all(plot)),
};

/** The first one is killed at each of its calls' first and last, in CI too. */
export const STEPS: Step[] = [
  sweep,
  {
    title: 'a failover',
    async begin(plot) {
      await plot.lab.setPrimary('patient-index', 'hs-b');
      return signal(plot, 'failover', [vm(plot, 'hs-b'), { kind: 'vip', id: '10.0.1.101' }]);
    },
  },
  {
    title: 'an apply by hand that Azure refuses at first',
    begin(plot, arm) {
      const path = new RegExp(`^/subscriptions/${plot.estate.subscriptionId}/`, 'i');
      arm.fault({ match: { call: 'putRunCommand', path }, kind: { status: 409, code: 'Conflict' } });
      return signal(plot, 'manual', [vm(plot, 'hs-a')]);
    },
  },
  {
    title: 'a command that never ends',
    paceMs: 45_000,
    begin(plot) {
      plot.lab.behave('hs-b', 'hangs');
      return signal(plot, 'manual', [vm(plot, 'hs-b')], 'check');
    },
  },
  {
    title: 'a removal',
    after: sweep,
    begin: (plot) => signal(plot, 'manual', [vm(plot, 'hs-a')], 'remove'),
  },
  {
    title: 'a mirror that moves without a word',
    after: sweep,
    async begin(plot) {
      await plot.lab.setPrimary('ucr-registry', 'hs-b');
      return undefined;
    },
  },
  { title: 'the runs before are due to be removed', after: sweep, laterMs: 100 * 86_400_000, begin: () => undefined },
  { title: 'a signal that the host gave up on', queue: 'poison', begin: (plot) => signal(plot, 'manual', all(plot)) },
];

/** A killed loop's lease has run out after this. */
export const LAPSE_MS = LEASE_MS + 1000;
