/** *History*: a strip per path over a month, worst first; compliance and history as files, and a print. */
import { html } from 'htm/preact';
import { useMemo, useState } from 'preact/hooks';
import type { PathWord } from '../../shared/views/estateSchema.ts';
import type { HistoryPathView, HistoryView } from '../../shared/views/historySchema.ts';
import { ask, type Polled } from '../api.ts';
import { usePrinting } from '../printing.ts';
import { go, hashOf, type Route } from '../route.ts';
import { age, clock, count, isFound, MEANINGS, STATES, searchedText } from '../words.ts';
import { troubleText } from './trouble.ts';

const DAY_MS = 86_400_000;
/** Paths that are shown at first: with more of them a page is slow, and the worst are first. */
const SOME = 60;

interface Props {
  history: Polled<HistoryView>;
  route: Route;
  now: number;
}

export function History({ history, route, now }: Props) {
  const [says, setSays] = useState('');
  const [some, setMost] = useState(SOME);
  const most = usePrinting() ? Number.POSITIVE_INFINITY : some;
  const { value, trouble } = history;
  const save = (path: string, name: string) => async (): Promise<void> => {
    const answer = await ask<string>(path, { text: true });
    if (answer.kind === 'ok') {
      setSays('');
      return keep(answer.value, name);
    }
    if (answer.kind !== 'same') setSays(troubleText(answer, name));
  };
  const paths = useMemo(
    () => (value?.paths ?? []).filter(({ vm, vip, frontend }) => isFound(route.q, vm, vip, nameOf(frontend))),
    [value, route.q],
  );
  return html`<h2 class="vh">History</h2>
  ${value && html`<p class="sum">${summary(value)}</p>`}
  <div class="bar no-print">
    <input type="search" aria-label="Search VMs, mirrors and addresses" placeholder="Search VM, mirror, address" value=${route.q}
      onInput=${(event: Event) => go({ ...route, q: (event.target as HTMLInputElement).value.toLowerCase() }, true)} />
    <button onClick=${save('/api/compliance?format=csv', 'compliance.csv')}>Compliance as CSV</button>
    <button onClick=${save('/api/history?days=31&format=csv', 'history.csv')}>History as CSV</button>
    <button onClick=${() => print()}>Print</button>
  </div>
  ${searchedText(route.q)}
  ${says !== '' && html`<p role="alert"><b class="b">${says}</b></p>`}
  ${!value && html`<section><p class="soft">${trouble ? missingText(trouble) : 'The app is asked…'}</p></section>`}
  ${
    value &&
    html`<section aria-label="How each path stood">
    <h2>${day(Date.parse(value.from))} to today <span class="tag">a bar is a day, in UTC</span></h2>
    ${paths.length === 0 && html`<p class="soft">${value.paths.length === 0 ? 'Nothing was kept yet: a path is noted when it changes, and once a day.' : 'No path is called that.'}</p>`}
    ${
      paths.length > 0 &&
      html`<div class="wide"><table class="history"><thead><tr><th scope="col">VM to VIP</th><th scope="col">Days</th><th scope="col">Failed for</th><th scope="col">At risk for</th><th scope="col">Last proved</th></tr></thead>
      <tbody>${paths.slice(0, most).map((path) => html`<${Row} key=${path.vmId + path.frontend} path=${path} view=${value} now=${now} />`)}</tbody></table></div>`
    }
    ${paths.length > most && html`<p><button class="no-print" onClick=${() => setMost(paths.length)}>Show all ${paths.length}</button></p>`}
    ${value.left !== undefined && html`<p class="soft">${count(value.left, 'more path')} of the app not told here: ask for one VM or VIP, or take the CSV.</p>`}
    ${value.unreadable?.map(({ text }) => html`<p key=${text}>${text}</p>`)}
    <ul class="key" aria-label="What the bars mean">${(['failing', 'blocked', 'exposed', 'unknown', 'set', 'proved'] as const).map((state) => html`<li key=${state}><span class="strip one"><i class=${state}></i></span>${MEANINGS[state]}</li>`)}<li><span class="strip one"><i></i></span>nothing kept</li></ul>
  </section>`
  }`;
}

const missingText = (trouble: NonNullable<Polled<HistoryView>['trouble']>): string =>
  trouble.kind === 'missing' ? 'This app keeps no history (GET /api/history).' : troubleText(trouble, 'history');

