/**
 * Writes what the documents take from the code, between their marks, and what is made whole from it, the description of
 * the HTTP API and docs/api.md: `npm run docs`. With `--check` it only says whether they are up to date. Run with Node;
 * nothing here ships.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { ERRORS, NEXT_STEPS } from '../shared/errors.ts';
import { COMMAND_FAILURES } from '../shared/model/commandFailures.ts';
import { FINDINGS } from '../shared/model/findings.ts';
import { GUEST_ERRORS } from '../shared/model/guestErrors.ts';
import { FIELDS, type FieldName } from '../shared/model/logFields.ts';
import { newsData } from '../shared/model/newsSchema.ts';
import { PRECONDITIONS } from '../shared/model/preconditions.ts';
import { REFUSALS } from '../shared/model/refusals.ts';
import { type Level, STEPS } from '../shared/model/steps.ts';
import { WAITS } from '../shared/model/waits.ts';
import { SETTINGS, type Setting } from '../shared/settings/settings.ts';
import { openApi, openApiText } from './api/document.ts';
import { apiMarkdown } from './api/markdown.ts';
import { table } from './markdown.ts';
import { CODES, indexOfCodes, toldOf } from './runbook.ts';

const ROOT = join(import.meta.dirname, '..');

/** A table of codes with a sentence each, each code a link to its place in the runbook. */
const sentences = (codes: Readonly<Record<string, string>>): string =>
  table(
    ['code', 'what a person is told'],
    Object.entries(codes).map(([code, sentence]) => [linked(code), sentence]),
  );

/** A code that leads to its place in the runbook, from docs/. */
const linked = (code: string): string => `[\`${code}\`](runbook/${CODES[code]?.place ?? ''})`;

const asCode = (text: string): string => `\`${text}\``;

/** What a setting may be, and what holds when it is not set. */
function valuesOf(setting: Setting): [values: string, otherwise: string] {
  switch (setting.kind) {
    case 'whole':
      return [`${setting.least} to ${setting.most} ${setting.unit}`, asCode(String(setting.fallback))];
    case 'word':
      return [setting.words.map(asCode).join(', '), asCode(setting.fallback)];
    case 'text':
    case 'schedule': {
      const { expected, example, fallback = '', otherwise } = setting;
      // An example that is the default is seen beside it.
      return [example === fallback ? expected : `${expected}: ${asCode(example)}`, otherwise ?? asCode(fallback)];
    }
  }
}

interface StepEntry {
  level: Level;
  warning?: { when: string };
  meaning: string;
  fields: readonly FieldName[];
  optional?: readonly FieldName[];
}

/** What a field holds, for a reader of JSON. */
const TYPES = {
  text: 'text',
  number: 'number',
  flag: 'true or false',
  texts: 'list of texts',
  ids: 'text, or a list of texts',
} as const;

/** What an action of a custom role is for. */
const WHY: Record<string, string> = {
  'Microsoft.Compute/virtualMachines/read': 'the list of VMs, and whether each runs',
  'Microsoft.Compute/virtualMachines/instanceView/read': 'whether a VM’s agent answers',
  'Microsoft.Network/networkInterfaces/read': 'the list of NICs',
  'Microsoft.Network/loadBalancers/read': 'the list of load balancers',
  'Microsoft.Network/loadBalancers/loadBalancingRules/health/action': 'which member the probes show as healthy',
  'Microsoft.Network/locations/operationResults/read': 'the answer to that, at an address of the subscription',
  'Microsoft.Compute/virtualMachines/runCommands/read': 'how a command ended',
  'Microsoft.Compute/virtualMachines/runCommands/write': 'managed Run Commands. **They run as root in the guest**',
  'Microsoft.Compute/virtualMachines/runCommands/delete': 'ends a command that ran out of its time',
};

const WHERE = { read: 'each subscription', repair: '`scopeIds` alone: subscriptions, resource groups or single VMs' };

/** The actions of the custom roles, as they are deployed. */
function rights(): string[][] {
  return (['read', 'repair'] as const).flatMap((kind) => {
    const file = readFileSync(join(ROOT, 'infra', 'roles', `${kind}.json`), 'utf8');
    return (JSON.parse(file) as { Actions: string[] }).Actions.map((action) => {
      const why = WHY[action];
      if (why === undefined) throw new Error(`nothing says what ${action} is for`);
      return [kind, asCode(action), WHERE[kind], why];
    });
  });
}

interface FieldSchema {
  type?: string;
  description?: string;
  enum?: string[];
  format?: string;
}

/** The fields of each event's data. */
function eventFields(): string[][] {
  return Object.entries(newsData).flatMap(([kind, schema]) => {
    const { properties = {}, required = [] } = z.toJSONSchema(schema) as {
      properties?: Record<string, FieldSchema>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, field]) => [
      asCode(kind),
      required.includes(name) ? asCode(name) : `${asCode(name)} (not always)`,
      field.format === 'date-time' ? 'time' : (field.enum?.map(asCode).join(', ') ?? WORDS[field.type ?? ''] ?? ''),
      field.description ?? '',
    ]);
  });
}

