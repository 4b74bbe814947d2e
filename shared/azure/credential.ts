/** The app's identity. The SDK is loaded with the first token, not with this module. */
import type { TokenCredential } from '@azure/identity';
import { defined } from '../model/optional.ts';

/**
 * A credential as the environment gives it: the managed identity in Azure, a developer's sign-in elsewhere.
 * AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential narrows it to the managed identity, AZURE_AUTHORITY_HOST names a
 * sovereign cloud's directory; @azure/identity reads both itself.
 * @param clientId Of a user-assigned identity; without it the system-assigned one is used.
 */
export function createCredential(clientId?: string): TokenCredential {
  let loaded: Promise<TokenCredential> | undefined;
  const load = async (): Promise<TokenCredential> => {
    const { DefaultAzureCredential } = await import('@azure/identity');
    return new DefaultAzureCredential(defined({ managedIdentityClientId: clientId }));
  };
  return {
    async getToken(scopes, options) {
      loaded ??= load();
      return (await loaded).getToken(scopes, options);
    },
  };
}
