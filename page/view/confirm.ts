/**
 * What changes a guest is confirmed over its plan: a dry run is made, and shown with the order, who is primary, and where
 * it will be told. A plan whose estate changed meanwhile, or that is old, cannot be confirmed.
 */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EstateView } from '../../shared/views/estateSchema.ts';
import type { RunView } from '../../shared/views/run.ts';
import { type Answer, appNow, ask } from '../api.ts';
import { basisOf, changedSince, PLAN_MS, turns } from '../plan.ts';
import { age, count, either } from '../words.ts';
import type { Mode, Subject } from './runs.ts';
import { troubleText } from './trouble.ts';

interface Props {
  mode: Exclude<Mode, 'check'>;
  subject: Subject;
  /** As the page knows it now: told anew with every poll. */
  estate: EstateView;
  now: number;
  started(runId: string): void;
  close(): void;
  /** The app wants a key that may act. */
  keyWanted(): void;
}

interface Plan {
  run: RunView;
  basis: ReadonlyMap<string, string>;
  at: number;
  estate: EstateView;
}

/** How often a dry run is asked for, milliseconds. */
const POLL = 1500;

export function Confirm({ mode, subject, estate, now, started, close, keyWanted }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [turn, setTurn] = useState(0);
  const [plan, setPlan] = useState<Plan | undefined>(undefined);
  const [says, setSays] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    let isOver = false;
    const make = async (): Promise<void> => {
      setPlan(undefined);
      setSays('');
      const made = await post({ scope: subject.ids, mode, dryRun: true });
      if (isOver) return;
      if (made.kind !== 'ok') return refuse(made, 'the dry run');
      for (;;) {
        const answer = await ask<RunView>(`/api/runs/${made.value.runId}`);
        if (isOver) return;
        if (answer.kind !== 'ok') return refuse(answer, 'the dry run');
        const run = answer.value;
        if (run.state === 'failed')
          return setSays(`The dry run failed: ${run.reason?.text ?? 'its document says no more'}`);
        if (run.state === 'settled') {
          const fresh = await ask<EstateView>('/api/estate');
          if (isOver) return;
          if (fresh.kind !== 'ok') return refuse(fresh, 'the estate');
          return setPlan({ run, basis: basisOf(fresh.value, subject.ids), at: appNow(), estate: fresh.value });
        }
        await new Promise((resolve) => setTimeout(resolve, POLL));
      }
    };
    void make();
    return () => {
      isOver = true;
    };
  }, [turn]);

  const refuse = (answer: Exclude<Answer<unknown>, { kind: 'ok' }>, what: string): void => {
    if (answer.kind === 'key') keyWanted();
    setSays(answer.kind === 'same' ? '' : troubleText(answer, what));
  };
  // What the page heard before the plan was made says nothing of what changed since.
  const isNewer = plan !== undefined && estate.asOf >= plan.estate.asOf;
  const changed = isNewer ? changedSince(plan.basis, basisOf(estate, subject.ids)) : [];
  const isOld = plan !== undefined && now - plan.at > PLAN_MS;
  const isStale = isOld || changed.length > 0;
  const confirm = async (): Promise<void> => {
    if (!plan || isStale || busy) return;
    setBusy(true);
    // The estate as the app knows it now, not as this page heard it last.
    const fresh = await ask<EstateView>('/api/estate');
    if (fresh.kind !== 'ok') {
      setBusy(false);
      return refuse(fresh, 'the estate');
    }
    const since = changedSince(plan.basis, basisOf(fresh.value, subject.ids));
    if (since.length > 0) {
      setBusy(false);
      // What it was made from is no more: it stays refused, whatever the next poll brings.
      setPlan({ ...plan, basis: new Map() });
      return setSays(`${either(since, 'and')} changed since the plan was made.`);
    }
    const made = await post({ scope: subject.ids, mode }, plan.run.runId);
    setBusy(false);
    if (made.kind !== 'ok') return refuse(made, 'this');
    started(made.value.runId);
  };
  const verb = mode === 'apply' ? 'Apply to' : 'Remove from';
  return html`<dialog ref=${dialog} aria-label=${`${verb} ${subject.name}`} onClose=${close} onCancel=${close}>
    <h2>${verb} ${subject.name}</h2>
    ${estate.enforcement === 'audit' && html`<p class="w">The app runs in audit mode: it will look into the guests and change none.</p>`}
    ${!plan && says === '' && html`<p role="status" class="bar"><progress aria-label="The plan is made"></progress> A dry run makes the plan; it touches no guest.</p>`}
    ${plan && planText(plan, mode, subject, now)}
    ${plan && isStale && html`<p role="alert"><b class="w">This plan is out of date</b>: ${isOld ? `it is ${age(plan.at, now)} old.` : `${either(changed, 'and')} changed since.`}</p>`}
    ${says !== '' && html`<p role="alert"><b class="b">${says}</b></p>`}
    <div class="bar">
      <button class="first" disabled=${!plan || isStale || busy} onClick=${confirm}>${mode === 'apply' ? 'Apply this plan' : 'Remove what was added'}</button>
      ${(isStale || says !== '') && html`<button onClick=${() => setTurn(turn + 1)}>Make the plan anew</button>`}
      <button onClick=${() => dialog.current?.close()}>Leave all as it is</button>
    </div>
  </dialog>`;
}

