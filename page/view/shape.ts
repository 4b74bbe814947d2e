/** The shapes that stand for states. */
import { html } from 'htm/preact';
import type { PathWord } from '../../shared/views/estateSchema.ts';

export const shape = (name: PathWord | 'crown', size = 16) =>
  html`<svg width=${size} height=${size} aria-hidden="true" focusable="false"><use href=${`#s-${name}`} /></svg>`;
