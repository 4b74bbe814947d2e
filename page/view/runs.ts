/** *Runs*: what ran and runs, live; what can be asked for. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { EstateView } from '../../shared/views/estateSchema.ts';
import type { RunSummary, RunView, RunVmView } from '../../shared/views/run.ts';
import { type Answer, ask, type Polled } from '../api.ts';
import { go, hashOf, type Route } from '../route.ts';
import { age, clock, count } from '../words.ts';
import { troubleText } from './trouble.ts';

/** What a person may ask for. */
export type Mode = 'check' | 'apply' | 'remove';

/** What a run is asked to be about: ids for the app, a name for people. */
export interface Subject {
  name: string;
  ids: string[];
  /** True for VMs alone: what `remove` takes. */
  vms: boolean;
}

/** Everything that the estate shows: its subscriptions. */
export function everything({ groups }: EstateView): Subject {
  const ids = groups.flatMap(({ vms, frontends }) =>
    [...vms, ...frontends].map(({ id }) => id.split('/').slice(0, 3).join('/').toLowerCase()),
  );
  return { name: 'everything', ids: [...new Set(ids)], vms: false };
}

/** What a name stands for; undefined when it is none. Several of one name are meant together. */
export function subjectNamed(estate: EstateView, text: string): Subject | undefined {
  const name = text.trim().toLowerCase();
  if (name === '') return everything(estate);
  const isIt = (one: { id: string; name: string }) => one.name.toLowerCase() === name || one.id.toLowerCase() === name;
  const vms = estate.groups.flatMap((group) => group.vms).filter(isIt);
  const others = estate.groups.flatMap((group) => [...group.loadBalancers, ...group.frontends]).filter(isIt);
  const [list, isVm] = vms.length > 0 ? [vms, true] : [others, false];
  if (list.length === 0) return undefined;
  return { name: list[0]?.name ?? text, ids: [...new Set(list.map(({ id }) => id))], vms: isVm };
}

interface Props {
  estate: EstateView | undefined;
  list: Polled<{ runs: RunSummary[] }>;
  run: Polled<RunView>;
  route: Route;
  now: number;
  /** Asks for what changes nothing at once, and for the rest after a confirmation. */
  ask(mode: Mode, subject: Subject, dryRun?: boolean): void;
  refresh(): void;
}

export function Runs({ estate, list, run, route, now, ask: askFor, refresh }: Props) {
  const runs = list.value?.runs ?? [];
  return html`<h2 class="vh">Runs</h2>
  ${estate && html`<${Start} estate=${estate} askFor=${askFor} />`}
  <div class="two"><section aria-label="Runs"><h2>Runs <span class="tag">newest first</span></h2>
    ${!list.value && html`<p class="soft">${list.trouble ? troubleText(list.trouble, 'runs') : 'Asking…'}</p>`}
    ${list.value && runs.length === 0 && html`<p class="soft">There was none yet.</p>`}
    <ul class="run-list">${runs.map(
      (
        one,
      ) => html`<li key=${one.runId}><a href=${hashOf({ ...route, run: one.runId })} aria-current=${one.runId === route.run ? 'true' : undefined}>
        <span><b>${titleOf(one)}</b> ${tagOf(one)}</span><small>${age(one.acceptedAt, now)} ago</small><small>${countsText(one)}</small></a></li>`,
    )}</ul></section>
    <div class="stick">${route.run !== undefined && html`<${One} id=${route.run} run=${run} refresh=${refresh} />`}</div></div>`;
}

function Start({ estate, askFor }: { estate: EstateView; askFor: Props['ask'] }) {
  const [text, setText] = useState('');
  const subject = subjectNamed(estate, text);
  const names = [
    ...new Set(estate.groups.flatMap(({ loadBalancers, vms }) => [...loadBalancers, ...vms].map(({ name }) => name))),
  ].slice(0, 2000);
  const on = (mode: Mode, dryRun?: boolean) => () => subject && askFor(mode, subject, dryRun);
  return html`<section class="no-print" aria-label="Ask for a run"><div class="bar">
    <label for="subject">Look at</label>
    <input id="subject" list="subjects" value=${text} placeholder="everything" aria-describedby="subject-says" onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} />
    <datalist id="subjects">${names.map((name) => html`<option key=${name} value=${name} />`)}</datalist>
    <button class="first" disabled=${!subject} onClick=${on('check')}>Check</button>
    <button disabled=${!subject} onClick=${on('apply', true)}>Dry run</button>
    <button disabled=${!subject} onClick=${on('apply')}>Apply…</button>
    <button disabled=${!subject?.vms} onClick=${on('remove')}>Remove…</button>
  </div><p class="soft" id="subject-says">${
    subject
      ? `Check looks into guests and changes nothing. A dry run shows plan and script, and touches no guest.${subject.vms ? '' : ' Remove takes a VM’s name.'}`
      : `Nothing here is called ${text}.`
  }</p></section>`;
}

const SIGNALS: Record<string, string> = {
  failover: 'Failover',
  resourceChange: 'Resource change',
  primaryMoved: 'Primary moved',
  sweep: 'Sweep',
  manual: 'By hand',
};

const titleOf = ({ signal, mode, dryRun }: RunSummary): string =>
  `${SIGNALS[signal] ?? signal}: ${dryRun ? `${mode}, dry run` : mode}`;

const tagOf = ({ state, counts }: RunSummary) => {
  const isBad = state === 'failed' || counts.failed > 0;
  return html`<span class=${`tag${isBad ? ' b' : ''}`}>${state === 'settled' ? 'ended' : state}</span>`;
};

