/** Where the storage account is and how to sign in to it: a connection string, or an account name with the app's identity. */
import { defined } from '../model/optional.ts';

export type StorageAccount =
  | { kind: 'connectionString'; connectionString: string }
  | { kind: 'identity'; queueUrl: string; tableUrl: string; clientId?: string };

/** The credential for an account reached by identity. Loads the identity SDK on first use. */
export async function storageCredential(account: Extract<StorageAccount, { kind: 'identity' }>) {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential(defined({ managedIdentityClientId: account.clientId }));
}
