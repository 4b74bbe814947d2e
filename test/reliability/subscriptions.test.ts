/**
 * The article's estate spread over two subscriptions, through the app's adapters and Azure's SDKs over the simulated ARM,
 * with the roles that a deployment gives.
 */
import test from 'ava';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { bellMessage } from '../../shared/model/messages.ts';
import { randomRunId } from '../../shared/model/runId.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { subscriptionsOf, vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { SETTINGS } from '../helpers/world.ts';
import { withArm } from '../simulator/arm/withArm.ts';
import { lapse } from './lapse.ts';

const OTHER = '00000000-0000-0000-0000-000000000001';
const spread = (vms: string[], loadBalancers: string[] = []): Estate => ({
  ...articleEstate(),
  elsewhere: { subscriptionId: OTHER, vms, loadBalancers },
});

test('each list shows its own subscription alone, and references lead across', async (t) => {
  const { clients, estate, arm } = await withArm(t, {}, spread(['hs-b']));
  const reader = createTopologyReader(clients);
  const [here, there] = await Promise.all([reader.read(estate.subscriptionId), reader.read(OTHER)]);
  const names = (list: { id: string }[]) => list.map(({ id }) => id.split('/').at(-1));
  t.deepEqual([names(here.vms), names(there.vms)], [['hs-a', 'hs-c'], ['hs-b']]);
  t.deepEqual(names(there.nics), ['hs-b-nic1', 'hs-b-nic2']);
  t.deepEqual([here.loadBalancers.length, there.loadBalancers.length], [1, 0]);
  t.deepEqual([here.notes, there.notes], [[], []]);
  const [, member] = here.loadBalancers[0]?.pools[0]?.ipConfigurationIds ?? [];
  t.true(member?.startsWith(`/subscriptions/${OTHER}/`));
  t.true(there.nics[0]?.ipConfigurations[0]?.poolIds[0]?.startsWith(`/subscriptions/${estate.subscriptionId}/`));
  const { events } = await eventsOf(async (onEvent) => {
    const other = await withArm(t, { onEvent }, spread(['hs-b']));
    await other.arm.changes.setPower('hs-b', 'deallocated');
  });
  t.deepEqual(
    events.map(({ topic, subject }) => [topic, subject]),
    [[`/subscriptions/${OTHER}`, vmId(estate, 'hs-b')]],
  );
  t.true(arm.calls.every(({ status }) => status === 200));
});

type Event = { topic: string; subject: string };
async function eventsOf(work: (onEvent: (event: Event) => void) => Promise<void>): Promise<{ events: Event[] }> {
  const events: Event[] = [];
  await work((event) => void events.push(event));
  return { events };
}

for (const [title, estate] of [
  ['one member elsewhere', spread(['hs-b'])],
  ['the load balancer elsewhere', spread([], ['healthshare-ilb'])],
  ['a member and the load balancer elsewhere', spread(['hs-a'], ['healthshare-ilb'])],
] as const) {
  test(`${title}: a failover notice repairs every member, one after another`, async (t) => {
    const it = await lapse(t, { estate });
    await it.lab.setPrimary('ucr-registry', 'hs-b');
    const subscriptionId = estate.elsewhere?.vms.includes('hs-b') ? OTHER : estate.subscriptionId;
    const runId = randomRunId();
    const run = await it.run({
      subscriptionId,
      runId,
      signal: 'failover',
      scope: [
        { kind: 'vm', id: vmId(estate, 'hs-b') },
        { kind: 'vip', id: '10.0.1.100' },
      ],
    });
    t.like(run, { state: 'settled', confirmation: { state: 'confirmed' } });
    // The other subscription's row ends for itself.
    for (const vm of ['hs-a', 'hs-b']) {
      await until(`the end of ${vm}`, async () => {
        await Promise.all(subscriptionsOf(estate).map((id) => it.handle(bellMessage(id))));
        return (await it.outcome(runId, vm))?.state === 'settled';
      });
      t.is((await it.outcome(runId, vm))?.result, 'repaired', vm);
    }
    t.deepEqual(it.lab.overlaps, []);
    const denied = it.arm.calls.filter(({ status }) => status === 403);
    t.deepEqual(denied, []);
  });
}

test('a subscription that refuses its lists: the other one’s VMs are repaired, and the reason is told', async (t) => {
  const estate = spread(['hs-b']);
  const it = await lapse(t, { estate });
  it.arm.fault({
    match: { path: new RegExp(`^/subscriptions/${OTHER}/providers`) },
    times: 999,
    kind: { status: 403, code: 'AuthorizationFailed', message: 'does not have authorization' },
  });
  const run = await it.sweep();
  t.like(run, { state: 'settled', counts: { repaired: 1 } });
  t.is((await it.outcome(run.runId, 'hs-a'))?.result, 'repaired');
  const told = it.log.find(({ step }) => step === 'subscription-unread');
  t.regex(String(told?.fields.text), /^Microsoft\.Compute\/virtualMachines\/read: ./);
});

test('a subscription that is not configured: nothing is asked of it, and its name is told', async (t) => {
  const estate = spread([], ['healthshare-ilb']);
  const it = await lapse(t, {
    estate,
    settings: { scope: { ...SETTINGS.scope, subscriptionIds: [estate.subscriptionId] } },
  });
  const run = await it.sweep();
  const outcome = await it.outcome(run.runId, 'hs-a');
  t.is(outcome?.result, 'unknown');
  t.like(outcome?.findings[0], { code: 'SUBSCRIPTION_NOT_CONFIGURED', params: { subscription: OTHER } });
  t.false(it.arm.calls.some(({ path }) => path.includes(OTHER)));
  t.deepEqual(it.lab.runs, []);
});
