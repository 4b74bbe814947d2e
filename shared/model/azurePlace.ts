/** Where Azure is, and as whom it is asked. */
export interface AzurePlace {
  /** Azure Resource Manager, `https://management.azure.com`; sovereign clouds have others. */
  endpoint: string;
  /** What tokens are asked for, with or without `/.default`. */
  audience: string;
  /** The endpoint of the topic for the app's own events. */
  eventsTopic?: string;
  /** Of a user-assigned identity; without it the system-assigned one is used. */
  clientId?: string;
}
