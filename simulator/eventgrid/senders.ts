/**
 * Who may publish by token: principals with the role EventGrid Data Sender, whose tokens are for Event Grid
 * (MicrosoftDocs/azure-docs, event-grid/authenticate-with-microsoft-entra-id.md).
 */
import { ArmError } from '../arm/errors.ts';
import type { Principal, Tokens } from '../arm/tokens.ts';

const AUDIENCE = 'https://eventgrid.azure.net';

/** The mirror members' identity, where none is given: the only one that the stack's topics take tokens of. */
export const MIRROR_PRINCIPAL: Principal = {
  clientId: '00000000-0000-0000-0000-0000000000a3',
  principalId: '00000000-0000-0000-0000-0000000000b3',
};

/** For `acceptToken`: true for a good token of one of these principals, whatever the topic. */
export const senders =
  (tokens: Tokens, principals: readonly Principal[]) =>
  async (token: string): Promise<boolean> => {
    try {
      const { principalId } = await tokens.check(`Bearer ${token}`, [AUDIENCE]);
      return principals.some((one) => one.principalId === principalId);
    } catch (error) {
      if (error instanceof ArmError) return false;
      throw error;
    }
  };
