/**
 * One group as a table: a VM a row, a VIP a column, a path a cell. Arrow keys go from cell to cell, as in a grid
 * (w3.org/WAI/ARIA/apg/patterns/grid). Of a long table only the rows in sight are in the document.
 */
import { html } from 'htm/preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { EstateView, FrontendEntry, GroupView, PathEntry, VmEntry } from '../../shared/views/estateSchema.ts';
import { usePrinting } from '../printing.ts';
import { cellText, isFound, MEANINGS } from '../words.ts';
import { shape } from './shape.ts';

/** Height of a row, pixels, as style.css has it. */
const ROW = 38;
/** Tables of more rows are shown in part. */
const MANY = 80;
/** Rows beyond what is in sight. */
const SPARE = 4;
/** Width of a column that shows shapes alone, pixels, as style.css has it, and of more columns only those in sight are there. */
const COLUMN = 38;
const MANY_COLUMNS = 24;
/** So many of them a sheet of A4 takes beside the names. */
const ON_PAPER = 14;
/** With more columns a cell shows its shape alone; its words are read out and shown when chosen. */
const WORDY = 8;

export interface Chosen {
  vm: string;
  vip: string;
}

interface Props {
  estate: EstateView;
  group: GroupView;
  query: string;
  chosen: Chosen | undefined;
  now: number;
  choose(chosen: Chosen): void;
}

/** In place of columns that are out of sight. */
const gap = (name: 'td' | 'th', columns: number) =>
  columns > 0 && html`<${name} class="gap" aria-hidden="true"><svg width=${columns * COLUMN} height="1" /></${name}>`;

/** The rows and columns of a group that a search finds; undefined when there is none. */
export function found(
  group: GroupView,
  query: string,
  findings: EstateView['findings'],
): { vms: VmEntry[]; columns: number[] } | undefined {
  const every = group.frontends.map((_, i) => i);
  if (query === '' || group.loadBalancers.some(({ name }) => isFound(query, name)))
    return { vms: group.vms, columns: every };
  const columns = every.filter((at) => {
    const frontend = group.frontends[at] as FrontendEntry;
    return isFound(query, frontend.name, frontend.vip);
  });
  const isHit = (vm: VmEntry): boolean =>
    isFound(query, vm.name, vm.id, ...vm.nics.flatMap(({ name, addresses }) => [name, ...addresses])) ||
    vm.paths.some(({ state, findings: at }) =>
      isFound(query, state, MEANINGS[state], ...at.map((i) => findings[i]?.code)),
    );
  const vms = group.vms.filter(isHit);
  if (vms.length > 0) return { vms, columns: every };
  if (columns.length === 0) return undefined;
  return { vms: group.vms.filter((vm) => vm.paths.some(({ frontend }) => columns.includes(frontend))), columns };
}

