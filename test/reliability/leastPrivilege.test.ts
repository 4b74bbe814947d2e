/** The roles that the template deploys are enough for every call that the app makes, and hold nothing that no call needs. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { createAgentReader } from '../../shared/azure/agent.ts';
import type { AzureClients } from '../../shared/azure/clients.ts';
import { createRuleHealthReader } from '../../shared/azure/ruleHealth.ts';
import { createGuestCommands } from '../../shared/azure/runCommand.ts';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { AzureError } from '../../shared/errors.ts';
import { CALLS } from '../../simulator/arm/actions.ts';
import { appRoles, roleActions } from '../../simulator/arm/appRoles.ts';
import { authorizeBy } from '../../simulator/arm/roles.ts';
import { deployedRole } from '../../simulator/deployment.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { loadBalancerId, vmId } from '../../simulator/estate/ids.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const ESTATE = articleEstate();
const LB = ESTATE.loadBalancers[0];
const RULE = `${loadBalancerId(ESTATE, LB?.name ?? '')}/loadBalancingRules/${LB?.rules.find((rule) => rule.probe)?.name}`;
const VM = vmId(ESTATE, 'hs-a');
const ALL = [...roleActions('read'), ...roleActions('repair')];

/** Everything that the app asks of Azure, adapter by adapter; what was refused. */
async function useAll(clients: AzureClients): Promise<AzureError[]> {
  const commands = createGuestCommands(clients);
  const script = `# ilb-hairpin-guard command ${'0'.repeat(32)}\n`;
  const send = {
    vmId: VM,
    location: ESTATE.location,
    os: 'linux',
    slot: 'A',
    script,
    timeoutSeconds: 60,
    tags: {},
  } as const;
  const refused: AzureError[] = [];
  for (const use of [
    () => createTopologyReader(clients).read(ESTATE.subscriptionId),
    () => createRuleHealthReader(clients, { pollMs: 5 }).read(RULE),
    () => createAgentReader(clients).read(VM),
    () => commands.send(send),
    () => commands.look(VM, 'A'),
    () => commands.cancel(VM, 'A'),
  ]) {
    try {
      await use();
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      refused.push(error);
    }
  }
  return refused;
}

for (const repairOn of ['subscription', 'group', 'vm'] as const) {
  test(`the roles are enough for every call, with repair on each ${repairOn}`, async (t) => {
    const { arm, clients } = await withArm(t, { authorize: authorizeBy(appRoles([ESTATE], { repairOn })) });
    t.deepEqual(await useAll(clients), []);
    t.true(arm.calls.every((call) => call.status < 400));
  });
}

for (const action of ALL) {
  test(`without ${action} something is refused, and the refusal names it`, async (t) => {
    const { arm, clients } = await withArm(t, { authorize: authorizeBy(appRoles([ESTATE], { without: action })) });
    const refused = await useAll(clients);
    t.true(refused.length > 0, 'no call needs it: take it out of the role');
    t.true(arm.calls.some((call) => call.status === 403 && call.action === action));
    t.true(refused.every((error) => error.code === 'AZURE_DENIED'));
    t.true(refused.some((error) => error.message.includes(action)));
  });
}

test('the roles can change nothing but managed Run Commands', (t) => {
  const changing = ALL.filter((action) => !action.endsWith('/read'));
  t.deepEqual(changing, [
    'Microsoft.Network/loadBalancers/loadBalancingRules/health/action',
    'Microsoft.Compute/virtualMachines/runCommands/write',
    'Microsoft.Compute/virtualMachines/runCommands/delete',
  ]);
  t.true(ALL.every((action) => !action.includes('*')));
});

test('every call of the table has a source and asks for an action', (t) => {
  for (const [name, { action, source }] of Object.entries(CALLS)) {
    t.regex(action, /^Microsoft\.\w+(\/\w+)+\/(read|write|delete|action)$/, name);
    t.regex(source, /^\[(compute|network|management)\] /, name);
  }
});

test('the files of infra/roles are what the template deploys, custom and with zeros as ids', (t) => {
  for (const kind of ['read', 'repair'] as const) {
    const file = new URL(`../../infra/roles/${kind}.json`, import.meta.url);
    const role = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    t.like(role, {
      IsCustom: true,
      NotActions: [],
      DataActions: [],
      AssignableScopes: ['/subscriptions/00000000-0000-0000-0000-000000000000'],
    });
    t.like(deployedRole(kind), {
      description: role.Description,
      permissions: [
        {
          actions: role.Actions,
          notActions: role.NotActions,
          dataActions: role.DataActions,
          notDataActions: role.NotDataActions,
        },
      ],
    });
  }
});
