/**
 * What the HTTP functions take and answer. Parameters and bodies are the handlers' own schemas; what each parameter must be
 * is said in the handlers' own words. An operation that a function has and that is not here fails a test, as does any
 * answer that is not. Long: one table of all operations, read as a whole.
 */
import * as z from 'zod';
import type {
  ZodOpenApiContentObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import {
  COMPLIANCE_EXPECTED,
  complianceQuerySchema,
  FORECAST_EXPECTED,
  forecastQuerySchema,
  PATHS_EXPECTED,
  pathsQuerySchema,
} from '../../shared/requests/estateQuery.ts';
import { HISTORY_EXPECTED, historyQuerySchema } from '../../shared/requests/historyQuery.ts';
import { manualRunSchema } from '../../shared/requests/manualRun.ts';
import { RUN_EXPECTED, runQuerySchema } from '../../shared/requests/query.ts';
import { RUNS_EXPECTED, runsQuerySchema } from '../../shared/requests/runQuery.ts';
import { compliance, estate, forecast, pathTrace } from './estate.ts';
import { health } from './health.ts';
import { history } from './history.ts';
import { problemResponse } from './problems.ts';
import { accepted, cancelling, run, runId, runList } from './runs.ts';

/** A query's schema with what each parameter must be as its description. */
function described<S extends { shape: Record<string, z.core.$ZodType> }>(
  lazy: { _zod: { innerType: S } },
  expected: Readonly<Record<string, string>>,
): S {
  // The handlers make their schemas when they are first needed.
  const schema = lazy._zod.innerType;
  for (const [name, field] of Object.entries(schema.shape)) {
    z.globalRegistry.add(field, { description: sentence(expected[name] ?? '') });
  }
  return schema;
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

const header = (description: string) => ({ description, required: true, schema: { type: 'string' as const } });

const NOSNIFF = { 'x-content-type-options': header('nosniff, on every answer.') };
const NO_STORE = { ...NOSNIFF, 'cache-control': header('no-store.') };
const TAGGED = {
  ...NOSNIFF,
  'cache-control': header('private, no-cache: the asker may keep it, and asks before it uses it again.'),
  etag: header(
    'Of all but the times at which it was read. Sent back as if-none-match it brings 304 while nothing changed.',
  ),
};

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });
const CSV = { 'text/csv': { schema: { type: 'string' as const } } };
const HTML = { 'text/html': { schema: { type: 'string' as const } } };

/** A document that is there, and that carries an ETag. */
const tagged = (description: string, content: ZodOpenApiContentObject): ZodOpenApiResponsesObject => ({
  200: { description, headers: TAGGED, content },
  304: { description: 'The asker has it already.', headers: TAGGED },
});

/** Answers of every function, and what else can be wrong with this one. */
const problems = (...statuses: number[]): ZodOpenApiResponsesObject => ({
  ...Object.fromEntries(
    [...statuses, 500].map((status) => [`${status}`, { headers: NO_STORE, ...problemResponse(status) }]),
  ),
  401: {
    description: 'No key, or one that does not open this function. The Functions host answers, without a document.',
  },
});

const IF_NONE_MATCH = {
  header: z.object({ 'if-none-match': z.string().optional().describe('ETags of what the asker has.') }),
};
const RUN_FIELDS = {
  scope: 'One id or up to 100: of subscriptions, resource groups, VMs, NICs, load balancers or frontends',
  mode: 'check looks and connects, apply repairs, remove takes away what was added and holds the VM',
  dryRun: 'true: nothing is sent, and plan and script are shown',
};
const OF_RUN = { path: z.object({ id: runId }) };

const get = (operation: ZodOpenApiOperationObject) => ({ get: { tags: ['read'], ...operation } });
const post = (operation: ZodOpenApiOperationObject) => ({ post: { tags: ['act'], ...operation } });
const cancel = (operation: ZodOpenApiOperationObject) => ({ delete: { tags: ['act'], ...operation } });

