/** Documents as HTTP answers, in the format that the caller asked for. */
import type { ListFormat, RunFormat } from '../model/formats.ts';
import { defined } from '../model/optional.ts';
import { runCsv, runsCsv } from './csv.ts';
import type { HealthView } from './health.ts';
import { historyCsv } from './history.ts';
import type { HistoryView } from './historySchema.ts';
import type { RunView } from './run.ts';
import { runPage } from './runPage.ts';
import type { RunListView } from './runs.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const TYPES: Record<RunFormat, string> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  html: 'text/html; charset=utf-8',
};

/** A browser takes an answer for what it says it is, loads nothing for it, runs nothing in it, and keeps no copy. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer', // the address may hold a function key
};

const answer = (format: RunFormat, body: string, more: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': TYPES[format], ...HEADERS, ...more },
  body,
});

/**
 * How the app is. 503 only where its own storage fails: what Azure refuses is no fault that a new instance would mend, and
 * health checks of the platform replace instances that answer with an error.
 */
export const healthAnswer = (health: HealthView): Answer => ({
  ...answer('json', JSON.stringify(health)),
  status: health.storage.state === 'failed' ? 503 : 200,
});

/** A run. */
export function runAnswer(run: RunView, format: RunFormat): Answer {
  if (format === 'html') return answer(format, runPage(run));
  if (format === 'csv') return answer(format, runCsv(run), attachment(`run-${run.runId}`));
  return answer(format, JSON.stringify(run));
}

/** A page of runs. What CSV has no place for, the request for the next page, is a header (RFC 8288). */
export function runsAnswer(list: RunListView, format: ListFormat): Answer {
  if (format === 'json') return answer(format, JSON.stringify(list));
  return answer(format, runsCsv(list.runs), {
    ...attachment('runs'),
    ...defined({ link: list.next && `<${list.next}>; rel="next"` }),
  });
}

/** The history of paths. */
export function historyAnswer(history: HistoryView, format: ListFormat): Answer {
  return format === 'json'
    ? answer(format, JSON.stringify(history))
    : answer(format, historyCsv(history), attachment('history'));
}

const attachment = (name: string): Record<string, string> => ({
  'content-disposition': `attachment; filename="${name}.csv"`,
});
