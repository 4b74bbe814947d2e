/** *Estate*: a summary in words, every group as a table, and the chosen path drawn. */
import { html } from 'htm/preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { EstateView, GroupView, VmEntry } from '../../shared/views/estateSchema.ts';
import type { TraceView } from '../../shared/views/trace.ts';
import { usePrinting } from '../printing.ts';
import { go, type Route } from '../route.ts';
import { count, frontendName, lossText, MEANINGS, STATES, searchedText } from '../words.ts';
import { waiting } from './findings.ts';
import { type Chosen, found, Matrix } from './matrix.ts';
import { PathPanel } from './path.ts';
import { shape } from './shape.ts';

/** Groups that are shown at first, and how many more as the end comes in sight. */
const SOME = 20;
/** Losses are told in words for groups of no more primaries. */
const FEW = 8;

interface Props {
  estate: EstateView;
  route: Route;
  now: number;
  traceOf?: ((vm: string, frontend: string) => TraceView | undefined) | undefined;
  act?: ((mode: 'check' | 'apply' | 'remove', vm: VmEntry) => void) | undefined;
}

export function Estate({ estate, route, now, traceOf, act }: Props) {
  const { q } = route;
  const isPrinting = usePrinting();
  const groups = useMemo(() => estate.groups.filter((group) => found(group, q, estate.findings)), [estate, q]);
  const [some, setMost] = useState(SOME);
  const most = isPrinting ? groups.length : some;
  const end = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (!end.current) return;
    const watch = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && setMost((n) => n + SOME),
      { rootMargin: '600px' },
    );
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [most, groups]);
  const picked = pick(estate, groups, route);
  const choose = (chosen: Chosen) => go({ ...route, ...chosen }, route.vm !== undefined);
  const words = useMemo(() => summary(estate), [estate]);
  return html`<h2 class="vh">Estate</h2>
  <p class="sum">${words}</p>
  <div class="bar no-print"><input type="search" aria-label="Search VMs, mirrors, addresses and states" placeholder="Search VM, mirror, address, state" value=${q}
    onInput=${(event: Event) => go({ ...route, q: (event.target as HTMLInputElement).value.toLowerCase() }, true)} />
    ${q !== '' && html`<span class="soft" role="status">${count(groups.length, 'group')} of ${estate.groups.length} ${groups.length === 1 ? 'has' : 'have'} it</span>`}</div>
  ${searchedText(q)}
  <div class="two"><div class="stack">
    ${groups.slice(0, most).map(
      (group) => html`<section key=${group.frontends[0]?.id} aria-label=${nameOf(group)}>
        ${head(group)}
        <${Matrix} estate=${estate} group=${group} query=${q} chosen=${picked && { vm: picked.vm.name, vip: picked.frontend.vip }} now=${now} choose=${choose} />
        ${halts(group)}
        ${losses(group)}
      </section>`,
    )}
    ${groups.length > most && html`<p ref=${end} class="soft">${groups.length - most} more groups, none of them worse. <button onClick=${() => setMost(groups.length)}>Show all</button></p>`}
    ${estate.groups.length === 0 && html`<section><p>No VM is behind an internal load balancer in what this app looks after.</p></section>`}
    ${legend()}
    ${aside(estate)}
  </div>
  <div class="stick">${picked && html`<${PathPanel} ...${picked} estate=${estate} now=${now} traceOf=${traceOf} act=${act} />`}</div></div>`;
}

const nameOf = ({ loadBalancers }: GroupView): string => loadBalancers.map(({ name }) => name).join(', ');

/** Load balancers that are named over a group at once. */
const NAMED = 4;

function head({ loadBalancers, vms, frontends }: GroupView) {
  const tag = html`<span class="tag">${count(vms.length, 'VM')}, ${count(frontends.length, 'VIP')}</span>`;
  const names = loadBalancers.map(({ name }) => name).join(', ');
  if (loadBalancers.length <= NAMED) return html`<h2>${names} ${tag}</h2>`;
  return html`<h2>${count(loadBalancers.length, 'load balancer')} ${tag}</h2><details><summary class="soft">Their names</summary><p>${names}</p></details>`;
}

