/**
 * What a deployment makes, as the Bicep compiler evaluates the template for the examples of infra/examples: the
 * simulated Azure takes its roles, event filters and app settings from here, and has no second copy of them.
 */
import { readFileSync } from 'node:fs';

const EXAMPLE_CLIENT_ID = '00000000-0000-0000-0000-000000000000';

/** A resource as the deployment engine sends it; what Azure knows only at run time stays an expression in brackets. */
export interface DeployedResource {
  id: string;
  type: string;
  name: string;
  apiVersion: string;
  location?: string;
  tags?: Record<string, string>;
  identity?: { type: string };
  properties?: Record<string, unknown>;
}

/** An event subscription's properties. */
export interface DeployedSubscription {
  destination: { endpointType: 'AzureFunction' | 'WebHook'; properties: { resourceId: string } };
  eventDeliverySchema: 'EventGridSchema' | 'CloudEventSchemaV1_0';
  filter: {
    includedEventTypes: string[];
    advancedFilters?: { operatorType: string; key: string; values: string[] }[];
  };
  retryPolicy: { maxDeliveryAttempts: number; eventTimeToLiveInMinutes: number };
  deadLetterWithResourceIdentity?: {
    identity: { type: string };
    deadLetterDestination: { properties: { resourceId: string; blobContainerName: string } };
  };
}

/** An example's resources. */
export function deployed(example = 'plain'): DeployedResource[] {
  const file = new URL(`../infra/examples/${example}.snapshot.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { predictedResources: DeployedResource[] }).predictedResources;
}

/** The event subscription that brings events to a function. */
export function deployedSubscription(functionName: string, example?: string): DeployedSubscription {
  const found = deployed(example).find(
    ({ type, name }) => type.endsWith('/eventSubscriptions') && name.endsWith(`/${functionName}`),
  );
  if (!found) throw new Error(`the template deploys no event subscription for ${functionName}`);
  return found.properties as unknown as DeployedSubscription;
}

/** The custom topic's properties. */
export function deployedTopic(): {
  inputSchema: 'EventGridSchema' | 'CloudEventSchemaV1_0';
  disableLocalAuth: boolean;
} {
  const found = deployed().find(({ type }) => type === 'Microsoft.EventGrid/topics');
  if (!found) throw new Error('the template deploys no custom topic');
  return found.properties as unknown as ReturnType<typeof deployedTopic>;
}

/** The app settings. */
export function deployedSettings(example?: string): Record<string, string> {
  const found = deployed(example).find(
    ({ type, name }) => type === 'Microsoft.Web/sites/config' && name.endsWith('/appsettings'),
  );
  if (!found) throw new Error('the template deploys no app settings');
  return found.properties as Record<string, string>;
}

/** What Azure puts where a setting is an expression, of resources with zeros as ids. */
const AT_RUN_TIME: [RegExp, string][] = [
  [/^\[reference\('[^']+\/userAssignedIdentities\/[^']+', '[\d-]+'\)\.clientId\]$/, EXAMPLE_CLIENT_ID],
  [
    /^\[format\('ClientId=\{0\};Authorization=AAD', reference\('[^']+', '[\d-]+'\)\.clientId\)\]$/,
    `ClientId=${EXAMPLE_CLIENT_ID};Authorization=AAD`,
  ],
  [
    /^\[reference\('[^']+\/storageAccounts\/[^']+', '[\d-]+'\)\.primaryEndpoints\.(blob|queue|table)\]$/,
    'https://example.$1.core.windows.net/',
  ],
  [
    /^\[reference\('[^']+\/components\/[^']+', '[\d-]+'\)\.ConnectionString\]$/,
    `InstrumentationKey=${EXAMPLE_CLIENT_ID}`,
  ],
  [
    /^\[reference\('[^']+\/Microsoft\.EventGrid\/topics\/[^']+', '[\d-]+'\)\.endpoint\]$/,
    'https://example.westeurope-1.eventgrid.azure.net/api/events',
  ],
  [/^\[environment\(\)\.resourceManager\]$/, 'https://management.azure.com/'],
];

/** App settings as the app finds them in Azure. Throws Error for an expression that is not known here. */
export function settingsAtRunTime(settings: Record<string, string>): Record<string, string> {
  const atRunTime = (name: string, value: string): string => {
    if (!value.startsWith('[')) return value;
    const found = AT_RUN_TIME.find(([expression]) => expression.test(value));
    if (!found) throw new Error(`what Azure puts for ${name} is not known: ${value}`);
    return value.replace(...found);
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, atRunTime(name, value)]));
}

/** What a custom role allows. */
export interface DeployedRole {
  roleName: string;
  assignableScopes: string[];
  permissions: { actions: string[]; notActions: string[]; dataActions: string[]; notDataActions: string[] }[];
}

/** The custom role of a kind. */
export function deployedRole(kind: 'read' | 'repair'): DeployedRole {
  const roles = deployed().filter(({ type }) => type === 'Microsoft.Authorization/roleDefinitions');
  const found = roles.map(({ properties }) => properties as unknown as DeployedRole);
  const role = found.find(({ roleName }) => roleName.startsWith(`ILB Hairpin Guard ${kind} `));
  if (!role) throw new Error(`the template deploys no role for ${kind}`);
  return role;
}
