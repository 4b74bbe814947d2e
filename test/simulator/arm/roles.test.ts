import test from 'ava';
import { CALLS } from '../../../simulator/arm/actions.ts';
import { authorizeBy, type RoleAssignment } from '../../../simulator/arm/roles.ts';
import { APP_PRINCIPAL } from '../../../simulator/arm/tokens.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import { asApp, commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

const ESTATE = articleEstate();
const SUBSCRIPTION = `/subscriptions/${ESTATE.subscriptionId}`;
const GROUP = `${SUBSCRIPTION}/resourceGroups/${ESTATE.resourceGroup}`;
const READ = 'Microsoft.Compute/virtualMachines/read';
const WRITE = 'Microsoft.Compute/virtualMachines/runCommands/write';
const { principalId } = APP_PRINCIPAL;

const cases: [string, RoleAssignment[], string, string, boolean][] = [
  ['nothing is allowed without an assignment', [], READ, SUBSCRIPTION, false],
  ['the action itself', [{ principalId, scope: SUBSCRIPTION, actions: [READ] }], READ, `${GROUP}/x`, true],
  [
    'letter case does not matter',
    [{ principalId, scope: GROUP.toUpperCase(), actions: [READ.toUpperCase()] }],
    READ,
    GROUP,
    true,
  ],
  ['another principal', [{ principalId: 'x', scope: SUBSCRIPTION, actions: ['*'] }], READ, SUBSCRIPTION, false],
  ['a scope below the call’s', [{ principalId, scope: GROUP, actions: ['*'] }], READ, SUBSCRIPTION, false],
  ['a scope that only begins alike', [{ principalId, scope: GROUP, actions: ['*'] }], READ, `${GROUP}-two/x`, false],
  ['everything', [{ principalId, scope: SUBSCRIPTION, actions: ['*'] }], WRITE, GROUP, true],
  [
    'a wildcard in the middle',
    [{ principalId, scope: SUBSCRIPTION, actions: ['Microsoft.Compute/*/read'] }],
    READ,
    GROUP,
    true,
  ],
  ['a wildcard that does not fit', [{ principalId, scope: SUBSCRIPTION, actions: ['*/read'] }], WRITE, GROUP, false],
  ['a dot is a dot', [{ principalId, scope: SUBSCRIPTION, actions: ['MicrosoftXCompute/*'] }], READ, GROUP, false],
  [
    'notActions take away',
    [{ principalId, scope: SUBSCRIPTION, actions: ['*'], notActions: [WRITE] }],
    WRITE,
    GROUP,
    false,
  ],
  [
    'notActions of one assignment do not touch another',
    [
      { principalId, scope: SUBSCRIPTION, actions: ['*'], notActions: ['*/write'] },
      { principalId, scope: GROUP, actions: [WRITE] },
    ],
    WRITE,
    GROUP,
    true,
  ],
];

for (const [title, assignments, action, scope, allowed] of cases) {
  test(title, (t) => {
    t.is(authorizeBy(assignments)(APP_PRINCIPAL, action, scope), allowed);
  });
}

test('over the wire: a reader at the subscription who runs commands in one VM only', async (t) => {
  const { arm } = await withArm(t, {
    authorize: authorizeBy([
      { principalId, scope: SUBSCRIPTION, actions: ['*/read'] },
      { principalId, scope: vmId(ESTATE, 'hs-a'), actions: [CALLS.putRunCommand.action] },
    ]),
  });
  const app = await asApp(arm);
  const put = (vm: string) => rest(arm, 'PUT', `${vmId(ESTATE, vm)}/runCommands/c`, commandBody('x'), app);
  t.is((await put('hs-a')).status, 201);
  const { status, body } = await put('hs-b');
  t.deepEqual([status, body.error.code], [403, 'AuthorizationFailed']);
  t.is((await rest(arm, 'GET', vmId(ESTATE, 'hs-b'), undefined, app)).status, 200);
});
