/** The chosen path: its group drawn, the steps in words, how it is proved, what a person does, what can be asked for. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { EstateView, FrontendEntry, GroupView, PathEntry, VmEntry } from '../../shared/views/estateSchema.ts';
import type { TraceScenario, TraceView, TraceWay } from '../../shared/views/trace.ts';
import { type Answer, ask } from '../api.ts';
import { age, clock, MEANINGS, primaryOf } from '../words.ts';
import { Drawing } from './drawing.ts';
import { shape } from './shape.ts';

interface Props {
  estate: EstateView;
  group: GroupView;
  vm: VmEntry;
  frontend: FrontendEntry;
  path: PathEntry;
  now: number;
  /** Where traces come from; the app by default. */
  traceOf?: ((vm: string, frontend: string) => TraceView | undefined) | undefined;
  act?: ((mode: 'check' | 'apply' | 'remove', vm: VmEntry) => void) | undefined;
}

export function PathPanel({ estate, group, vm, frontend, path, now, traceOf, act }: Props) {
  const [answer, setAnswer] = useState<{ of: string; it: Answer<TraceView> } | undefined>(undefined);
  const [picked, setPicked] = useState<{ of: string; to: number; fix: boolean | undefined }>({
    of: '',
    to: 0,
    fix: undefined,
  });
  const of = `${vm.id} ${frontend.id}`;
  // A path that changed is traced anew.
  const state = `${of} ${path.state} ${frontend.primary} ${estate.listedAt}`;
  useEffect(() => {
    if (traceOf) {
      const value = traceOf(vm.id, frontend.id);
      setAnswer({ of, it: value ? { kind: 'ok', value, etag: undefined, at: now } : { kind: 'missing' } });
      return;
    }
    let isOver = false;
    const query = new URLSearchParams({ vm: vm.id, vip: frontend.id });
    void ask<{ trace: TraceView }>(`/api/paths?${query}`).then((told) => {
      if (isOver) return;
      setAnswer({ of, it: told.kind === 'ok' ? { ...told, value: told.value.trace } : told });
    });
    return () => {
      isOver = true;
    };
  }, [state]);
  const known = answer?.of === of ? answer.it : undefined;
  const trace = known?.kind === 'ok' ? known.value : undefined;
  const choice = picked.of === of ? picked : { of, to: startAt(trace, vm), fix: undefined };
  const scenario = trace?.scenarios[choice.to] ?? trace?.scenarios[0];
  const isFixed = choice.fix ?? (scenario?.asIs.length === 0 && scenario.withFix.length > 0);
  const ways = (isFixed ? scenario?.withFix : scenario?.asIs) ?? [];
  // Where several members may answer, the one that comes back to the VM itself is what matters.
  const way = ways.find(({ target }) => target === vm.name) ?? ways[0];
  const primary = primaryOf(group, frontend);
  return html`<section aria-label="The chosen connection">
    <h2>${vm.name} to ${frontend.name} <span class="tag">${frontend.vip}${path.port === undefined ? '' : `:${path.port}`}</span></h2>
    <p class="state">${shape(path.state)} <span><b>${MEANINGS[path.state]}</b>. ${primary ? html`${primary.name} is primary now${frontend.healthAt ? `, seen ${age(frontend.healthAt, now)} ago` : ''}.` : 'Nobody is known to be primary now.'}</span></p>
    <p class="soft">${sinceText(path, now)}</p>
    ${
      trace &&
      html`<div class="chips" role="group" aria-label="When">${trace.scenarios.map(
        (one, i) =>
          html`<button aria-pressed=${i === choice.to} onClick=${() => setPicked({ of, to: i, fix: undefined })}>${whenText(one)}</button>`,
      )}${
        scenario &&
        scenario.withFix.length > 0 &&
        scenario.asIs.some(({ fix }) => fix !== 'whole') &&
        html`<button aria-pressed=${isFixed} onClick=${() => setPicked({ ...choice, fix: !isFixed })}>with the fix</button>`
      }</div>`
    }
    ${scenario && html`<p class="print-only">Drawn: ${whenText(scenario)}${isFixed ? ', with the fix' : ''}.</p>`}
    <${Drawing} group=${group} vm=${vm} frontend=${frontend} way=${way} />
    ${known && known.kind !== 'ok' && html`<p class="soft">${traceTrouble(known)}</p>`}
    ${trace && !way && html`<p class="soft">${scenario?.outcome === 'unknown' ? 'How it goes is not known: nobody looked into the guest yet, or nobody is known to be primary.' : 'There is no way to draw.'}</p>`}
    ${way && steps(way, isFixed)}
    ${proofText(path, now)}
    ${path.findings.length > 0 && html`<h3>What a person must know</h3>${path.findings.map((i) => html`<p key=${i}>${estate.findings[i]?.text} <span class="tag">${estate.findings[i]?.code}</span></p>`)}`}
    ${
      act &&
      html`<h3 class="no-print">Do</h3><div class="bar no-print">
      <button onClick=${() => act('check', vm)}>Check ${vm.name}</button>
      <button onClick=${() => act('apply', vm)}>Apply to ${vm.name}…</button>
      <button onClick=${() => act('remove', vm)}>Remove from ${vm.name}…</button>
    </div>`
    }
  </section>`;
}

