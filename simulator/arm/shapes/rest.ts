/**
 * Management locks and sizes of VMs as ARM shows them. Shapes: "Management Locks - List At Subscription Level" and "Resource
 * Skus - List" of Azure's REST reference.
 */

type Shape = Record<string, unknown>;

/** `CanNotDelete` refuses deletes, `ReadOnly` writes too. */
export type LockLevel = 'CanNotDelete' | 'ReadOnly';

/** A lock on a scope. */
export const lockResource = (scope: string, level: LockLevel): Shape => ({
  properties: { level },
  id: `${scope}/providers/Microsoft.Authorization/locks/keep`,
  type: 'Microsoft.Authorization/locks',
  name: 'keep',
});

/** Some sizes, and how many NICs each takes; the last is none of Azure’s. */
const SIZES = { Standard_E8s_v5: 4, Standard_B2s: 3, Standard_A1_v2: 2, Simulated_1: 1 };

/** A region's SKUs: sizes of VMs, and one of another kind. */
export const skus = (location: string): Shape[] => [
  ...Object.entries(SIZES).map(([name, nics]) => ({
    resourceType: 'virtualMachines',
    name,
    locations: [location],
    capabilities: [
      { name: 'vCPUs', value: '8' },
      { name: 'MaxNetworkInterfaces', value: String(nics) },
    ],
    restrictions: [],
  })),
  { resourceType: 'disks', name: 'Premium_LRS', locations: [location], restrictions: [] },
];
