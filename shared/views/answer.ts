/** Documents as HTTP answers, in the format that the caller asked for. */
import type { ListFormat, RunFormat } from '../model/formats.ts';
import { defined } from '../model/optional.ts';
import type { ComplianceView } from './compliance.ts';
import { complianceCsv } from './complianceCsv.ts';
import { runCsv, runsCsv } from './csv.ts';
import type { EstateView } from './estateSchema.ts';
import { weakEtag } from './etag.ts';
import type { ForecastView } from './forecast.ts';
import type { HealthView } from './health.ts';
import { historyCsv } from './history.ts';
import type { HistoryView } from './historySchema.ts';
import type { PathTraceView } from './paths.ts';
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

/** A browser loads nothing for an answer and runs nothing in it. What holds for errors too is the handlers' own. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
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

/** What says nothing of the document's content, but of when it was made: two that differ in nothing else are one. */
const PASSING = /"(?:asOf|listedAt|ageSeconds)":(?:"[^"]*"|[^,}\]]*)/g;

/**
 * A document that is asked for again and again: with an ETag, so that whoever has it is told that it still holds (304). The
 * tag is a weak one, of all but the times of reading. The asker's own cache may keep it, and asks before it is used again.
 */
function tagged(given: Answer, json: string): Answer {
  const etag = weakEtag(`${given.headers['content-type']}\n${json.replaceAll(PASSING, '')}`);
  return {
    ...given,
    headers: { ...given.headers, etag, 'cache-control': 'private, no-cache', vary: 'accept' },
  };
}

/** A document as JSON, with its tag. */
function taggedJson(document: unknown): Answer {
  const json = JSON.stringify(document);
  return tagged(answer('json', json), json);
}

/** How each VM stands towards each VIP. */
export const complianceAnswer = (view: ComplianceView, format: ListFormat): Answer =>
  format === 'json'
    ? taggedJson(view)
    : tagged(answer(format, complianceCsv(view), attachment('compliance')), JSON.stringify(view));

/** What a failover or a loss brings. */
export const forecastAnswer = (view: ForecastView): Answer => taggedJson(view);

/** What becomes of a connection. */
export const pathAnswer = (view: PathTraceView): Answer => taggedJson(view);

/** The estate as the page draws it. */
export const estateAnswer = (view: EstateView): Answer => taggedJson(view);

/** The description of all this. */
export const openApiAnswer = (document: unknown): Answer => taggedJson(document);

/** A run. */
export function runAnswer(run: RunView, format: RunFormat): Answer {
  if (format === 'json') return taggedJson(run);
  const made =
    format === 'html' ? answer(format, runPage(run)) : answer(format, runCsv(run), attachment(`run-${run.runId}`));
  return tagged(made, JSON.stringify(run));
}

/** A page of runs. What CSV has no place for, the request for the next page, is a header (RFC 8288). */
export function runsAnswer(list: RunListView, format: ListFormat): Answer {
  if (format === 'json') return taggedJson(list);
  const link = list.next && `<${list.next}>; rel="next"`;
  const made = answer(format, runsCsv(list.runs), { ...attachment('runs'), ...defined({ link }) });
  return tagged(made, JSON.stringify(list));
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
