/** A refusing Azure: told at each change and every ten minutes, and once when it is over. */
import test from 'ava';
import type { HealthAnswer } from '../../shared/decide/pass.ts';
import { isToBeTried, tellRefusing } from '../../shared/decide/refusing.ts';
import { AzureError } from '../../shared/errors.ts';
import { idKey } from '../../shared/model/ids.ts';
import { iso } from '../../shared/model/iso.ts';
import type { LeaseRow } from '../../shared/model/lease.ts';
import { type LogLine, levelOf } from '../../shared/model/steps.ts';
import type { Versioned } from '../../shared/model/store.ts';
import { frontend, NOW, seen, versioned } from '../helpers/seen.ts';
import { frontendId, SUBSCRIPTION } from '../helpers/world.ts';

const error = (status: number, azureCode = 'AuthorizationFailed', action = 'nics/read') =>
  new AzureError({ status, azureCode, action, message: 'The client has\nno right.' });

type Seen = Parameters<typeof tellRefusing>[1];
const { survey, ...none } = seen({});
const failing = (problem: AzureError): Partial<Seen> => ({ estateError: problem });
const answering: Partial<Seen> = { survey: survey as NonNullable<Seen['survey']> };
const unasked: Partial<Seen> = {};

/** Plays passes at seconds from the start; gives the lines by their second. */
function play(passes: [second: number, what: Partial<Seen>][]): string[] {
  let refusing: LeaseRow['refusing'];
  return passes.flatMap(([second, what]) => {
    const told = tellRefusing(refusing, { ...none, ...what, now: NOW + second * 1000 });
    refusing = JSON.parse(JSON.stringify(told.refusing));
    return told.lines.map(({ step, fields }) => `${second} ${step} ${fields.azureCode}`);
  });
}

test('once, each ten minutes, and when it is over', (t) => {
  const refused = failing(error(403));
  t.deepEqual(
    play([
      [0, refused],
      [5, refused],
      [300, unasked],
      [599, refused],
      [600, refused],
      [900, refused],
      [901, answering],
      [902, answering],
    ]),
    [
      '0 azure-refuses AuthorizationFailed',
      '600 azure-refuses AuthorizationFailed',
      '901 azure-answers AuthorizationFailed',
    ],
  );
});

test('each change of what is refused is told', (t) => {
  t.deepEqual(
    play([
      [0, failing(error(403))],
      [5, failing(error(403, 'AuthorizationFailed', 'vms/read'))],
      [10, failing(error(401, 'CredentialUnavailableError', 'vms/read'))],
      [15, failing(error(401, 'CredentialUnavailableError', 'vms/read'))],
    ]),
    [
      '0 azure-refuses AuthorizationFailed',
      '5 azure-refuses AuthorizationFailed',
      '10 azure-refuses CredentialUnavailableError',
    ],
  );
});

test('what may pass is told once it lasts', (t) => {
  const away = failing(error(503, 'ServerTimeout'));
  t.deepEqual(
    play([
      [0, away],
      [30, away],
      [31, answering],
    ]),
    [],
  );
  t.deepEqual(
    play([
      [0, away],
      [30, away],
      [60, away],
      [65, away],
    ]),
    ['60 azure-refuses ServerTimeout'],
  );
});

test('a clock that was set back holds nothing up', (t) => {
  const refused = failing(error(403));
  t.deepEqual(
    play([
      [0, refused],
      [-3600, refused],
      [-3590, refused],
    ]),
    ['0 azure-refuses AuthorizationFailed', '-3600 azure-refuses AuthorizationFailed'],
  );
});

