import test from 'ava';
import { runAnswer, runsAnswer } from '../../shared/views/answer.ts';
import { fullRun } from './runViews.ts';

const list = { runs: [fullRun], next: '/api/runs?state=failed&after=x&limit=1&format=csv', unreadableMessages: 2 };

test('JSON is the document itself', (t) => {
  t.deepEqual(JSON.parse(runAnswer(fullRun, 'json').body), fullRun);
  t.deepEqual(JSON.parse(runsAnswer(list, 'json').body), JSON.parse(JSON.stringify(list)));
});

for (const [name, answer, type] of [
  ['a run as JSON', runAnswer(fullRun, 'json'), 'application/json; charset=utf-8'],
  ['a run as CSV', runAnswer(fullRun, 'csv'), 'text/csv; charset=utf-8; header=present'],
  ['a run as a page', runAnswer(fullRun, 'html'), 'text/html; charset=utf-8'],
  ['runs as JSON', runsAnswer(list, 'json'), 'application/json; charset=utf-8'],
  ['runs as CSV', runsAnswer(list, 'csv'), 'text/csv; charset=utf-8; header=present'],
] as const) {
  test(`${name}: its type, and nothing that a browser could load, run or keep`, (t) => {
    t.is(answer.status, 200);
    t.is(answer.headers['content-type'], type);
    t.is(answer.headers['x-content-type-options'], 'nosniff');
    t.is(answer.headers['cache-control'], 'no-store');
    t.is(answer.headers['referrer-policy'], 'no-referrer');
    t.regex(answer.headers['content-security-policy'] ?? '', /^default-src 'none'; style-src 'unsafe-inline';/);
  });
}

test('CSV is saved under a name, and says where the next page is', (t) => {
  const { headers } = runAnswer(fullRun, 'csv');
  t.is(headers['content-disposition'], `attachment; filename="run-${fullRun.runId}.csv"`);
  t.is(headers.link, undefined);
  t.is(runsAnswer(list, 'csv').headers.link, `<${list.next}>; rel="next"`);
  t.is(runsAnswer({ runs: [] }, 'csv').headers.link, undefined);
});
