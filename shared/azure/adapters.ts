/** All of Azure's adapters over one identity and one set of clients. */
import type { AzurePlace } from '../model/azurePlace.ts';
import type { AgentReader, GuestCommands, RuleHealthReader, TopologyReader } from '../model/ports.ts';
import { createAgentReader } from './agent.ts';
import { createClients } from './clients.ts';
import { createCredential } from './credential.ts';
import { createRuleHealthReader } from './ruleHealth.ts';
import { createGuestCommands } from './runCommand.ts';
import { createTopologyReader } from './topology.ts';

export interface Azure {
  topology: TopologyReader;
  health: RuleHealthReader;
  commands: GuestCommands;
  agents: AgentReader;
}

/** Opens Azure. Nothing is loaded or called before the first use of an adapter. */
export function openAzure({ endpoint, audience, clientId }: AzurePlace): Azure {
  const clients = createClients({ credential: createCredential(clientId), endpoint, audience });
  return {
    topology: createTopologyReader(clients),
    health: createRuleHealthReader(clients),
    commands: createGuestCommands(clients),
    agents: createAgentReader(clients),
  };
}
