/** How the app is: what its document says of leases, of sweeps, and of a storage that fails. */
import test from 'ava';
import { StateError } from '../../shared/errors.ts';
import type { LeaseRow, Refusing } from '../../shared/model/lease.ts';
import { acceptedRun } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { LEASES } from '../../shared/model/store.ts';
import { healthAnswer } from '../../shared/views/answer.ts';
import { readHealth } from '../../shared/views/health.ts';
import { memoryStore } from '../helpers/memoryStore.ts';

const [ONE, TWO] = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'] as const;
const AT = Date.UTC(2026, 0, 5, 10);
const CONTEXT = { at: AT, enforcement: 'enforce', version: '1.2.3', commit: '0123456789ab', unreadable: async () => 0 };

const lease = (more: Partial<LeaseRow>): LeaseRow => ({
  subscriptionId: ONE,
  holder: '',
  until: 0,
  again: false,
  bellAt: 0,
  healthAsks: [],
  tidyAt: 0,
  ...more,
});
const refusing: Refusing = {
  code: 'AZURE_DENIED',
  azureCode: 'AuthorizationFailed',
  action: 'Microsoft.Network/loadBalancers/read',
  text: 'The client does not have authorization.',
  nextStep: 'Give it a role.',
  since: AT - 60_000,
  toldAt: AT,
  triedAt: AT,
};

async function storeOf(...leases: LeaseRow[]) {
  const store = memoryStore();
  for (const row of leases) await store.leases.put(LEASES, row.subscriptionId, row);
  return store;
}

test('nobody looked yet: not known', async (t) => {
  t.deepEqual(await readHealth(await storeOf(), [ONE], CONTEXT), {
    at: '2026-01-05T10:00:00.000Z',
    version: '1.2.3',
    commit: '0123456789ab',
    enforcement: 'enforce',
    state: 'unknown',
    storage: { state: 'ok' },
    subscriptions: [
      {
        subscriptionId: ONE,
        state: 'unknown',
        schedules: [
          { what: 'sweep', state: 'unknown', text: 'No sweep has come yet.' },
          { what: 'watch', state: 'unknown', text: 'No watch has come yet.' },
        ],
        refusals: [],
        unread: [],
      },
    ],
  });
});

test('all well, with the latest look and the latest sweep', async (t) => {
  const store = await storeOf(lease({ readAt: AT - 5000, passedAt: AT - 5000 }));
  for (const [name, minutes] of [
    ['early', 70],
    ['late', 10],
  ] as const) {
    const run = acceptedRun({
      subscriptionId: ONE,
      runId: runIdOf(name),
      signal: 'sweep',
      scope: [{ kind: 'subscription', id: `/subscriptions/${ONE}` }],
      mode: 'apply',
      dryRun: false,
      observedAt: AT - minutes * 60_000,
    });
    await store.runs.put(ONE, run.runId, run);
  }
  const health = await readHealth(store, [ONE], CONTEXT);
  t.is(health.state, 'ok');
  t.like(health.subscriptions[0], { lookedAt: '2026-01-05T09:59:55.000Z', sweptAt: '2026-01-05T09:50:00.000Z' });
  t.deepEqual(
    health.subscriptions[0]?.schedules.map(({ what, state }) => [what, state]),
    [
      ['sweep', 'ok'],
      ['watch', 'ok'],
    ],
  );
  t.is(healthAnswer(health).status, 200);
  const later = await readHealth(store, [ONE], { ...CONTEXT, at: AT + 111 * 60_000 });
  t.is(later.state, 'impaired', 'two hours after the last of two sweeps, which were an hour apart');
  t.like(later.subscriptions[0]?.schedules[0], { state: 'late', since: '2026-01-05T09:50:00.000Z' });
});

test('what Azure refuses is told in its words, and the worst subscription counts', async (t) => {
  const store = await storeOf(
    lease({ readAt: AT, refusing: { lists: refusing } }),
    lease({
      subscriptionId: TWO,
      readAt: AT,
      unread: [{ subscriptionId: ONE, why: 'it was refused', until: AT }],
    } as Partial<LeaseRow>),
  );
  const health = await readHealth(store, [ONE, TWO], CONTEXT);
  t.is(health.state, 'impaired');
  t.deepEqual(health.subscriptions[0]?.refusals, [
    {
      what: 'lists',
      since: '2026-01-05T09:59:00.000Z',
      code: 'AZURE_DENIED',
      azureCode: 'AuthorizationFailed',
      action: 'Microsoft.Network/loadBalancers/read',
      text: 'The client does not have authorization.',
      nextStep: 'Give it a role.',
    },
  ]);
  t.deepEqual(health.subscriptions[1]?.unread, [{ subscriptionId: ONE, text: 'it was refused' }]);
  t.is(healthAnswer(health).status, 200, 'a new instance would mend nothing');
});

test('messages that nobody could read are counted', async (t) => {
  const health = await readHealth(await storeOf(), [ONE], { ...CONTEXT, unreadable: async () => 3 });
  t.is(health.unreadableMessages, 3);
});

for (const [title, error] of [
  ['the store', new StateError('STATE_FAILED', 'connect ECONNREFUSED')],
  ['something else of storage', new Error('connect ECONNREFUSED')],
] as const) {
  test(`${title} fails: told, and an error for whoever watches`, async (t) => {
    const unreadable = () => Promise.reject(error);
    const health = await readHealth(await storeOf(lease({ readAt: AT })), [ONE], { ...CONTEXT, unreadable });
    t.like(health, { state: 'impaired', subscriptions: [] });
    t.like(health.storage, { state: 'failed', code: 'STATE_FAILED', text: 'connect ECONNREFUSED' });
    t.is(healthAnswer(health).status, 503);
  });
}
