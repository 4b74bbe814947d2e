/**
 * The shapes that stand for states: each is told apart without its colour. Drawn in place, not by reference: a browser
 * copies what is referred to for each of a thousand cells.
 */
import { html } from 'htm/preact';
import type { PathWord } from '../../shared/views/estateSchema.ts';

const SHAPES: Record<PathWord | 'crown', () => unknown> = {
  proved: () => html`<circle class="f-ok" cx="8" cy="8" r="7" /><path class="l-card" d="M4.6 8.2l2.3 2.3 4.5-4.8" />`,
  set: () => html`<circle class="l-ok" cx="8" cy="8" r="6.2" />`,
  failing: () =>
    html`<path class="f-bad" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" /><path class="l-card" d="M5.2 5.2l5.6 5.6m0-5.6l-5.6 5.6" />`,
  exposed: () => html`<path class="l-warn" d="M8 1.6l6.8 12.4H1.2z" />`,
  blocked: () =>
    html`<path class="l-bad" d="M3.5 1.5h9q2 0 2 2v9q0 2-2 2h-9q-2 0-2-2v-9q0-2 2-2zM8 4.2v4.6m0 2v1.4" />`,
  unknown: () => html`<circle class="l-idle" cx="8" cy="8" r="6.2" stroke-dasharray="2.4 2" />`,
  safe: () => html`<path class="l-idle" d="M3 8h10" />`,
  crown: () => html`<path class="f-accent" d="M2 12.5V5l3.4 3L8 3.4 10.6 8 14 5v7.5z" />`,
};

export const shape = (name: PathWord | 'crown', size = 16) =>
  html`<svg class=${`s-${name}`} width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true">${SHAPES[name]()}</svg>`;
