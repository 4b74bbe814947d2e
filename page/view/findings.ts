/** *Findings*: what a person must do, grouped by what to do, with the VMs. */
import { html } from 'htm/preact';
import type { EstateView } from '../../shared/views/estateSchema.ts';
import { usePrinting } from '../printing.ts';
import { hashOf } from '../route.ts';
import { count, STATES } from '../words.ts';
import { shape } from './shape.ts';

interface On {
  vm: string;
  vip: string;
  mirror: string;
  state: (typeof STATES)[number];
}

interface Todo {
  code: string;
  verdict: string;
  /** Each sentence once, with the paths that it is about. */
  texts: Map<string, On[]>;
  vms: Set<string>;
  worst: number;
}

/** What is said of paths, by code, what matters most first. */
function todos(estate: EstateView): Todo[] {
  const known = told.get(estate);
  if (known) return known;
  const all = toldOf(estate);
  told.set(estate, all);
  return all;
}

/** The page is drawn each second, and an estate is told once. */
const told = new WeakMap<EstateView, Todo[]>();

function toldOf({ groups, findings }: EstateView): Todo[] {
  const found = new Map<string, Todo>();
  for (const group of groups) {
    for (const vm of group.vms) {
      for (const path of vm.paths) {
        for (const at of path.findings) {
          const { code = '', verdict = '', text = '' } = findings[at] ?? {};
          const todo = found.get(code) ?? { code, verdict, texts: new Map(), vms: new Set(), worst: STATES.length };
          found.set(code, todo);
          const { name: mirror = '', vip = '' } = group.frontends[path.frontend] ?? {};
          const on = todo.texts.get(text) ?? [];
          todo.texts.set(text, on);
          on.push({ vm: vm.name, vip, mirror, state: path.state });
          todo.vms.add(vm.name);
          todo.worst = Math.min(todo.worst, STATES.indexOf(path.state));
        }
      }
    }
  }
  return [...found.values()].sort((a, b) => a.worst - b.worst || b.vms.size - a.vms.size);
}

/** How many things wait for a person. */
export const waiting = (estate: EstateView): number =>
  todos(estate).filter(({ verdict }) => verdict === 'blocked').length;

const MOST = 60;

export function Findings({ estate }: { estate: EstateView }) {
  const all = todos(estate);
  const most = usePrinting() ? Number.POSITIVE_INFINITY : MOST;
  const part = (title: string, list: Todo[]) =>
    list.length > 0 && html`<div class="stack"><h2>${title}</h2>${list.map((todo) => card(todo, most))}</div>`;
  return html`<p class="sum">${
    all.length === 0
      ? 'Nothing waits for a person.'
      : `${count(all.filter(({ verdict }) => verdict === 'blocked').length, 'thing')} to do, what matters most first.`
  }</p>
  ${part(
    'A person must act',
    all.filter(({ verdict }) => verdict === 'blocked'),
  )}
  ${part(
    'Not known',
    all.filter(({ verdict }) => verdict === 'unknown'),
  )}
  ${part(
    'To know',
    all.filter(({ verdict }) => verdict !== 'blocked' && verdict !== 'unknown'),
  )}`;
}

const card = ({ code, texts, vms }: Todo, most: number) => html`<section key=${code}>
  <h2><code>${code}</code> <span class="tag">${count(vms.size, 'VM')}</span></h2>
  ${[...texts].map(
    ([text, on]) =>
      html`<p key=${text}>${text}</p><p class="bar">${on
        .slice(0, most)
        .map(
          ({ vm, vip, mirror, state }) =>
            html`<a key=${vm + vip} href=${hashOf({ view: 'estate', vm, vip })}>${shape(state, 13)} ${vm} to ${mirror}</a>`,
        )}${on.length > most && html`<span class="soft">and ${on.length - most} more</span>`}</p>`,
  )}
</section>`;