export function Matrix({ estate, group, query, chosen, now, choose }: Props) {
  const isPrinting = usePrinting();
  const scroller = useRef<HTMLDivElement>(null);
  const [{ top, left }, setScroll] = useState({ top: 0, left: 0 });
  const [at, setAt] = useState<[row: number, column: number]>([0, 0]);
  const moved = useRef(false);
  const shown = useMemo(() => found(group, query, estate.findings), [group, query, estate]);
  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    scroller.current?.querySelector<HTMLElement>(`[data-r="${at[0]}"][data-c="${at[1]}"]`)?.focus();
  }, [at, top, left]);
  if (!shown) return null;
  const { vms, columns } = shown;
  const isDense = columns.length > WORDY;
  const names = group.loadBalancers.map(({ name }) => name).join(', ');
  const label = `Which VM reaches which VIP of ${names}`;
  if (isPrinting) return onPaper({ vms, columns, isDense, label, group, estate, chosen, now });
  const isLong = vms.length > MANY;
  const sight = Math.ceil((isLong ? Math.min(innerHeight * 0.76, 1600) : 0) / ROW);
  const first = isLong ? Math.max(0, Math.min(Math.floor(top / ROW) - SPARE, vms.length - sight)) : 0;
  const last = isLong ? Math.min(vms.length, first + sight + 2 * SPARE) : vms.length;
  const isBroad = columns.length > MANY_COLUMNS;
  const across = Math.ceil((scroller.current?.clientWidth ?? Math.min(innerWidth, 1480) * 0.5) / COLUMN);
  const from = isBroad ? Math.max(0, Math.min(Math.floor(left / COLUMN) - SPARE, columns.length - across)) : 0;
  const to = isBroad ? Math.min(columns.length, from + across + 2 * SPARE) : columns.length;
  const scrolled = (): void => {
    const box = scroller.current;
    if (box) setScroll({ top: box.scrollTop, left: box.scrollLeft });
  };

  const move = (row: number, column: number): void => {
    const next: [number, number] = [
      Math.max(0, Math.min(row, vms.length - 1)),
      Math.max(0, Math.min(column, columns.length - 1)),
    ];
    moved.current = true;
    const box = scroller.current;
    if (isLong && box && (next[0] < first + 2 || next[0] > last - 3))
      box.scrollTop = Math.max(0, (next[0] - Math.floor(sight / 2)) * ROW);
    if (isBroad && box && (next[1] < from + 2 || next[1] > to - 3))
      box.scrollLeft = Math.max(0, (next[1] - Math.floor(across / 2)) * COLUMN);
    scrolled();
    setAt(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const [row, column] = at;
    const page = Math.max(1, sight - 2 || 10);
    const steps: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageUp: [row - page, column],
      PageDown: [row + page, column],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? vms.length - 1 : row, columns.length - 1],
    };
    const next = steps[event.key];
    if (next) move(...next);
    else if (event.key === 'Enter' || event.key === ' ') take(row, column);
    else return;
    event.preventDefault();
  };
  const take = (row: number, column: number): void => {
    const vm = vms[row];
    const frontend = columns[column];
    if (vm && frontend !== undefined && vm.paths.some((path) => path.frontend === frontend))
      choose({ vm: vm.name, vip: group.frontends[frontend]?.vip ?? '' });
  };
  const cellOf = (event: Event): [number, number] | undefined => {
    const cell = (event.target as Element).closest<HTMLElement>('td[data-r]');
    return cell ? [Number(cell.dataset.r), Number(cell.dataset.c)] : undefined;
  };
  return html`<div class="wide" ref=${scroller} tabindex="-1" onScroll=${isLong || isBroad ? scrolled : undefined}>
    <table class=${`matrix${isDense ? ' dense' : ''}`} role="grid" aria-readonly="true" aria-rowcount=${vms.length + 1} aria-colcount=${columns.length + 1} aria-label=${label}
      onKeyDown=${onKeyDown}
      onFocusIn=${(event: Event) => {
        const here = cellOf(event);
        if (here && (here[0] !== at[0] || here[1] !== at[1])) setAt(here);
      }}
      onClick=${(event: Event) => {
        const here = cellOf(event);
        if (here) {
          setAt(here);
          take(...here);
        }
      }}>
      <thead><tr><th scope="col">VM</th>${gap('th', from)}${columns.slice(from, to).map((i) => head(group, i))}${gap('th', columns.length - to)}</tr></thead>
      <tbody>
        ${first > 0 && html`<tr class="gap" aria-hidden="true"><td colspan=${columns.length + 1}><svg width="1" height=${first * ROW} /></td></tr>`}
        ${vms
          .slice(first, last)
          .map((vm, i) => row({ vm, r: first + i, columns, from, to, group, estate, chosen, now, isDense, at }))}
        ${last < vms.length && html`<tr class="gap" aria-hidden="true"><td colspan=${columns.length + 1}><svg width="1" height=${(vms.length - last) * ROW} /></td></tr>`}
      </tbody>
    </table>
  </div>`;
}

