/** The page: what is shown, from the app's answers or from what was saved into the file. */
import { html } from 'htm/preact';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { EstateView, VmEntry } from '../shared/views/estateSchema.ts';
import type { HistoryView } from '../shared/views/historySchema.ts';
import type { RunSummary, RunView } from '../shared/views/run.ts';
import type { TraceView } from '../shared/views/trace.ts';
import { appNow, ask, forgetKeys, type KeyKind, keepKey, keyOf, type Polled } from './api.ts';
import { useNow, usePolled } from './polling.ts';
import { Printing, usePrintEvents, usePrinting } from './printing.ts';
import { go, hashOf, readRoute, VIEWS, type View } from './route.ts';
import { Confirm } from './view/confirm.ts';
import { Estate } from './view/estate.ts';
import { Findings, waiting } from './view/findings.ts';
import { History } from './view/history.ts';
import { KeyForm, SignIn } from './view/key.ts';
import { type Mode, Runs, type Subject, showRun } from './view/runs.ts';
import { troubleText } from './view/trouble.ts';
import { age, clock } from './words.ts';

/** How often each is asked for while it is looked at, milliseconds. */
const EVERY = { estate: 10_000, soon: 3000, runs: 5000, run: 2000, history: 60_000 };

const TITLES: Record<View, string> = { estate: 'Estate', findings: 'Findings', runs: 'Runs', history: 'History' };

/** What a saved file holds instead of an app to ask. */
interface Saved {
  estate: EstateView;
  /** Traces by the ids of VM and frontend. */
  traces: Record<string, TraceView>;
  /** What it is of. */
  title?: string;
}

function useRoute() {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const onHash = (): void => setRoute(readRoute(location.hash));
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  return route;
}

function Live() {
  const route = useRoute();
  const isPrinting = usePrinting();
  const now = useNow(1000, appNow);
  const [wanted, setWanted] = useState<{ kind: KeyKind; again: () => void } | undefined>(undefined);
  const [asking, setAsking] = useState<{ mode: Exclude<Mode, 'check'>; subject: Subject } | undefined>(undefined);
  const [note, setNote] = useState('');
  const isRuns = route.view === 'runs';
  const [estate, refreshEstate] = usePolled<EstateView>('/api/estate', asking ? EVERY.soon : EVERY.estate);
  const [list, refreshList] = usePolled<{ runs: RunSummary[] }>(isRuns ? '/api/runs' : undefined, EVERY.runs);
  const [run, refreshRun] = usePolled<RunView>(
    isRuns && route.run ? `/api/runs/${encodeURIComponent(route.run)}` : undefined,
    EVERY.run,
  );
  const [history] = usePolled<HistoryView>(
    route.view === 'history' ? '/api/history?days=31' : undefined,
    EVERY.history,
  );
  const refreshRuns = (): void => {
    refreshRun();
    refreshList();
  };
  useEffect(() => {
    document.title = `${TITLES[route.view]}, ilb-hairpin-guard`;
  }, [route.view]);

  const giveKey = (kind: KeyKind) => (key: string) => {
    keepKey(kind, key);
    setWanted(undefined);
    refreshEstate();
    refreshList();
    refreshRun();
    wanted?.again();
  };
  const start = async (mode: Mode, subject: Subject, dryRun = false): Promise<void> => {
    setNote('');
    if (mode !== 'check' && !dryRun) return setAsking({ mode, subject });
    const answer = await ask<{ runId: string }>('/api/runs', {
      method: 'POST',
      body: { scope: subject.ids, mode, ...(dryRun && { dryRun }) },
    });
    if (answer.kind === 'ok') {
      refreshList();
      return showRun({ ...route, view: 'runs' }, answer.value.runId);
    }
    if (answer.kind === 'key') return setWanted({ kind: 'act', again: () => void start(mode, subject, dryRun) });
    if (answer.kind !== 'same') setNote(troubleText(answer, 'runs'));
  };
  const act = (mode: Mode, vm: VmEntry): void => void start(mode, { name: vm.name, ids: [vm.id], vms: true });

  const trouble = estate.trouble;
  const { value } = estate;
  if (trouble?.kind === 'signIn' && !value) return frame(route.view, undefined, html`<${SignIn} />`);
  if (trouble?.kind === 'key' && !value)
    return frame(
      route.view,
      undefined,
      html`<${KeyForm} kind="read" refused=${keyOf('read') !== undefined} give=${giveKey('read')} />`,
    );
  const body = wanted
    ? html`<${KeyForm} kind=${wanted.kind} refused=${false} give=${giveKey(wanted.kind)} close=${() => setWanted(undefined)} />`
    : html`${note !== '' && html`<p role="alert"><b class="b">${note}</b></p>`}${view()}`;
  return html`${frame(route.view, value, body, fresh(estate, now, isPrinting), trouble && value ? html`<p class="banner bad" role="status">${trouble.kind === 'silent' ? `The app does not answer since ${clock(estate.since ?? now, now)} (${trouble.text}).` : troubleText(trouble, 'the estate')} What is shown is of ${clock(estate.at ?? now, now)}.${trouble.kind === 'key' || trouble.kind === 'signIn' ? html` <button onClick=${reload}>Start anew</button>` : ''}</p>` : undefined)}
  ${
    asking &&
    value &&
    html`<${Confirm} key=${`${asking.mode} ${asking.subject.ids.join()}`} ...${asking} estate=${value} now=${now}
    started=${(id: string) => {
      setAsking(undefined);
      refreshList();
      showRun({ ...route, view: 'runs' }, id);
    }} close=${() => setAsking(undefined)} keyWanted=${() => {
      const again = asking;
      setAsking(undefined);
      setWanted({ kind: 'act', again: () => setAsking(again) });
    }} />`
  }`;

  function view() {
    if (route.view === 'runs')
      return html`<${Runs} estate=${value} list=${list} run=${run} route=${route} now=${now} ask=${start} refresh=${refreshRuns} />`;
    if (route.view === 'history') return html`<${History} history=${history} route=${route} now=${now} />`;
    if (!value) return html`<p role="status">${trouble ? troubleText(trouble, 'the estate') : 'The app is asked…'}</p>`;
    if (route.view === 'findings') return html`<${Findings} estate=${value} />`;
    return html`<${Estate} estate=${value} route=${route} now=${now} act=${act} />`;
  }
}

