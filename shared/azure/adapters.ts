/** All of Azure's adapters over one identity and one set of clients. */
import type { AzurePlace } from '../model/azurePlace.ts';
import type {
  AgentReader,
  EventsTopic,
  GuestCommands,
  LastCommandReader,
  ListReader,
  RuleHealthReader,
  SubscriptionReader,
  SurroundingsReader,
  TopologyReader,
} from '../model/ports.ts';
import { createAgentReader } from './agent.ts';
import { createClients } from './clients.ts';
import { createCredential } from './credential.ts';
import { createEventsTopic } from './eventsTopic.ts';
import { createLastCommandReader } from './lastCommand.ts';
import { createRuleHealthReader } from './ruleHealth.ts';
import { createGuestCommands } from './runCommand.ts';
import { createSubscriptionReader } from './subscriptions.ts';
import { createSurroundingsReader } from './surroundingsReader.ts';
import { createListReader, createTopologyReader } from './topology.ts';

export interface Azure {
  topology: TopologyReader;
  health: RuleHealthReader;
  commands: GuestCommands;
  agents: AgentReader;
  topic: EventsTopic;
}

/** Opens Azure. Nothing is loaded or called before the first use of an adapter. */
export function openAzure({ endpoint, audience, clientId, eventsTopic = '' }: AzurePlace): Azure {
  const credential = createCredential(clientId);
  const clients = createClients({ credential, endpoint, audience });
  return {
    topology: createTopologyReader(clients),
    health: createRuleHealthReader(clients),
    commands: createGuestCommands(clients),
    agents: createAgentReader(clients),
    // Without an endpoint nothing is ever published: see LoopSettings.tellsEvents.
    topic: createEventsTopic(eventsTopic, credential),
  };
}

/** What only reads, for a look from outside. */
export interface AzureReaders {
  subscriptions: SubscriptionReader;
  lists: ListReader;
  health: RuleHealthReader;
  commands: LastCommandReader;
  surroundings: SurroundingsReader;
  agents: AgentReader;
}

/** A person waits longer for rule health than the loop, which comes back. */
const HEALTH_SECONDS = 90;

/** Opens Azure for reading alone: nothing that is returned can change anything. Loads and calls nothing yet. */
export function openReaders({ endpoint, audience, clientId }: AzurePlace): AzureReaders {
  const clients = createClients({ credential: createCredential(clientId), endpoint, audience });
  return {
    subscriptions: createSubscriptionReader(clients),
    lists: createListReader(clients),
    health: createRuleHealthReader(clients, { seconds: HEALTH_SECONDS }),
    commands: createLastCommandReader(clients),
    surroundings: createSurroundingsReader(clients),
    agents: createAgentReader(clients),
  };
}
