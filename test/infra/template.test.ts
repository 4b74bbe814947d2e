/**
 * What the templates deploy, held against what other people's deployments ran into.
 * Long: one table of cases about one thing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { examples } from '../../infra/make.ts';
import { type DeployedResource, deployed } from '../../simulator/deployment.ts';

const INFRA = join(import.meta.dirname, '..', '..', 'infra');
const MAIN = readFileSync(join(INFRA, 'main.json'), 'utf8');
const ROLES = readFileSync(join(INFRA, 'roles.json'), 'utf8');

const of = (resources: readonly DeployedResource[], type: string): DeployedResource[] =>
  resources.filter((resource) => resource.type === type);
const one = (example: string, type: string): DeployedResource => {
  const found = of(deployed(example), type);
  if (found.length !== 1 || !found[0]) throw new Error(`${example}: ${found.length} of ${type}`);
  return found[0];
};

interface Node {
  resources?: Record<string, Node> | Node[];
  type?: string;
  name?: string;
  properties?: { template?: Node };
  outputs?: Record<string, unknown>;
  parameters?: Record<string, { metadata?: { description?: string } }>;
}

/** A template and those inside it. */
function* templates(node: Node): Generator<Node> {
  yield node;
  const resources = Array.isArray(node.resources) ? node.resources : Object.values(node.resources ?? {});
  for (const { properties } of resources) if (properties?.template) yield* templates(properties.template);
}

