/** The part of OpenAPI 3.1 that the description of the HTTP API uses, for those who read it. */

/** A JSON schema. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  enum?: string[];
  const?: unknown;
}

export type Content = Record<string, { schema: Schema }>;

export interface Response {
  description: string;
  headers?: Record<string, { required?: boolean }>;
  content?: Content;
}

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  requestBody?: { content: Content };
  responses: Record<string, Response>;
}

export interface ApiDocument {
  openapi: string;
  /** Operations by path and method, in lower case. */
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