/** Every path, as the functions' routes have them. */
export const PATHS: ZodOpenApiPathsObject = {
  '/api/runs': {
    ...get({
      operationId: 'listRuns',
      summary: 'Runs, newest first',
      description:
        'A page of runs without their VMs. `next`, as CSV the header `link`, leads on to older ones. Without `format`, the header `accept: text/csv` asks for CSV.',
      requestParams: { query: described(runsQuerySchema, RUNS_EXPECTED), ...IF_NONE_MATCH },
      responses: { ...tagged('A page of runs.', { ...json(runList), ...CSV }), ...problems(400) },
    }),
    ...post({
      operationId: 'startRun',
      summary: 'Start a run by hand',
      description:
        'Kept before it is answered: a 202 is a promise. A body may hold 128 KiB, 8 levels, and strings of 4,096 characters. `remove` names VMs alone.',
      requestParams: {
        header: z.object({
          'idempotency-key': z
            .string()
            .optional()
            .describe(
              'Of the caller’s making. The same request with it again is the same run; another request with it is refused.',
            ),
        }),
      },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: described(manualRunSchema, RUN_FIELDS) } },
      },
      responses: {
        202: {
          description: 'Accepted.',
          headers: { ...NO_STORE, location: header('Where the run is shown.') },
          content: json(accepted),
        },
        ...problems(400, 403, 409, 413, 415),
      },
    }),
  },
  '/api/runs/{id}': {
    ...get({
      operationId: 'showRun',
      summary: 'One run, with a line per VM',
      description: 'As a page with `format=html`. Without `format`, the header `accept: text/csv` asks for CSV.',
      requestParams: { ...OF_RUN, query: described(runQuerySchema, RUN_EXPECTED), ...IF_NONE_MATCH },
      responses: { ...tagged('The run.', { ...json(run), ...CSV, ...HTML }), ...problems(400, 404) },
    }),
    ...post({
      operationId: 'startRunWithId',
      summary: 'Nothing: a new run has no id yet',
      description: 'Always refused.',
      requestParams: OF_RUN,
      responses: problems(400, 403),
    }),
    ...cancel({
      operationId: 'cancelRun',
      summary: 'Cancel a run',
      description:
        'What has not begun is dropped, a command under way is stopped, and other runs go on. Asked again it is the same.',
      requestParams: OF_RUN,
      responses: {
        200: { description: 'It was cancelled before.', headers: NO_STORE, content: json(cancelling) },
        202: {
          description: 'It is being cancelled.',
          headers: { ...NO_STORE, location: header('Where the run is shown.') },
          content: json(cancelling),
        },
        ...problems(400, 403, 404, 409),
      },
    }),
  },
  '/api/runs/{id}/retry': post({
    operationId: 'retryRun',
    summary: 'Accept a run that failed again, as a new one',
    requestParams: OF_RUN,
    responses: {
      202: {
        description: 'Accepted.',
        headers: { ...NO_STORE, location: header('Where the new run is shown.') },
        content: json(accepted),
      },
      ...problems(400, 403, 404, 409),
    },
  }),
  '/api/compliance': get({
    operationId: 'showCompliance',
    summary: 'How every VM stands towards every VIP that it serves',
    description:
      'From the lists of Azure, read at most once a minute however many ask, and from what the app keeps of guests and health. No guest is entered, and no VM is asked for by itself. Without `format`, the header `accept: text/csv` asks for CSV.',
    requestParams: { query: described(complianceQuerySchema, COMPLIANCE_EXPECTED), ...IF_NONE_MATCH },
    responses: { ...tagged('All paths.', { ...json(compliance), ...CSV }), ...problems(400, 502) },
  }),
  '/api/forecast': get({
    operationId: 'showForecast',
    summary: 'What a failover or the loss of a VM would bring',
    description: 'Read as compliance is.',
    requestParams: { query: described(forecastQuerySchema, FORECAST_EXPECTED), ...IF_NONE_MATCH },
    responses: { ...tagged('The forecast.', json(forecast)), ...problems(400, 404, 502) },
  }),
  '/api/paths': get({
    operationId: 'tracePath',
    summary: 'What becomes of the connections of a VM to a VIP, step by step',
    description:
      'Now and after each failover: which NIC, which source, who answers, and where it dies. Read as compliance is.',
    requestParams: { query: described(pathsQuerySchema, PATHS_EXPECTED), ...IF_NONE_MATCH },
    responses: { ...tagged('The trace.', json(pathTrace)), ...problems(400, 404, 502) },
  }),
  '/api/estate': get({
    operationId: 'showEstate',
    summary: 'The whole estate as the page draws it',
    description:
      'Groups of frontends and VMs that paths join, each VM with its NICs, its paths with state, proof and findings, who is primary, and what the loss of each primary would bring. VMs, frontends and findings are named by their positions. Read as compliance is.',
    requestParams: IF_NONE_MATCH,
    responses: { ...tagged('The estate.', json(estate)), ...problems(400, 502) },
  }),
  '/api/dashboard': get({
    operationId: 'showDashboard',
    summary: 'The page, for anybody',
    description: 'One document without data in it. It asks for the rest with the key that it is given.',
    security: [],
    requestParams: IF_NONE_MATCH,
    responses: {
      ...tagged('The page.', HTML),
      401: { description: 'Not by this function: where the platform signs people in, it asks for that first.' },
      500: { headers: NO_STORE, ...problemResponse(500) },
    },
  }),
  '/api/history': get({
    operationId: 'showHistory',
    summary: 'How paths stood over days: exposed for how long, proved when, by which run',
    description:
      'Begins with a day, in UTC. Times of seconds add up whatever changed; docs/acting.md says what is kept. Without `format`, the header `accept: text/csv` asks for CSV.',
    requestParams: { query: described(historyQuerySchema, HISTORY_EXPECTED) },
    responses: {
      200: {
        description: 'Paths, the longest exposed first.',
        headers: NO_STORE,
        content: { ...json(history), ...CSV },
      },
      ...problems(400),
    },
  }),
  '/api/health': get({
    operationId: 'showHealth',
    summary: 'How the app itself is',
    responses: {
      200: {
        description: 'Its storage answers. `state` says whether Azure refuses anything.',
        headers: NO_STORE,
        content: json(health),
      },
      503: { description: 'Its own storage fails.', headers: NO_STORE, content: json(health) },
      ...problems(),
    },
  }),
  '/api/openapi.json': get({
    operationId: 'showOpenApi',
    summary: 'This document',
    requestParams: IF_NONE_MATCH,
    responses: {
      ...tagged('This document.', { 'application/json': { schema: { type: 'object' as const } } }),
      ...problems(),
    },
  }),
};