const LIMITS: Record<string, [pattern: RegExp, most: number]> = {
  'Microsoft.Resources/resourceGroups': [/^[\w().-]+$/, 90],
  'Microsoft.ManagedIdentity/userAssignedIdentities': [/^[a-zA-Z0-9][\w-]{2,}$/, 128],
  'Microsoft.Storage/storageAccounts': [/^[a-z0-9]{3,}$/, 24],
  'Microsoft.Storage/storageAccounts/blobServices/containers': [/^[a-z0-9](-?[a-z0-9]){2,}$/, 63],
  'Microsoft.OperationalInsights/workspaces': [/^[a-zA-Z0-9][a-zA-Z0-9-]{2,}[a-zA-Z0-9]$/, 63],
  'Microsoft.Insights/components': [/^[\w().-]+[^.]$/, 260],
  'Microsoft.Insights/scheduledQueryRules': [/^[^*<>?{}%&:\\/#|]+$/, 260],
  'Microsoft.EventGrid/topics': [/^[a-zA-Z0-9-]{3,}$/, 50],
  'Microsoft.EventGrid/systemTopics': [/^[a-zA-Z0-9-]{3,}$/, 128],
  'Microsoft.EventGrid/topics/eventSubscriptions': [/^[a-zA-Z0-9-]{3,}$/, 64],
  'Microsoft.EventGrid/systemTopics/eventSubscriptions': [/^[a-zA-Z0-9-]{3,}$/, 64],
  'Microsoft.Web/serverfarms': [/^[a-zA-Z0-9-]+$/, 60],
  // 32: the host's own id is cut there, and two apps that begin alike would take each other's locks.
  'Microsoft.Web/sites': [/^[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]$/, 32],
  'Microsoft.Network/privateEndpoints': [/^[\w.-]{2,}$/, 64],
};

test('names are within the limits of their types (learn.microsoft.com, resource-name-rules)', (t) => {
  let checked = 0;
  for (const example of examples()) {
    for (const { type, name } of deployed(example)) {
      const limit = LIMITS[type];
      if (!limit) continue;
      const last = name.split('/').at(-1) ?? '';
      t.regex(last, limit[0], `${example}: ${type}`);
      t.true(last.length <= limit[1], `${example}: ${type} ${last}`);
      checked += 1;
    }
  }
  t.true(checked > 40, `${checked}`);
});

test('nothing in a name is random, and every name says whose it is', (t) => {
  for (const text of [MAIN, ROLES]) t.notRegex(text, /\b(newGuid|utcNow)\(/);
  const own = deployed('plain').filter(({ type }) => /sites$|storageAccounts$|topics$|systemTopics$/i.test(type));
  for (const { name } of own) t.true(name.includes('hairpin'), name);
});

test('resource, role and deployment names are unique in an installation', (t) => {
  for (const example of examples()) {
    const resources = deployed(example);
    const ids = resources.map(({ id }) => id.toLowerCase());
    t.is(new Set(ids).size, ids.length, example);
    const roleNames = of(resources, 'Microsoft.Authorization/roleDefinitions').map(
      ({ properties }) => properties?.roleName,
    );
    t.is(new Set(roleNames).size, roleNames.length, example);
  }
  // A role's name is taken in the whole tenant: the installation's name stands in it.
  const [role] = of(deployed('plain'), 'Microsoft.Authorization/roleDefinitions');
  t.regex(String(role?.properties?.roleName), / hairpin-[a-z0-9]{8}-[a-z0-9]{8}$/);
});

test('no template reads a key, and no output is a secret', (t) => {
  for (const text of [MAIN, ROLES]) {
    t.notRegex(text, /\blist(Keys|AccountSas|ServiceSas|Secrets|Connection\w*|\w*Credentials)?\(/i);
    t.notRegex(text, /AccountKey=|SharedAccessSignature|InstrumentationKey/);
    for (const { outputs } of templates(JSON.parse(text) as Node)) {
      for (const name of Object.keys(outputs ?? {})) t.notRegex(name, /key|secret|password|connection|sas/i);
    }
  }
});

test('every parameter of the two templates is described', (t) => {
  for (const text of [MAIN, ROLES]) {
    const { parameters = {} } = JSON.parse(text) as Node;
    for (const [name, { metadata }] of Object.entries(parameters)) t.truthy(metadata?.description, name);
    t.true(Object.keys(parameters).length > 5);
  }
});

test('first installation: audit, no instance kept warm, 2048 MB, Node 22', (t) => {
  const site = one('plain', 'Microsoft.Web/sites');
  t.like(site.properties, {
    httpsOnly: true,
    functionAppConfig: {
      runtime: { name: 'node', version: '22' },
      scaleAndConcurrency: { alwaysReady: [], instanceMemoryMB: 2048, maximumInstanceCount: 40 },
    },
  });
  t.like(one('full', 'Microsoft.Web/sites').properties, {
    functionAppConfig: {
      scaleAndConcurrency: {
        alwaysReady: [
          { name: 'function:mirrorFailover', instanceCount: 2 },
          { name: 'function:reconcile', instanceCount: 2 },
        ],
      },
    },
  });
});

test('what Flex Consumption refuses is not there', (t) => {
  for (const example of examples().filter((name) => name !== 'rights')) {
    const settings = one(example, 'Microsoft.Web/sites').properties;
    t.notRegex(JSON.stringify(settings), /functionAppScaleLimit|linuxFxVersion|alwaysOn/, example);
    const names = Object.keys(
      deployed(example).find(({ name }) => name.endsWith('/appsettings'))?.properties ?? { none: '' },
    );
    // learn.microsoft.com, "App settings reference", those marked as deprecated for Flex Consumption; `:` fails on Linux.
    for (const name of names) {
      t.notRegex(
        name,
        /:|^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_.*|SCM_.*|ENABLE_ORYX_BUILD|FUNCTIONS_WORKER_PROCESS_COUNT)$/,
        example,
      );
    }
  }
});

test('azd finds the app by a tag on the site, also beside tags of one’s own', (t) => {
  for (const example of ['plain', 'full']) {
    t.is(one(example, 'Microsoft.Web/sites').tags?.['azd-service-name'], 'app', example);
  }
});

test('required tags stand on everything that can have some, and on Run Command resources', (t) => {
  const wanted = { owner: 'mirror-team', costCenter: '0000' };
  const tagged = deployed('full').filter(({ location }) => location !== undefined);
  t.true(tagged.length >= 10);
  for (const { type, name, tags } of tagged) t.like(tags, wanted, `${type} ${name}`);
  const settings = deployed('full').find(({ name }) => name.endsWith('/appsettings'))?.properties;
  t.deepEqual(JSON.parse(String(settings?.HAIRPIN_COMMAND_TAGS)), wanted);
});

test('storage takes no key, no old TLS, no public blob; with private endpoints its firewall is shut', (t) => {
  for (const example of ['plain', 'full']) {
    t.like(one(example, 'Microsoft.Storage/storageAccounts').properties, {
      allowSharedKeyAccess: false,
      allowBlobPublicAccess: false,
      minimumTlsVersion: 'TLS1_2',
      supportsHttpsTrafficOnly: true,
      networkAcls: { defaultAction: example === 'plain' ? 'Allow' : 'Deny', bypass: 'AzureServices' },
    });
  }
  t.is(of(deployed('plain'), 'Microsoft.Network/privateEndpoints').length, 0);
  t.deepEqual(
    of(deployed('full'), 'Microsoft.Network/privateEndpoints').map(({ name }) => name.split('-').at(-1)),
    ['blob', 'queue', 'table'],
  );
  t.is(of(deployed('full'), 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups').length, 3);
  t.regex(String(one('full', 'Microsoft.Web/sites').properties?.virtualNetworkSubnetId), /subnets\/functions$/);
});

test('logs, topic and publishing take Entra ID alone', (t) => {
  t.like(one('plain', 'Microsoft.Insights/components').properties, { DisableLocalAuth: true });
  t.like(one('plain', 'Microsoft.OperationalInsights/workspaces').properties, {
    features: { disableLocalAuth: true },
  });
  t.like(one('plain', 'Microsoft.EventGrid/topics').properties, {
    disableLocalAuth: true,
    inputSchema: 'CloudEventSchemaV1_0',
  });
  const policies = of(deployed('plain'), 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
  t.deepEqual(
    policies.map(({ name, properties }) => [name.split('/')[1], properties?.allow]),
    [
      ['ftp', false],
      ['scm', false],
    ],
  );
});

test('a workspace that is there already is taken, and none is made', (t) => {
  t.is(of(deployed('full'), 'Microsoft.OperationalInsights/workspaces').length, 0);
  t.regex(String(one('full', 'Microsoft.Insights/components').properties?.WorkspaceResourceId), /central$/);
});

test('sign-in is an option, and lets Event Grid in by its key', (t) => {
  const auth = (example: string): DeployedResource | undefined =>
    deployed(example).find(({ name }) => name.endsWith('/authsettingsV2'));
  t.is(auth('plain'), undefined);
  t.like(auth('full')?.properties, {
    globalValidation: {
      requireAuthentication: true,
      unauthenticatedClientAction: 'Return401',
      excludedPaths: ['/runtime/webhooks/EventGrid'],
    },
  });
});

test('each assignment says what kind of principal it is for, and has it in its name', (t) => {
  let seen = 0;
  for (const example of examples()) {
    for (const { name, properties } of of(deployed(example), 'Microsoft.Authorization/roleAssignments')) {
      t.is(properties?.principalType, 'ServicePrincipal', name);
      const principal = String(properties?.principalId).replace(/^\[|\]$/g, '');
      // A name made of ids alone is evaluated already; the expressions below show that it has the principal too.
      if (name.startsWith('[')) t.true(name.includes(principal), name);
      seen += 1;
    }
  }
  t.true(seen > 30, `${seen}`);
  // The workbook's is no assignment's.
  const guids = [...MAIN.matchAll(/"name": "(\[guid\([^"]+)"/g)].map(([, name]) => name);
  const named = guids.filter((name) => !name?.endsWith("'workbook')]"));
  t.true(named.length > 6);
  t.is(named.filter((name) => name?.includes('principalId')).length, named.length);
});

test('a role’s scopes never shrink: each subscription has roles of its own', (t) => {
  const roles = of(deployed('full'), 'Microsoft.Authorization/roleDefinitions');
  t.is(roles.length, 4);
  for (const { id, properties } of roles) {
    t.deepEqual(properties?.assignableScopes, [id.split('/providers/')[0]]);
  }
});

test('the package is taken as it is: no remote build', (t) => {
  t.deepEqual(one('plain', 'Microsoft.Web/sites/extensions').properties, {
    packageUri: 'https://example.com/ilb-hairpin-guard.zip',
    remoteBuild: false,
  });
  t.is(of(deployed('full'), 'Microsoft.Web/sites/extensions').length, 0);
});

test('event subscriptions come after the code, and not before', (t) => {
  const kinds = [
    'Microsoft.EventGrid/topics/eventSubscriptions',
    'Microsoft.EventGrid/systemTopics/eventSubscriptions',
  ];
  for (const kind of kinds) {
    t.is(of(deployed('without-rights'), kind).length, 0, 'no package and no code: none');
    t.is(of(deployed('plain'), kind).length, kind.includes('system') ? 2 : 1);
  }
  const { resources } = JSON.parse(MAIN) as { resources: Record<string, { dependsOn?: string[] }> };
  for (const name of [
    ...['mirrorFailover', 'resourceChange', 'resourceChangeOfExisting'],
    ...['availability', 'availabilityOfExisting'],
  ]) {
    t.true(resources[name]?.dependsOn?.includes('code'), name);
  }
  t.true(resources.code?.dependsOn?.includes('dataRights'), 'the new code reads its storage at once');
});

test('one system topic per source and type: one that is there is taken', (t) => {
  const made = of(deployed('full'), 'Microsoft.EventGrid/systemTopics').map(({ id }) => id.split('/')[2]);
  t.deepEqual(made, ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000']);
  const wired = of(deployed('full'), 'Microsoft.EventGrid/systemTopics/eventSubscriptions').map(({ name }) => name);
  t.deepEqual(wired.sort(), [
    'changes/resourceChange',
    'evgst-health-mirror-guard-62xw4w3t/availability',
    'evgst-mirror-guard-62xw4w3t/resourceChange',
    'health/availability',
  ]);
});

test('dead letters are written by the topic’s own identity, which may write there and nowhere else', (t) => {
  for (const { type, identity } of deployed('plain')) {
    if (/\/(system)?topics$/i.test(type)) t.is(identity?.type, 'SystemAssigned', type);
  }
  for (const { name, type, properties } of deployed('plain')) {
    if (!type.endsWith('/eventSubscriptions')) continue;
    t.like(properties, { deadLetterWithResourceIdentity: { identity: { type: 'SystemAssigned' } } }, name);
    t.false('deadLetterDestination' in (properties ?? {}), 'that one would want a key');
  }
  const writers = of(deployed('plain'), 'Microsoft.Authorization/roleAssignments').filter(({ properties }) =>
    String(properties?.roleDefinitionId).endsWith('ba92f5b4-2d11-453d-a403-e96b0029c9fe'),
  );
  t.is(writers.length, 3);
  for (const { id } of writers) t.regex(id, /containers\/dead-letters'/);
});

test('a deployer without the right to write roles writes none; the other template writes the same ones', (t) => {
  const kinds = /^Microsoft\.Authorization\//;
  t.is(deployed('without-rights').filter(({ type }) => kinds.test(type)).length, 0);
  const [split, whole] = [deployed('rights'), deployed('plain')].map((resources) =>
    resources
      .filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments')
      .map(({ properties }) => String(properties?.roleDefinitionId).split('/').at(-1))
      .sort(),
  );
  t.deepEqual(split, whole);
  t.true(deployed('rights').every(({ type }) => kinds.test(type)));
});

test('roles that are there already are assigned, and none are made', (t) => {
  t.is(of(deployed('own-roles'), 'Microsoft.Authorization/roleDefinitions').length, 0);
  const assigned = of(deployed('own-roles'), 'Microsoft.Authorization/roleAssignments').map(({ properties }) =>
    String(properties?.roleDefinitionId).split('/').at(-1),
  );
  for (const guid of ['00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000a2']) {
    t.true(assigned.includes(guid), guid);
  }
});
