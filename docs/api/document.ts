/** The OpenAPI document of the HTTP API, made from the schemas. */
import { createDocument, type ZodOpenApiObject, type ZodOpenApiOverride } from 'zod-openapi';
import manifest from '../../package.json' with { type: 'json' };
import { PATHS } from './operations.ts';
import type { ApiDocument, Schema } from './shape.ts';

const KEY = 'A function key. Keys that read and keys that act are those of different functions.';

/** What says no more than the type or the format beside it. */
const override: ZodOpenApiOverride = ({ jsonSchema }) => {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
};

/** Answers are told as open, for a later version may say more. Tests close them: nothing is said that is not here. */
const opened = (schemas: Record<string, Schema>): Record<string, Schema> =>
  JSON.parse(JSON.stringify(schemas, (name, value) => (name === 'additionalProperties' ? undefined : value)));

const DOCUMENT: ZodOpenApiObject = {
  openapi: '3.1.1',
  info: {
    title: 'ilb-hairpin-guard',
    version: manifest.version,
    license: { name: 'MIT', identifier: 'MIT' },
    description:
      'What is known of an estate, and runs. Errors are application/problem+json (RFC 9457) with a code that stays the same over versions. Later versions may answer with more fields than these.',
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'read', description: 'Changes nothing.' },
    {
      name: 'act',
      description:
        'Starts something. JSON only, and never from a page of another site, as browsers say by sec-fetch-site or origin.',
    },
  ],
  security: [{ key: [] }, { keyInAddress: [] }],
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'x-functions-key', description: KEY },
      keyInAddress: { type: 'apiKey', in: 'query', name: 'code', description: KEY },
    },
  },
  paths: PATHS,
};

/** The document. */
export function openApi(): ApiDocument {
  const made = createDocument(DOCUMENT, { override }) as unknown as ApiDocument;
  return { ...made, components: { ...made.components, schemas: opened(made.components.schemas) } };
}

/** The document as the app serves it and as it is kept in the repository. */
export const openApiText = (): string => `${JSON.stringify(openApi(), null, 2)}\n`;
