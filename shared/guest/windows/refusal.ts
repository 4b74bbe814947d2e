/** Why Windows PowerShell ran nothing of a script, read from the error text of a command that left no report. */
import { type Finding, finding } from '../../model/findings.ts';

/**
 * Ids of PowerShell's errors, which no display language changes. The console may break a long one anywhere, so they
 * are looked for in the text without its white space; `UnauthorizedAccess` is short enough and must not be the begin
 * of another id.
 * Sources: about_Language_Modes, about_Execution_Policies and the AMSI page of Microsoft's documentation; texts of
 * users in kubernetes/minikube#6098 (language mode) and PowerShell/PowerShell#4777 (execution policy).
 */
const REFUSALS = [
  { code: 'SCRIPT_CALLED_MALICIOUS', ids: /ScriptContainedMaliciousContent/ },
  { code: 'SCRIPT_CONSTRAINED', ids: /[A-Za-z]+ConstrainedLanguage/ },
  { code: 'SCRIPTS_FORBIDDEN', ids: /PSSecurityException/ },
  { code: 'SCRIPTS_FORBIDDEN', ids: /(?<=FullyQualifiedErrorId:)UnauthorizedAccess(?![A-Za-z,])/ },
] as const;

/**
 * The finding that an error text stands for: the language mode, the execution policy or the antivirus refused the
 * script. Undefined for any other text. Nothing was changed in the guest then: the script's first line was not run.
 */
export function refusalOf(text: string): Finding | undefined {
  // An id that ends its line keeps that end.
  const joined = text.replaceAll(/UnauthorizedAccess(?=\s|_|$)/g, '$&;').replaceAll(/\s+/g, '');
  for (const { code, ids } of REFUSALS) {
    const id = ids.exec(joined)?.[0];
    if (id !== undefined) return finding(code, { id });
  }
  return undefined;
}
