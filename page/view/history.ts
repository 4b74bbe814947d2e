/** *History*: a strip per path over a month, and compliance as a file. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { ask } from '../api.ts';
import { troubleText } from './trouble.ts';

export function History() {
  const [says, setSays] = useState('');
  const save = async (): Promise<void> => {
    const answer = await ask<string>('/api/compliance?format=csv', { text: true });
    if (answer.kind === 'ok') {
      setSays('');
      return keep(answer.value, 'compliance.csv');
    }
    if (answer.kind !== 'same') setSays(troubleText(answer, 'compliance (GET /api/compliance)'));
  };
  return html`<h2 class="vh">History</h2>
  <div class="bar no-print"><button class="first" onClick=${save}>Compliance as CSV</button><button onClick=${() => print()}>Print</button></div>
  ${says !== '' && html`<p role="alert"><b class="b">${says}</b></p>`}`;
}

/** Hands the browser a file to keep. */
function keep(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
