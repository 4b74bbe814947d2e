/** docs/api.md, made from the OpenAPI document. */
import { table } from '../markdown.ts';
import type { ApiDocument, Content, Operation, Schema } from './shape.ts';

/** What a reader must know that no operation says. */
const INTRODUCTION = `# HTTP API

Made from the app's own description, which it serves as \`GET /api/openapi.json\` (OpenAPI 3.1): \`npm run docs\` makes both, and tests fail when an answer is not as it says.

Functions that read and functions that act have keys of their own, sent as the header \`x-functions-key\`. Put no key into an address: addresses are logged.

- Each answer has \`x-content-type-options: nosniff\`. What has no ETag has \`cache-control: no-store\`.
- Runs, compliance, forecast and traces have an ETag. Who asks again sends it back as \`if-none-match\`: 304 without a body while nothing but the time of reading changed. Nobody but the asker may keep them, and the asker asks before using them again (\`private, no-cache\`).
- What is wrong is \`application/problem+json\` with \`code\`, \`detail\`, \`field\` and \`nextStep\`. 401, and 404 for an address or method that is not here, come from the Functions host without a document, as does 500 for a fault of the app itself.
- A parameter may be given once, and hold 2,048 characters.
- What tells of the estate is made from the lists of Azure, read once a minute at the most per instance of the app (ten times as long as they take, where that is longer), and from what the app keeps, read each five seconds at the most: a row of each VM and frontend, and one of each VM that says since when its paths stand so (each 1,000 of them are one call; no day of the history before is read). However many ask, and however often, no call is made per VM, no guest is entered, and rule health is not asked for. \`asOf\` and \`listedAt\` say when.
- Later versions may answer with more fields.
`;

/** The page. */
export function apiMarkdown({ paths, components: { schemas } }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => operationText(`${method.toUpperCase()} ${path}`, operation)),
  );
  const isProblem = ([name]: [string, Schema]): boolean => name.startsWith('Problem');
  const all = Object.entries(schemas);
  const problems = all
    .filter(isProblem)
    .map(([name, schema]) => [name.slice('Problem'.length), codesOf(schema), schema.description ?? '']);
  const documents = all.filter((entry) => !isProblem(entry)).map(([name, schema]) => schemaText(name, schema));
  return `${[
    INTRODUCTION.trim(),
    ...operations,
    `## Problems\n\n${table(['status', 'codes', 'meaning'], problems.toSorted())}`,
    '## Documents',
    ...documents,
  ].join('\n\n')}\n`;
}

const asCode = (text: string): string => `\`${text}\``;

function operationText(title: string, operation: Operation): string {
  const { summary = '', description = '', parameters = [], requestBody, responses } = operation;
  const rows = parameters.map((one) => [asCode(one.name), one.in, one.required ? 'yes' : '', one.description ?? '']);
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses).map(([status, one]) => [status, contentText(one.content), one.description]);
  return [
    `## ${asCode(title)}`,
    [summary && `${summary}.`, description].filter(Boolean).join(' '),
    rows.length > 0 && table(['parameter', 'in', 'needed', 'meaning'], rows),
    body && `Body, as JSON:\n\n${propertiesText(body)}`,
    table(['status', 'answer', 'meaning'], answers),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const contentText = (content: Content = {}): string =>
  Object.entries(content)
    .map(([type, { schema }]) => (schema.$ref === undefined ? asCode(type) : `${asCode(type)}: ${typeText(schema)}`))
    .join(', ');

const schemaText = (name: string, schema: Schema): string =>
  [`### ${name}`, schema.description, propertiesText(schema)].filter(Boolean).join('\n\n');

function propertiesText(schema: Schema): string {
  const rows = rowsOf(schema, '');
  return rows.length === 0 ? typeText(schema) : table(['field', 'type', 'always', 'meaning'], rows);
}

/** A row per property; those of an object without a name of its own follow it, with its name in front. */
const rowsOf = ({ properties = {}, required = [] }: Schema, prefix: string): string[][] =>
  Object.entries(properties).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    return [
      [asCode(path), typeText(property), required.includes(name) ? 'yes' : '', property.description ?? ''],
      ...(property.items ? rowsOf(property.items, `${path}[].`) : rowsOf(property, `${path}.`)),
    ];
  });

function typeText({ $ref, type, format, items, anyOf, enum: words, const: constant }: Schema): string {
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? '';
    return name.startsWith('Problem') ? '[problem](#problems)' : `[${name}](#${name.toLowerCase()})`;
  }
  if (constant !== undefined) return asCode(JSON.stringify(constant));
  if (words) return words.map(asCode).join(' or ');
  if (anyOf) return anyOf.map(typeText).join(' or ');
  if (items) return `list of ${typeText(items)}`;
  return format === 'date-time' ? 'time' : (type ?? 'any');
}

const codesOf = ({ properties = {} }: Schema): string => (properties.code?.enum ?? []).map(asCode).join(', ');
