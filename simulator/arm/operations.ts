/**
 * ARM's asynchronous operations: a call answers 202 (or 200, 201) with Azure-AsyncOperation and Location, both are
 * polled. Source: "Track asynchronous Azure operations" in the Azure Resource Manager documentation; paths from
 * samples lb_rule_health.json and runcommand_v1_responses.json.
 */
import { randomUUID } from 'node:crypto';
import { ArmError } from './errors.ts';

export interface Operation {
  id: string;
  provider: 'Microsoft.Compute' | 'Microsoft.Network';
  subscription: string;
  location: string;
  startedAt: Date;
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  error?: { code: string; message: string };
  /** What the Location URL answers once it succeeded. */
  result?: unknown;
  /** Asked for by Location alone, with this Retry-After; without it by both headers, and without Retry-After. */
  retryAfterSeconds?: number;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Azure forgets operations after a day; here the oldest go first. */
const MOST_KEPT = 5000;

export class Operations {
  #all = new Map<string, Operation>();
  #endpoint: () => string;

  /** `endpoint` tells the URL that headers start with; it is known only once the server listens. */
  constructor(endpoint: () => string) {
    this.#endpoint = endpoint;
  }

  start(provider: Operation['provider'], subscription: string, location: string): Operation {
    const id = randomUUID();
    const operation: Operation = { id, provider, subscription, location, startedAt: new Date(), status: 'InProgress' };
    this.#all.set(id, operation);
    if (this.#all.size > MOST_KEPT) this.#all.delete(this.#all.keys().next().value ?? '');
    return operation;
  }

  succeed(operation: Operation, result?: unknown): void {
    if (operation.status !== 'InProgress') return;
    operation.status = 'Succeeded';
    operation.result = result;
  }

  fail(operation: Operation, code: string, message: string): void {
    if (operation.status !== 'InProgress') return;
    operation.status = 'Failed';
    operation.error = { code, message };
  }

  /** The headers that lead to the operation. */
  headers(operation: Operation, apiVersion: string): Record<string, string> {
    const place = `${this.#endpoint()}/subscriptions/${operation.subscription}/providers/${operation.provider}/locations/${operation.location}`;
    const query = `api-version=${apiVersion}`;
    const { retryAfterSeconds } = operation;
    return {
      ...(retryAfterSeconds === undefined
        ? { 'Azure-AsyncOperation': `${place}/operations/${operation.id}?${query}` }
        : { 'Retry-After': String(retryAfterSeconds) }),
      Location:
        operation.provider === 'Microsoft.Network'
          ? `${place}/operationResults/${operation.id}?${query}`
          : `${place}/operations/${operation.id}?monitor=true&${query}`,
    };
  }

  /** What Azure-AsyncOperation answers. */
  state(id: string): Answer {
    const operation = this.#find(id);
    const { status, startedAt, error } = operation;
    const body = { name: operation.id, startTime: startedAt.toISOString(), status, ...(error ? { error } : {}) };
    return { status: 200, body };
  }

  /** What Location answers: 202 while it runs, with the same headers as the first answer, then the result. */
  result(id: string, apiVersion: string): Answer {
    const operation = this.#find(id);
    if (operation.status === 'InProgress') return { status: 202, headers: this.headers(operation, apiVersion) };
    if (operation.error) throw new ArmError(500, operation.error.code, operation.error.message);
    return operation.result === undefined ? { status: 204 } : { status: 200, body: operation.result };
  }

  #find(id: string): Operation {
    const operation = this.#all.get(id);
    if (!operation) throw new ArmError(404, 'OperationNotFound', `The operation '${id}' was not found.`);
    return operation;
  }
}
