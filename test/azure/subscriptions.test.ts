import test from 'ava';
import { createSubscriptionReader } from '../../shared/azure/subscriptions.ts';
import { authorizeBy } from '../../simulator/arm/roles.ts';
import { APP_PRINCIPAL } from '../../simulator/arm/tokens.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { fakeLab } from '../simulator/arm/fakeLab.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const ids = [1, 2, 3].map((n) => `00000000-0000-0000-0000-00000000000${n}`);
const sites = () =>
  ids.map((subscriptionId) => {
    const estate = articleEstate({ subscriptionId });
    return { estate, lab: fakeLab(estate) };
  });

test('those that the sign-in sees, over all pages', async (t) => {
  const seen = ids.slice(1).map((id) => ({
    principalId: APP_PRINCIPAL.principalId,
    scope: `/subscriptions/${id}`,
    actions: ['*/read'],
  }));
  const { arm, clients } = await withArm(t, { sites: sites(), pageSize: 1, authorize: authorizeBy(seen) });
  const list = await createSubscriptionReader(clients).list();
  t.deepEqual(
    list,
    ids.slice(1).map((id) => ({ id, name: `Subscription ${id.slice(-4)}` })),
  );
  t.is(arm.calls.length, 2);
});

test('a deleted one is left out, one without id too', async (t) => {
  const { arm, clients } = await withArm(t, { sites: sites() });
  arm.fault({
    match: { call: 'listSubscriptions' },
    kind: {
      edit: (body) => {
        const [first, second] = body.value as Record<string, unknown>[];
        if (first) first.state = 'Deleted';
        if (second) delete second.subscriptionId;
      },
    },
  });
  t.deepEqual(
    (await createSubscriptionReader(clients).list()).map(({ id }) => id),
    ids.slice(2),
  );
});

test('a next link that leads in a circle, or to another host with the token, is not followed', async (t) => {
  const { arm, clients } = await withArm(t, { sites: sites(), pageSize: 1 });
  const reader = createSubscriptionReader(clients);
  for (const [paging, message] of [
    ['loop', /back to an earlier page/],
    ['other-host', /was not followed/],
  ] as const) {
    arm.fault({ match: { call: 'listSubscriptions' }, times: 9, kind: { paging } });
    await t.throwsAsync(reader.list(), { message });
    arm.clearFaults();
  }
});

test('a refusal is told with its action', async (t) => {
  const { arm, clients } = await withArm(t, { sites: sites() });
  arm.fault({ match: { call: 'listSubscriptions' }, kind: { status: 403, code: 'AuthorizationFailed' } });
  await t.throwsAsync(createSubscriptionReader(clients).list(), {
    code: 'AZURE_DENIED',
    message: /^Microsoft\.Resources\/subscriptions\/read: /,
  });
});