const post = (
  body: { scope: string[]; mode: Mode; dryRun?: boolean },
  key?: string,
): Promise<Answer<{ runId: string }>> =>
  // Confirmed twice, or sent again on the way: one run.
  ask('/api/runs', { method: 'POST', body, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) });

function planText({ run, at, estate }: Plan, mode: Mode, subject: Subject, now: number) {
  const order = turns(estate, subject.ids);
  const planned = run.vms.filter(({ plan }) => plan !== undefined);
  const others = run.vms.filter(({ plan }) => plan === undefined);
  return html`<p>The plan is ${age(at, now)} old: ${count(planned.length, 'VM')} would get a command${others.length > 0 ? `, ${count(others.length, 'VM')} would not` : ''}.</p>
  <h3>Plan</h3>
  ${planned.map(
    ({ vmId, vm, plan, script }) => html`<details key=${vmId} open=${planned.length < 4}><summary><b>${vm}</b></summary>
      <ul>${plan?.frontends.map(
        ({ vip, via, backends }) =>
          html`<li key=${vip}><code>${vip}</code> ${mode === 'apply' ? 'by' : 'no more by'} <code>${via.ip}</code>, replies of <code>${backends.map(({ ip }) => ip).join(', ')}</code> ${mode === 'apply' ? 'out to the wire' : 'as without it'}</li>`,
      )}</ul>
      ${script !== undefined && html`<details><summary>The very script</summary><pre tabindex="0">${script}</pre></details>`}</details>`,
  )}
  ${planned.length === 0 && html`<p>There is nothing to send.</p>`}
  ${others.map(({ vmId, vm, findings, paths, result }) => {
    const why = [...findings, ...paths.flatMap((path) => path.findings)].map(({ text }) => text)[0];
    return html`<p key=${vmId} class="soft"><b>${vm}</b>: ${why ?? result ?? 'no plan'}</p>`;
  })}
  <h3>Order</h3><p>Members of one mirror are changed one after another, those that are primary for nothing first; the next only once the one before works.</p>
  <ol>${order.slice(0, 40).map(({ vm, primaryFor }) => html`<li key=${vm}>${vm}${primaryFor.length > 0 ? html`, <b>primary now for ${either(primaryFor, 'and')}</b>` : ', primary for nothing'}</li>`)}</ol>
  ${order.length > 40 && html`<p class="soft">and ${order.length - 40} more</p>`}
  <h3>What will be said where</h3><p>The run stands under Runs with every VM, what was seen before and after, and who asked; the app’s log has a line for each step. ${
    mode === 'remove'
      ? 'What is removed is held back: sweeps and failovers only report it until a person applies again.'
      : 'Connections that are open now go on.'
  }</p>`;
}
