/** What a mirror member meets when it tells: its metadata service, and a custom topic as it is deployed. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Certificate, makeCertificate } from '../../simulator/arm/certificate.ts';
import { type Imds, type ImdsOptions, startImds } from '../../simulator/arm/imds.ts';
import { Tokens } from '../../simulator/arm/tokens.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { type CustomTopic, type EventGrid, startEventGrid } from '../../simulator/eventgrid/eventGrid.ts';
import { MIRROR_PRINCIPAL, senders } from '../../simulator/eventgrid/senders.ts';

export const VM = vmId(articleEstate(), 'hs-b');

export interface Cloud {
  imds: Imds;
  eventGrid: EventGrid;
  topic: CustomTopic;
  /** Resolves to the events that the topic has delivered, once nothing is on its way. */
  told(): Promise<Record<string, unknown>[]>;
}

/** Certificates that a whole test file trusts. */
export async function startCertificate(): Promise<Certificate & { remove(): void }> {
  const certificate = await makeCertificate();
  return { ...certificate, remove: () => rmSync(dirname(certificate.caFile), { recursive: true, force: true }) };
}

/** Starts both; ends with the test. */
export async function startCloud(
  t: ExecutionContext,
  certificate: Certificate,
  vm: Partial<ImdsOptions> = {},
): Promise<Cloud> {
  const tokens = new Tokens();
  const imds = await startImds({ tokens, resourceId: VM, identities: [MIRROR_PRINCIPAL], ...vm });
  t.teardown(() => imds.close());
  const eventGrid = await startEventGrid({ tls: certificate, acceptToken: senders(tokens, [MIRROR_PRINCIPAL]) });
  t.teardown(() => eventGrid.stop());
  const events: Record<string, unknown>[] = [];
  const app = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    events.push(JSON.parse(body));
    response.writeHead(202).end();
  }).listen(0, '127.0.0.1');
  t.teardown(() => void app.close());
  await once(app, 'listening');
  const topic = eventGrid.customTopic({
    name: 'mirror-failover',
    inputSchema: 'CloudEventSchemaV1_0',
    disableLocalAuth: true,
  });
  await topic.subscribe({ name: 'app', endpoint: `http://127.0.0.1:${(app.address() as AddressInfo).port}/` });
  return {
    imds,
    eventGrid,
    topic,
    told: async () => {
      await eventGrid.idle();
      return events;
    },
  };
}