const head = ({ frontends }: GroupView, i: number) => {
  const { id, name, vip } = frontends[i] as FrontendEntry;
  return html`<th scope="col" key=${id} aria-colindex=${i + 2}>${name} <small>${vip}</small></th>`;
};

interface RowProps extends Pick<Props, 'group' | 'estate' | 'chosen' | 'now'> {
  vm: VmEntry;
  r: number;
  columns: number[];
  /** Which of the columns are in the document. */
  from: number;
  to: number;
  isDense: boolean;
  at: [number, number];
}

/** All rows, and all columns: of a broad table several, each as wide as a sheet. */
function onPaper({ vms, columns, isDense, label, ...of }: PaperProps) {
  const most = isDense ? ON_PAPER : columns.length;
  const parts = Array.from({ length: Math.ceil(columns.length / most) }, (_, i) =>
    columns.slice(i * most, (i + 1) * most),
  );
  return parts.map(
    (part) => html`<table key=${part[0]} class=${`matrix${isDense ? ' dense' : ''}`} aria-label=${label}>
      <thead><tr><th scope="col">VM</th>${part.map((i) => head(of.group, i))}</tr></thead>
      <tbody>${vms.map((vm, r) => row({ ...of, vm, r, columns: part, from: 0, to: part.length, isDense, at: NOWHERE }))}</tbody>
    </table>`,
  );
}

interface PaperProps extends Pick<Props, 'group' | 'estate' | 'chosen' | 'now'> {
  vms: VmEntry[];
  columns: number[];
  isDense: boolean;
  label: string;
}

const NOWHERE: [number, number] = [-1, -1];

function row({ vm, r, columns, from, to, group, estate, chosen, now, isDense, at }: RowProps) {
  const place = group.vms.indexOf(vm);
  const byFrontend = new Map(vm.paths.map((path) => [path.frontend, path]));
  return html`<tr key=${vm.id} aria-rowindex=${r + 2}>
    <th scope="row">${vm.name}${vmTags(vm)}</th>
    ${gap('td', from)}${columns.slice(from, to).map((frontend, i) => {
      const c = from + i;
      const path = byFrontend.get(frontend);
      const tab = at[0] === r && at[1] === c ? 0 : -1;
      if (!path)
        return html`<td key=${c} data-r=${r} data-c=${c} aria-colindex=${c + 2} tabindex=${tab}><span><span class="vh">not a member</span></span></td>`;
      const { vip, primary } = group.frontends[frontend] as FrontendEntry;
      const isChosen = chosen?.vm === vm.name && chosen.vip === vip;
      const words = wordsOf(path, estate, now);
      const isPrimary = primary === place;
      if (isDense)
        return html`<td key=${c} class=${`path ${path.state}`} data-r=${r} data-c=${c} aria-colindex=${c + 2} tabindex=${tab} aria-selected=${isChosen} aria-label=${isPrimary ? words + PRIMARY : words}>${shape(path.state)}${isPrimary && shape('crown', 14)}</td>`;
      return html`<td key=${c} class=${`path ${path.state}`} data-r=${r} data-c=${c} aria-colindex=${c + 2} tabindex=${tab} aria-selected=${isChosen}><span>${shape(path.state)}${words}${
        isPrimary && html`${shape('crown', 14)}<span class="vh">${PRIMARY}</span>`
      }</span></td>`;
    })}${gap('td', columns.length - to)}
  </tr>`;
}

/** What a cell says in words. */
const wordsOf = (path: PathEntry, estate: EstateView, now: number): string =>
  cellText(
    path,
    path.findings.map((i) => estate.findings[i]?.code ?? ''),
    now,
  );

const PRIMARY = ', primary now';

function vmTags(vm: VmEntry) {
  const tags = [
    vm.power !== 'running' && vm.power,
    vm.nics.length === 1 && '1 NIC',
    vm.command && `${vm.command.mode} under way`,
    vm.held && 'held',
  ].filter(Boolean);
  return tags.map((tag) => html` <span class="tag">${tag}</span>`);
}