/** The path of the address, or the worst one that is shown. */
function pick(estate: EstateView, groups: readonly GroupView[], { vm: vmName, vip }: Route) {
  const named = vmName !== undefined && vip !== undefined;
  for (const group of named ? estate.groups : groups.slice(0, 1)) {
    const frontend = named ? group.frontends.find((one) => one.vip === vip && isMember(group, one, vmName)) : undefined;
    const vm = named
      ? group.vms.find(
          ({ name, paths }) =>
            name === vmName && frontend && paths.some((path) => group.frontends[path.frontend] === frontend),
        )
      : group.vms[0];
    const paths = vm?.paths ?? [];
    const path = frontend
      ? paths.find((one) => group.frontends[one.frontend] === frontend)
      : paths.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state))[0];
    const towards = path && group.frontends[path.frontend];
    if (vm && path && towards && (!named || frontend)) return { group, vm, frontend: towards, path };
  }
  return undefined;
}

const isMember = (group: GroupView, frontend: GroupView['frontends'][number], name: string | undefined): boolean =>
  group.vms.some((vm) => vm.name === name && vm.paths.some((path) => group.frontends[path.frontend] === frontend));

/** The estate in some sentences, the worst first. */
function summary(estate: EstateView) {
  const { counts, groups } = estate;
  const { failing, exposed, blocked, unknown, set, proved } = counts.states as Record<string, number> as Record<
    (typeof STATES)[number],
    number
  >;
  const worst = groups.flatMap((group) =>
    group.vms.flatMap((vm) =>
      vm.paths
        .filter(({ state }) => state === 'failing')
        .map((path) => `${vm.name} cannot reach ${frontendName(group, path.frontend)} through itself`),
    ),
  );
  const told = worst.length > 3 ? [...worst.slice(0, 2), `${worst.length - 2} more`] : worst;
  const people = waiting(estate);
  const parts = [
    failing > 0
      ? html`<em class="b">${failing === 1 ? '1 connection fails now' : `${failing} connections fail now`}</em>: ${told.join('; ')}. `
      : html`<em class="o">No connection is known to fail now.</em> `,
    exposed + blocked > 0 &&
      html`<em class="w">${exposed + blocked}${failing > 0 ? ' more' : ''} would fail after a failover.</em> `,
    `${proved} of ${counts.paths} ${proved === 1 ? 'is' : 'are'} proved${set > 0 ? `, ${set} more ${set === 1 ? 'is' : 'are'} set` : ''}. `,
    unknown > 0 && `Of ${unknown} it is not known. `,
    people > 0 && `${people === 1 ? 'One thing waits' : `${people} things wait`} for a person.`,
  ];
  return counts.paths === 0 ? 'Nothing is behind an internal load balancer here.' : parts;
}

function legend() {
  return html`<ul class="key" aria-label="What the shapes mean">${STATES.map(
    (state) => html`<li key=${state}>${shape(state, 14)}${MEANINGS[state]}</li>`,
  )}<li>${shape('crown', 14)}primary now</li></ul>`;
}

function halts({ frontends }: GroupView) {
  return frontends.flatMap(({ halted, name }) =>
    halted
      ? html`<p><b class="w">${name} stands still</b> since an apply failed on ${halted.vm}. See <a href=${`#/runs?run=${encodeURIComponent(halted.run)}`}>the run</a>, then apply by hand.</p>`
      : [],
  );
}

function losses(group: GroupView) {
  const primaries = group.vms.filter(({ ifLost }) => ifLost && ifLost.moves.length > 0);
  if (primaries.length === 0 || primaries.length > FEW) return null;
  return html`<h3>If a VM is lost</h3><dl class="fc">${primaries.map((vm) => {
    const { text, fails } = lossText(group, vm);
    return html`<div key=${vm.id}><dt>${vm.name}</dt><dd>${text} <b class="w">${fails}</b></dd></div>`;
  })}</dl>`;
}

function aside({ listed, unread, unreadable, enforcement, forecastCut }: EstateView) {
  return html`${
    (unread.length > 0 || unreadable.length > 0) &&
    html`<section><h2>What could not be read</h2>${[
      ...unread.map(({ id, text, code }) => `${id}: ${text} (${code})`),
      ...unreadable.map(({ text }) => text),
    ].map((text) => html`<p key=${text}>${text}</p>`)}</section>`
  }
  ${listed.length > 0 && html`<details><summary>${count(listed.length, 'thing')} left out, and why</summary>${listed.map(({ id, text, code }) => html`<p key=${id + code}>${text} <span class="tag">${code}</span></p>`)}</details>`}
  ${enforcement === 'audit' && html`<p class="soft">The app runs in audit mode: it looks, and changes no guest.</p>`}
  ${forecastCut && html`<p class="soft">The forecast names only the VMs whose loss would make most connections fail.</p>`}`;
}
