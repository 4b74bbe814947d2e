/** The history document and its lines. */
import test from 'ava';
import { parse } from 'csv-parse/sync';
import type { HistoryRow } from '../../shared/model/history.ts';
import { rowKey } from '../../shared/model/store.ts';
import { historyCsv, readHistory } from '../../shared/views/history.ts';
import { historySchema } from '../../shared/views/historySchema.ts';
import { memoryStore } from '../helpers/memoryStore.ts';
import { frontendId, OTHER, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const NOON = Date.UTC(2026, 0, 5, 12);
const hours = (count: number): number => count * 3_600_000;

async function view() {
  const store = memoryStore();
  const row: HistoryRow = {
    vmId: vmId('hs-a'),
    day: '2026-01-05',
    paths: [
      {
        frontendId: frontendId('ucr'),
        vip: '10.0.1.100',
        now: { exposure: 'active', verdict: 'compliant', proof: 'self', provedAt: NOON, runId: 'r2', since: NOON },
        spans: [
          {
            exposure: 'active',
            verdict: 'blocked',
            proof: 'none',
            code: 'CONNECT_FAILED',
            from: NOON - hours(3),
            to: NOON - hours(2),
          },
        ],
        rest: {
          from: NOON - hours(2),
          to: NOON,
          changes: 4,
          ms: { 'active blocked': hours(0.5), 'active compliant': hours(1.5) },
        },
      },
      {
        frontendId: frontendId('pi'),
        vip: '10.0.1.101',
        now: { exposure: 'latent', verdict: 'unknown', proof: 'none', since: NOON - hours(48) },
        spans: [],
      },
    ],
  };
  await store.history.put(SUBSCRIPTION, rowKey(row.vmId), row);
  return readHistory(store, [SUBSCRIPTION, OTHER], { days: 2 }, NOON + hours(1));
}

test('seconds of each kind, the worst first; cut at the begin of the first day; by its own schema', async (t) => {
  const document = await view();
  t.deepEqual(historySchema.parse(JSON.parse(JSON.stringify(document))), document);
  t.like(document, { from: '2026-01-04T00:00:00.000Z', days: 2 });
  t.deepEqual(
    document.paths.map(({ vip, seconds, changes }) => ({ vip, seconds, changes })),
    [
      { vip: '10.0.1.100', seconds: { exposed: 5400, atRisk: 0, unknown: 0, safe: 9000 }, changes: 5 },
      { vip: '10.0.1.101', seconds: { exposed: 0, atRisk: 0, unknown: 37 * 3600, safe: 0 }, changes: 0 },
    ],
  );
  t.deepEqual(document.paths[0]?.proved, ['2026-01-05T12:00:00.000Z']);
});

test('as CSV: a line for each span, and for each kind of what is kept as sums; nothing is counted twice', async (t) => {
  const document = await view();
  const rows: Record<string, string>[] = parse(historyCsv(document), { bom: true, columns: true });
  t.deepEqual(
    rows.map(({ vip, seconds, exposure, verdict, code, changes }) =>
      [vip, seconds, exposure, verdict, code, changes].join(' '),
    ),
    [
      '10.0.1.100 3600 active blocked CONNECT_FAILED ',
      '10.0.1.100 3600 active compliant  ',
      '10.0.1.100 1800 active blocked  4',
      '10.0.1.100 5400 active compliant  4',
      '10.0.1.101 133200 latent unknown  ',
    ],
  );
  const exposed = rows.filter(({ exposure, verdict }) => exposure === 'active' && verdict === 'blocked');
  t.is(
    exposed.reduce((sum, { seconds }) => sum + Number(seconds), 0),
    document.paths[0]?.seconds.exposed ?? -1,
  );
});
