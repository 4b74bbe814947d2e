/** Who listens and calls where. */

/** Where the VIPs take connections for a superserver. */
export const PORT = 1972;
/**
 * Where the superserver behind a guest's first, second ... VIP listens. Azure takes no two rules with one backend port
 * for one pool (RulesUseSameBackendPortProtocolAndPool, MicrosoftDocs/azure-docs#117762), for two connections could then
 * be alike behind the load balancer: the fabric would give the second another source port, and it would look remote.
 */
export const backendPort = (index: number): number => PORT + index;
/** Of the management connection. */
export const MANAGEMENT_PORT = 22;
/** Where a person's ssh comes from: beyond the gateway. */
export const PERSON = '10.9.9.9';