/** The scenario in which the connection comes back to its own VM: what this is all about. */
function startAt(trace: TraceView | undefined, vm: VmEntry): number {
  const own = trace?.scenarios.findIndex(({ failoverTo, asIs, withFix }) =>
    failoverTo === undefined ? [...asIs, ...withFix].some(({ target }) => target === vm.name) : failoverTo === vm.name,
  );
  return own === undefined || own < 0 ? 0 : own;
}

const whenText = ({ failoverTo }: TraceScenario): string =>
  failoverTo === undefined ? 'now' : `were ${failoverTo} primary`;

function traceTrouble(known: Exclude<Answer<TraceView>, { kind: 'ok' }>): string {
  if (known.kind === 'missing')
    return 'This app does not tell how a connection goes (GET /api/paths), so no line is drawn.';
  if (known.kind === 'refused') return `The app does not tell how it goes: ${known.problem.detail}`;
  if (known.kind === 'key' || known.kind === 'signIn')
    return 'This key may not ask how a connection goes (GET /api/paths), so no line is drawn.';
  return 'The app did not answer how it goes, so no line is drawn.';
}

function steps(way: TraceWay, isFixed: boolean) {
  return html`<ol class="steps" aria-label="The way, step by step">${way.steps.map(
    ({ state, text, code }, i) =>
      html`<li class=${state} key=${code}><b aria-hidden="true">${i + 1}</b><span>${text}</span></li>`,
  )}</ol>
  <p class="soft after"><b class=${way.outcome === 'works' ? 'o' : 'b'}>${way.outcome === 'works' ? 'The connection stands.' : 'The connection dies there.'}</b> ${isFixed ? 'This is how it goes with the fix.' : ''} ${
    way.assumptions.length > 0 ? html`Assumed: ${way.assumptions.map(({ text }) => text).join(' ')}` : ''
  }</p>`;
}

/** Since when it is so, and never more than is known. */
function sinceText({ verdict, exposure, since, sinceFirstSeen }: PathEntry, now: number): string {
  const words = `Verdict ${verdict}, exposure ${exposure}`;
  if (since === undefined) return `${words}: since when is not known.`;
  const at = `${clock(since, now)}, ${age(since, now)} ago`;
  return sinceFirstSeen ? `${words}: when it was first seen (${at}), or longer.` : `${words}: since ${at}.`;
}

function proofText({ proof, notProved = [], verdict }: PathEntry, now: number) {
  const at = proof.at === undefined ? '' : `${clock(proof.at, now)}, ${age(proof.at, now)} ago`;
  const text = {
    self: `A connect came back to this VM itself and worked${proof.saw ? `: ${proof.saw.join(', ')} accepted it` : ''} (${at}).`,
    remote: `A connect worked and reached another member (${at}). Through itself it is set, and not yet proved.`,
    none:
      verdict === 'compliant' ? 'The guest is as planned. No connect has proved it yet.' : 'No connect has proved it.',
  }[proof.kind];
  return html`<h3>Proof</h3><p>${text}${notProved.length > 0 ? ` Set like the others and not proved: ${notProved.join(', ')}.` : ''}</p>`;
}
