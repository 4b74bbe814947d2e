import test from 'ava';
import { forecastAnswer, runAnswer, runsAnswer } from '../../shared/views/answer.ts';
import type { ForecastView } from '../../shared/views/forecast.ts';
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
  test(`${name}: its type, and nothing that a browser could load or run`, (t) => {
    t.is(answer.status, 200);
    t.is(answer.headers['content-type'], type);
    t.regex(answer.headers['content-security-policy'] ?? '', /^default-src 'none'; style-src 'unsafe-inline';/);
  });
}

test('what is asked for again has a weak ETag, one for each format, and only the asker may keep it', (t) => {
  const tagged = [
    ...(['json', 'csv', 'html'] as const).map((format) => runAnswer(fullRun, format)),
    ...(['json', 'csv'] as const).map((format) => runsAnswer(list, format)),
  ];
  for (const { headers } of tagged) {
    t.regex(headers.etag ?? '', /^W\/"[\w-]{22}"$/);
    t.is(headers['cache-control'], 'private, no-cache');
    t.is(headers.vary, 'accept');
  }
  t.is(new Set(tagged.map(({ headers }) => headers.etag)).size, tagged.length);
});

test('an ETag changes with what is said, and not with the time of reading', (t) => {
  const tagOf = (view: ForecastView) => forecastAnswer(view).headers.etag;
  const view: ForecastView = { asOf: 'a', listedAt: 'a', unread: [], now: [], ifLost: [], ifFailover: [], cut: false };
  t.is(tagOf({ ...view, asOf: 'b', listedAt: 'b' }), tagOf(view));
  t.not(tagOf({ ...view, cut: true }), tagOf(view));
  // What a person wrote may look like such a time, and is one in no document.
  const asked = (by: string) => runAnswer({ ...fullRun, askedBy: by }, 'json').headers.etag;
  t.not(asked('"asOf":"1"'), asked('"asOf":"2"'));
  const other = { ...fullRun, vms: fullRun.vms.map((vm) => ({ ...vm, changed: vm.changed + 1 })) };
  t.not(runAnswer(other, 'json').headers.etag, runAnswer(fullRun, 'json').headers.etag);
});

test('CSV is saved under a name, and says where the next page is', (t) => {
  const { headers } = runAnswer(fullRun, 'csv');
  t.is(headers['content-disposition'], `attachment; filename="run-${fullRun.runId}.csv"`);
  t.is(headers.link, undefined);
  t.is(runsAnswer(list, 'csv').headers.link, `<${list.next}>; rel="next"`);
  t.is(runsAnswer({ runs: [] }, 'csv').headers.link, undefined);
});