function reload(): void {
  forgetKeys();
  location.reload();
}

/** How old what is shown is. */
function fresh({ value, at }: Polled<EstateView>, now: number, isPrinting: boolean) {
  if (!value || at === undefined) return '';
  const asked = value.groups.flatMap(({ frontends }) =>
    frontends.flatMap(({ healthAt }) => (healthAt ? Date.parse(healthAt) : [])),
  );
  const oldest = asked.length > 0 ? Math.min(...asked) : undefined;
  // On paper nobody knows which day it was.
  const when = isPrinting ? new Date(at).toLocaleString() : clock(at, now);
  return `as of ${when}, ${age(at, now)} ago; Azure’s lists: ${age(value.listedAt, now)}${oldest === undefined ? '' : `; who is primary: up to ${age(oldest, now)}`}`;
}

function frame(
  view: View,
  estate: EstateView | undefined,
  body: unknown,
  freshness = '',
  banner?: unknown,
  views: readonly View[] = VIEWS,
) {
  const todo = estate ? waiting(estate) : 0;
  return html`<a class="skip" href="#main" onClick=${(event: Event) => {
    event.preventDefault();
    document.querySelector('main')?.focus();
  }}>To the content</a>
  <header><h1>ilb-hairpin-guard</h1><nav aria-label="Views">${views.map(
    (one) =>
      html`<a key=${one} href=${hashOf({ view: one })} aria-current=${one === view ? 'page' : undefined}>${TITLES[one]}${one === 'findings' && todo > 0 && html`<span class="count">${todo}<span class="vh"> to do</span></span>`}</a>`,
  )}</nav><p class="fresh">${freshness}</p></header>
  ${banner}
  <main tabindex="-1">${body}</main>`;
}

/** What was saved: no app to ask, and nothing to start. */
function Still({ saved }: { saved: Saved }) {
  const route = useRoute();
  const { estate, traces, title } = saved;
  const now = Date.parse(estate.asOf);
  const traceOf = (vm: string, frontend: string) => traces[`${vm} ${frontend}`];
  const body =
    route.view === 'findings'
      ? html`<${Findings} estate=${estate} />`
      : html`<${Estate} estate=${estate} route=${route} now=${now} traceOf=${traceOf} />`;
  const view = route.view === 'findings' ? 'findings' : 'estate';
  return frame(view, estate, body, `${title ? `${title}, ` : ''}as of ${new Date(now).toLocaleString()}`, undefined, [
    'estate',
    'findings',
  ]);
}

const text = document.getElementById('data')?.textContent;
const saved = text ? (JSON.parse(text) as Saved) : undefined;
const root = document.getElementById('app') as HTMLElement;
function Page() {
  const shown = saved ? html`<${Still} saved=${saved} />` : html`<${Live} />`;
  return html`<${Printing.Provider} value=${usePrintEvents()}>${shown}</${Printing.Provider}>`;
}
render(html`<${Page} />`, root);
if (!location.hash) go({ view: 'estate' }, true);