test('the line has code, action, Azure’s words in one line, and what to do', (t) => {
  const [line] = tellRefusing(undefined, { ...none, ...failing(error(403)) }).lines as [LogLine<'azure-refuses'>];
  t.is(levelOf(line), 'error');
  t.like(line.fields, {
    code: 'AZURE_DENIED',
    azureCode: 'AuthorizationFailed',
    action: 'nics/read',
    text: 'The client has no right.',
  });
  t.regex(String(line.fields.nextStep), /role/);
  const [token] = tellRefusing(undefined, { ...none, ...failing(error(401, 'AuthenticationError')) }).lines as [
    LogLine<'azure-refuses'>,
  ];
  t.regex(token.fields.nextStep, /managed identity/);
});

test('what is kept of a refusal is what the line says; the line of its end says how long it lasted', (t) => {
  const first = tellRefusing(undefined, { ...none, ...failing(error(403)) });
  const { subscriptionId, since, ...said } = (first.lines[0] as LogLine<'azure-refuses'>).fields;
  t.deepEqual([subscriptionId, since], [SUBSCRIPTION, iso(NOW)]);
  t.deepEqual(first.refusing, { lists: { ...said, since: NOW, toldAt: NOW, triedAt: NOW } });
  const later = (seconds: number, what: Partial<Seen>, before: LeaseRow['refusing'] = first.refusing) =>
    tellRefusing(before, { ...none, ...what, now: NOW + seconds * 1000 });
  const still = later(30, failing(error(403)));
  t.deepEqual(still.refusing, { lists: { ...said, since: NOW, toldAt: NOW, triedAt: NOW + 30_000 } });
  t.deepEqual(later(40, unasked, still.refusing).refusing, still.refusing, 'not asked: as it was');
  const other = later(30, failing(error(403, 'AuthorizationFailed', 'vms/read')));
  t.is(other.refusing.lists?.since, NOW + 30_000, 'another one begins anew');
  const over = later(90, answering);
  t.deepEqual(over, {
    refusing: {},
    lines: [
      {
        step: 'azure-answers',
        fields: { subscriptionId: SUBSCRIPTION, azureCode: said.azureCode, action: 'nics/read', lastedMs: 90_000 },
      },
    ],
  });
  const health = {
    health: first.refusing.lists as NonNullable<LeaseRow['refusing']>['health'],
  } as LeaseRow['refusing'];
  t.deepEqual(later(5, answering, health).refusing, health ?? {}, 'lists that answer say nothing of health');
});

test('health that is refused is told too, and is over once no frontend is left that it was refused for', (t) => {
  const failed: HealthAnswer = { kind: 'failed', error: error(403, 'AuthorizationFailed', 'health/action') };
  const known: HealthAnswer = { kind: 'known', backends: [] };
  const health = (answers: Record<string, HealthAnswer>, refused: string[]): Partial<Seen> => ({
    health: new Map(Object.entries(answers).map(([name, answer]) => [idKey(frontendId(name)), answer])),
    frontends: ['ucr', 'pi'].map((name) => {
      const was = { code: 'AuthorizationFailed', action: 'health/action', text: 'no', at: NOW };
      return versioned(frontend(name, refused.includes(name) ? { refused: was } : {})) as Versioned<
        ReturnType<typeof frontend>
      >;
    }),
  });
  t.deepEqual(
    play([
      [0, health({ ucr: failed, pi: known }, [])],
      [5, health({ pi: known }, ['ucr'])],
      [10, health({ ucr: failed, pi: known }, ['ucr'])],
      [15, health({ ucr: known }, ['ucr'])],
    ]),
    ['0 azure-refuses AuthorizationFailed', '15 azure-answers AuthorizationFailed'],
  );
});

test('lists that were refused are tried again after ten minutes, also when nothing else needs them', (t) => {
  const { refusing } = tellRefusing(undefined, { ...none, ...failing(error(403)) });
  t.false(isToBeTried(refusing.lists, NOW + 599_000));
  t.true(isToBeTried(refusing.lists, NOW + 600_000));
  t.false(isToBeTried(undefined, NOW));
  t.false(isToBeTried(refusing.lists, NOW));
  t.true(isToBeTried(refusing.lists, NOW - 1), 'the clock was set back');
});
