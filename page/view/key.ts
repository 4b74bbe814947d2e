/** Asks for a key, once: it is kept for this tab and sent as a header. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { KeyKind } from '../api.ts';

interface Props {
  kind: KeyKind;
  /** A key was given, and the app does not take it. */
  refused: boolean;
  give(key: string): void;
  close?: (() => void) | undefined;
}

export function KeyForm({ kind, refused, give, close }: Props) {
  const [key, setKey] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (key.trim() !== '') give(key.trim());
  };
  return html`<section><form class="keyform" onSubmit=${submit}>
    <h2>${kind === 'read' ? 'This app wants a key' : 'This needs a key that may act'}</h2>
    <p>${
      kind === 'read'
        ? 'A host key of the function app reads everything and may act; keys of single functions open those alone. In the portal: Function App, App keys.'
        : 'Starting and cancelling runs are functions of their own. A key that reads does not open them.'
    } It is kept for this tab, and sent as a header to this app alone.</p>
    ${refused && html`<p role="alert" class="b">The app does not take this key.</p>`}
    <label for="key">Key</label>
    <input id="key" type="password" autocomplete="off" spellcheck=${false} value=${key} onInput=${(event: Event) => setKey((event.target as HTMLInputElement).value)} />
    <div class="bar"><button class="first" type="submit">${kind === 'read' ? 'Show the estate' : 'Go on'}</button>${close && html`<button type="button" onClick=${close}>Leave it</button>`}</div>
  </form></section>`;
}

export const SignIn = () => html`<section aria-label="Sign in"><h2>You are signed out</h2>
  <p>This app lets in who is signed in with the organisation.</p>
  <p><a href=${`/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(location.pathname)}`}>Sign in</a></p></section>`;
