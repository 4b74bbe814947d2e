/** Output bindings: what a function returned or set goes to queues after it succeeded. */
import type { FunctionMetadata, InvocationResponse, RpcTypedData } from './functionsCore.ts';

/** Sends all queue messages of a response; resolves to their number. */
export type OutputSender = (metadata: FunctionMetadata, response: InvocationResponse) => Promise<number>;

/** Puts one text on a queue. */
export type QueueSend = (queueName: string, connection: unknown, text: string) => Promise<void>;

export function createOutputSender(queueSend: QueueSend): OutputSender {
  return async (metadata, response) => {
    let sent = 0;
    for (const [name, binding] of Object.entries(metadata.bindings)) {
      if (binding.direction !== 'out' || binding.type.toLowerCase() !== 'queue') continue;
      const value =
        name === '$return' ? response.returnValue : response.outputData?.find((output) => output.name === name)?.data;
      for (const text of messagesOf(value)) {
        await queueSend(String(binding.queueName), binding.connection, text);
        sent++;
      }
    }
    return sent;
  };
}

/** The messages in a value: an array is one message per item, nothing is none, objects are written as JSON. */
export function messagesOf(value: RpcTypedData | null | undefined): string[] {
  if (!value) return [];
  if (typeof value.string === 'string') return [value.string];
  if (value.bytes) return [Buffer.from(value.bytes).toString('utf8')];
  if (typeof value.json === 'string') {
    const parsed: unknown = JSON.parse(value.json);
    return Array.isArray(parsed) ? parsed.map(text) : [text(parsed)];
  }
  const number = value.int ?? value.double;
  return typeof number === 'number' ? [String(number)] : [];
}

const text = (item: unknown): string => (typeof item === 'string' ? item : JSON.stringify(item));