const RESULTS = [
  'repaired',
  'removed',
  'planned',
  'compliant',
  'repairable',
  'blocked',
  'unknown',
  'failed',
  'superseded',
] as const;

/** What its VMs came to. */
export function countsText({ counts }: Pick<RunSummary, 'counts'>): string {
  const parts = RESULTS.flatMap((name) => (counts[name] > 0 ? `${counts[name]} ${name}` : []));
  return counts.vms === 0
    ? 'no VM yet'
    : `${count(counts.vms, 'VM')}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

const isOpen = ({ state }: RunSummary): boolean => state === 'accepted' || state === 'running';

function One({ id, run, refresh }: { id: string; run: Polled<RunView>; refresh(): void }) {
  const [stopping, setStopping] = useState<{ id: string; said?: string } | undefined>(undefined);
  const value = run.value?.runId === id ? run.value : undefined;
  if (!value)
    return html`<section><h2>Run</h2><p class="soft">${run.trouble ? troubleText(run.trouble, 'this run') : 'Asking…'}</p></section>`;
  const settled = value.vms.filter(({ state }) => state === 'settled').length;
  const stop = async (): Promise<void> => {
    const answer = await ask(`/api/runs/${encodeURIComponent(id)}`, { method: 'DELETE' });
    setStopping({ id, said: stoppedText(answer) });
    refresh();
  };
  const asked = stopping?.id === id ? stopping : undefined;
  const { askedBy } = value as RunView & { askedBy?: string };
  return html`<section aria-label="One run">
    <h2>${titleOf(value)} ${tagOf(value)} <code class="soft">${value.runId.slice(0, 8)}</code></h2>
    <p>Accepted ${clock(value.acceptedAt)}${askedBy ? ` for ${askedBy}` : ''}${value.settledAt ? `, ended ${clock(value.settledAt)}` : ''}. ${countsText(value)}.
      ${value.counts.commands > 0 ? ` ${count(value.counts.commands, 'command')} sent.` : ''}</p>
    ${value.confirmation && html`<p>Failover ${value.confirmation.state}${value.confirmation.afterMs === undefined ? '' : ` after ${(value.confirmation.afterMs / 1000).toFixed(1)} s`} by the load balancer’s probes.</p>`}
    ${value.reason && html`<p><b class=${value.state === 'failed' ? 'b' : ''}>${value.reason.code}</b> ${value.reason.text}</p>`}
    ${value.joined && html`<p>It joined <a href=${hashOf({ view: 'runs', run: value.joined })}>the run ${value.joined.slice(0, 8)}</a>, which does the work for both.</p>`}
    ${
      isOpen(value) &&
      html`<p class="bar" role="status"><progress max=${Math.max(1, value.vms.length)} value=${settled} aria-label="VMs that ended"></progress> ${settled} of ${count(value.vms.length, 'VM')} ended
      ${asked === undefined && html`<button class="danger no-print" onClick=${() => setStopping({ id })}>Cancel…</button>`}</p>`
    }
    ${
      asked &&
      asked.said === undefined &&
      html`<p class="bar no-print" role="alertdialog" aria-label="Cancel this run?">What has not started is dropped, a running command is stopped; what was changed stays.
      <button class="danger" onClick=${stop}>Cancel the run</button><button onClick=${() => setStopping(undefined)}>Let it go on</button></p>`
    }
    ${asked?.said !== undefined && html`<p role="status">${asked.said}</p>`}
    <div class="wide"><table><thead><tr><th scope="col">VM</th><th scope="col">State</th><th scope="col">What was seen</th></tr></thead>
      <tbody>${value.vms.map((vm) => vmRow(vm))}</tbody></table></div>
    ${value.unreadable?.map(({ text }) => html`<p key=${text}>${text}</p>`)}
    <p class="soft no-print">As of ${run.at === undefined ? '?' : clock(run.at)}${run.trouble ? ', the app does not answer now' : ''}.</p>
  </section>`;
}

function stoppedText(answer: Answer<unknown>): string {
  if (answer.kind === 'ok') return 'It is cancelled: what has not started is dropped.';
  if (answer.kind === 'missing') return 'This app cannot cancel a run (DELETE /api/runs/{id}).';
  if (answer.kind === 'same') return 'It is as it was.';
  return troubleText(answer, 'this');
}

function vmRow(vm: RunVmView) {
  const said = [...vm.findings, ...vm.warnings, ...vm.paths.flatMap(({ findings }) => findings)];
  const unique = [...new Map(said.map((one) => [one.text, one])).values()];
  return html`<tr key=${vm.vmId}><th scope="row">${vm.vm}</th>
    <td>${vm.result ?? vm.state}${vm.changed > 0 ? html`<br /><small class="soft">${count(vm.changed, 'change')}</small>` : ''}</td>
    <td>${vm.waitingFor && html`<p>${vm.waitingFor.text}</p>`}
      ${
        vm.paths.length > 0 &&
        html`<p>${vm.paths.map(
          ({ vip, verdict, proof, after }) =>
            html`<span key=${vip}>${vip}: ${verdict}${proof.kind === 'none' ? '' : `, proved ${proof.kind === 'self' ? 'through itself' : 'to another member'}`}${after ? `, connect ${after.outcome} in ${after.ms} ms` : ''}<br /></span>`,
        )}</p>`
      }
      ${unique.map(({ text }) => html`<p key=${text}>${text}</p>`)}
      ${vm.script !== undefined && html`<details><summary>The script that would be sent</summary><pre tabindex="0">${vm.script}</pre></details>`}
    </td></tr>`;
}

/** Shows a run. */
export const showRun = (route: Route, run: string): void => go({ ...route, view: 'runs', run });
