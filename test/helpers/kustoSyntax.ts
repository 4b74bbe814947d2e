/**
 * What Microsoft's own parser of the Kusto language has to say of a query over an application's traces. The package is
 * made for browsers: two scripts that share one global scope, so they are run in a scope of their own.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

/** The columns of traces that these queries may name (learn.microsoft.com, "traces" in the data model). */
const TRACES = '(timestamp: datetime, message: string, severityLevel: int)';

interface Enumerator {
  moveNext(): boolean;
  Current: { Message: string; Start: number };
}

let diagnose: ((query: string) => Enumerator) | undefined;

/** The parser's complaints, each with its place in the query; empty when it has none. Names are looked up too. */
export function complaints(query: string): string[] {
  diagnose ??= load();
  const found: string[] = [];
  const each = diagnose(query);
  while (each.moveNext()) found.push(`${each.Current.Message} (at ${each.Current.Start})`);
  return found;
}

function load(): (query: string) => Enumerator {
  const folder = dirname(createRequire(import.meta.url).resolve('@kusto/language-service-next'));
  const context = createContext({ console });
  for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    runInContext(readFileSync(join(folder, file), 'utf8'), context, { filename: file });
  }
  return runInContext(
    `(() => {
      const { Symbols, GlobalState, KustoCode } = Kusto.Language;
      const table = Symbols.TableSymbol.From(${JSON.stringify(TRACES)}).WithName('traces');
      const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('app', [table]));
      return (query) => Bridge.getEnumerator(KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics());
    })()`,
    context,
  ) as (query: string) => Enumerator;
}