const nameOf = (id: string): string => id.split('/').at(-1) ?? id;

function summary({ paths, days }: HistoryView) {
  const exposed = paths.filter(({ seconds }) => seconds.exposed > 0);
  const proved = paths.filter((path) => path.proved.length > 0).length;
  const worst = exposed[0];
  return html`${
    worst
      ? html`<em class="b">${count(exposed.length, 'path')} failed at some time</em> in ${count(days, 'day')}, the longest ${worst.vm} to ${nameOf(worst.frontend)}: ${duration(worst.seconds.exposed)}. `
      : html`<em class="o">No path is known to have failed</em> in ${count(days, 'day')}. `
  }${proved} of ${paths.length} ${proved === 1 ? 'was' : 'were'} proved.`;
}

function Row({ path, view, now }: { path: HistoryPathView; view: HistoryView; now: number }) {
  const { vm, vip, seconds, proved, frontend } = path;
  const last = proved.at(-1);
  // The same until the app tells another history: each second only the ages change.
  const days = useMemo(() => {
    const from = Date.parse(view.from);
    return dayWords(path, view).map(
      (word, i) =>
        html`<i key=${i} class=${word ?? ''} title=${`${day(from + i * DAY_MS)}: ${word ? MEANINGS[word] : 'nothing kept'}`}></i>`,
    );
  }, [path, view]);
  const label = `${vm} to ${nameOf(frontend)}: failed for ${duration(seconds.exposed)}, at risk for ${duration(seconds.atRisk)}, not known for ${duration(seconds.unknown)}, ${last === undefined ? 'never proved' : `proved last ${clock(last, now)}`}`;
  return html`<tr><th scope="row"><a href=${hashOf({ view: 'estate', vm, vip })}>${vm}</a> to ${nameOf(frontend)} <small class="soft">${vip}</small></th>
    <td><span class="strip" role="img" aria-label=${label}>${days}</span></td>
    <td>${seconds.exposed > 0 ? html`<b class="b">${duration(seconds.exposed)}</b>` : 'never'}</td>
    <td>${seconds.atRisk > 0 ? html`<b class="w">${duration(seconds.atRisk)}</b>` : 'never'}</td>
    <td>${last === undefined ? 'never' : `${age(last, now)} ago`}</td></tr>`;
}

/** The worst of each day; undefined for a day of which nothing was kept. */
function dayWords({ spans, mixed = [] }: HistoryPathView, { from, at, days }: HistoryView): (PathWord | undefined)[] {
  const begin = Date.parse(from);
  const words: (PathWord | undefined)[] = Array.from({ length: days }, () => undefined);
  const note = (start: string, end: string, word: PathWord): void => {
    const first = Math.floor((Date.parse(start) - begin) / DAY_MS);
    // A span that ends at midnight has nothing of the day that begins there.
    const last = Math.max(first, Math.ceil((Date.parse(end) - begin) / DAY_MS) - 1);
    for (let i = Math.max(0, first); i <= Math.min(days - 1, last); i += 1) {
      const known = words[i];
      if (known === undefined || STATES.indexOf(word) < STATES.indexOf(known)) words[i] = word;
    }
  };
  for (const { from: start, to = at, exposure, verdict, proof } of spans)
    note(start, to, wordOf(exposure, verdict, proof));
  for (const { from: start, to, seconds } of mixed) {
    for (const stood of Object.keys(seconds)) {
      const [exposure = '', verdict = ''] = stood.split(' ');
      note(start, to, wordOf(exposure, verdict, 'none'));
    }
  }
  return words;
}

function wordOf(exposure: string, verdict: string, proof: string): PathWord {
  if (exposure === 'none') return 'safe';
  if (verdict === 'compliant') return proof === 'self' ? 'proved' : 'set';
  if (verdict === 'unknown') return 'unknown';
  if (exposure === 'active') return 'failing';
  return verdict === 'blocked' ? 'blocked' : 'exposed';
}

/** Made once: a browser takes longer to make one than to draw a row. */
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const day = (at: number): string => DAY.format(at);

function duration(seconds: number): string {
  if (seconds === 0) return 'no time';
  return age(-seconds * 1000, 0);
}

/** Hands the browser a file to keep. */
function keep(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
