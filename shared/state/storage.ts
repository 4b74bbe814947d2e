/** Where the storage account is and how to sign in to it: a connection string, or an account name with the app's identity. */
export type StorageAccount =
  | { kind: 'connectionString'; connectionString: string }
  | { kind: 'identity'; queueUrl: string; tableUrl: string; clientId?: string };

/** The credential for an account reached by identity. Loads the identity SDK on first use. */
export async function storageCredential(account: Extract<StorageAccount, { kind: 'identity' }>) {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential(account.clientId ? { managedIdentityClientId: account.clientId } : {});
}
