/** What is said when an answer did not come. */
import type { Answer } from '../api.ts';

export function troubleText(trouble: Exclude<Answer<unknown>, { kind: 'ok' | 'same' }>, what: string): string {
  switch (trouble.kind) {
    case 'key':
      return `The app wants another key for ${what}.`;
    case 'signIn':
      return 'You are signed out. Load the page again to sign in.';
    case 'missing':
      return trouble.problem?.detail ?? `This app does not tell ${what}.`;
    case 'refused':
      return `${trouble.problem.detail}${trouble.problem.nextStep ? ` ${trouble.problem.nextStep}` : ''}`;
    case 'silent':
      return `The app does not answer (${trouble.text}).`;
  }
}