const WORDS: Record<string, string> = { string: 'text', integer: 'number', array: 'list of `{code, text}`' };

/** What the documents take from the code, by the name in their marks. */
export const TABLES: Record<string, () => string> = {
  settings: () =>
    table(
      ['setting', 'what it does', 'values', 'when not set'],
      Object.entries(SETTINGS).map(([name, setting]) => [asCode(name), setting.meaning, ...valuesOf(setting)]),
    ),
  findings: () =>
    table(
      ['code', 'verdict', 'what a person is told'],
      Object.entries(FINDINGS).map(([code, { verdict, sentence }]) => [linked(code), verdict, sentence]),
    ),
  errors: () =>
    table(
      ['code', 'who acts', 'what happened', 'what to do'],
      Object.entries(ERRORS).map(([code, { side, meaning }]) => [
        linked(code),
        side,
        meaning,
        NEXT_STEPS[code as keyof typeof ERRORS] ?? 'as the error says',
      ]),
    ),
  'all codes': indexOfCodes,
  preconditions: () =>
    table(
      ['code', 'what it comes to', 'what a person is told'],
      Object.entries(PRECONDITIONS).map(([code, { kind, sentence }]) => [asCode(code), asCode(kind), sentence]),
    ),
  'final refusals': () => sentences(REFUSALS),
  waits: () => sentences(WAITS),
  'command failures': () => sentences(COMMAND_FAILURES),
  'guest errors': () => sentences(GUEST_ERRORS),
  steps: () =>
    table(
      ['step', 'level', 'what it says', 'fields'],
      Object.entries<StepEntry>(STEPS).map(([step, { level, warning, meaning, fields, optional = [] }]) => [
        asCode(step),
        warning ? `${level}; warn when ${warning.when}` : level,
        meaning,
        [...fields.map(asCode), ...optional.map((name) => `${asCode(name)} (not always)`)].join(', '),
      ]),
    ),
  rights: () => table(['role', 'action', 'where', 'why'], rights()),
  events: () => table(['event', 'field of `data`', 'holds', 'meaning'], eventFields()),
  fields: () =>
    table(
      ['field', 'type', 'meaning'],
      Object.entries(FIELDS).map(([name, { type, meaning }]) => [asCode(name), TYPES[type], meaning]),
    ),
};

/** Documents with tables from the code, and which. */
export const DOCUMENTS: Record<string, readonly string[]> = {
  'docs/settings.md': ['settings'],
  'docs/findings.md': ['findings', 'waits', 'command failures', 'guest errors', 'final refusals'],
  'docs/errors.md': ['errors'],
  'docs/logs.md': ['steps', 'fields'],
  'docs/runbook/README.md': ['all codes'],
  'docs/assess.md': ['preconditions'],
  'docs/events.md': ['events'],
  'docs/deploy.md': ['rights'],
};

/** All documents that take something from the code: those with tables, and the runbook's pages with what a code says. */
export const generatedDocuments = (): string[] => [
  ...new Set([...Object.keys(DOCUMENTS), ...globSync('docs/runbook/*.md', { cwd: ROOT })]),
];
/** Files that are made whole. */
export const MADE: Record<string, () => string> = {
  'shared/views/openapi.json': openApiText,
  'docs/api.md': () => apiMarkdown(openApi()),
};

/** A document's text with everything between the marks made anew. Throws when a mark is missing. */
export const withGenerated = (document: string, text: string): string =>
  withSentences(
    (DOCUMENTS[document] ?? []).reduce((made, name) => between(document, made, name, TABLES[name]?.() ?? ''), text),
  );

/** What a code says stands between `<!-- CODE says -->` and `<!-- so far CODE -->`, wherever a page has these marks. */
const withSentences = (text: string): string =>
  text.replace(
    /<!-- ([\w-]+) says -->[\s\S]*?<!-- so far \1 -->/g,
    (_, code: string) => `<!-- ${code} says -->\n\n${toldOf(code)}\n\n<!-- so far ${code} -->`,
  );

function between(document: string, text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document} has lost the marks of ${name}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

if (import.meta.main) {
  const told = (document: string) => withGenerated(document, textOf(document));
  const fresh = [
    ...generatedDocuments().map((document) => [document, told(document)] as const),
    ...Object.entries(MADE).map(([file, make]) => [file, make()] as const),
  ];
  for (const [name, text] of fresh) {
    if (!process.argv.includes('--check')) writeFileSync(join(ROOT, name), text);
    else if (text !== textOf(name)) {
      console.error(`${name} is not up to date: npm run docs`);
      process.exitCode = 1;
    }
  }
}

function textOf(name: string): string {
  const file = join(ROOT, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
