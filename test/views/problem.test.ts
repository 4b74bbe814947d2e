import test from 'ava';
import { AzureError, InputError, SettingError, StateError } from '../../shared/errors.ts';
import { problem } from '../../shared/views/problem.ts';

test('input that is wrong is the caller’s: 400 with its field', (t) => {
  const answer = problem(new InputError('INPUT_INVALID', 'mode', 'fix', 'must be check, apply or remove'));
  t.deepEqual(answer, {
    status: 400,
    headers: { 'content-type': 'application/problem+json' },
    jsonBody: {
      type: 'about:blank',
      title: 'The request is not right',
      status: 400,
      detail: 'mode is "fix": must be check, apply or remove',
      code: 'INPUT_INVALID',
      nextStep: 'Correct the field and send it again.',
      field: 'mode',
    },
  });
  t.is(problem(new InputError('SCOPE_NOT_ALLOWED', 'scope', 'x', 'is outside')).status, 400);
});

test('what is not there is 404', (t) => {
  const answer = problem(new InputError('NOT_FOUND', 'id', 'a', 'no run has this id'));
  t.is(answer.status, 404);
  t.is(answer.jsonBody.status, 404);
  t.is(answer.jsonBody.title, 'There is no such thing');
});

test('a run in another state than was asked for is 409, with what to do', (t) => {
  for (const code of ['RUN_OPEN', 'RUN_NOT_FAILED'] as const) {
    const { status, jsonBody } = problem(new InputError(code, 'id', 'a', 'the run is still running', 'Wait.'));
    t.is(status, 409);
    t.like(jsonBody, { status: 409, code, field: 'id', nextStep: 'Wait.' });
  }
});

test('what failed outside is 500, and 502 where it is Azure, with its code and without a field', (t) => {
  const azure = new AzureError({ status: 403, azureCode: 'AuthorizationFailed', action: 'read', message: 'no' });
  for (const [error, expected] of [
    [new StateError('STATE_FAILED', 'Table hairpinRuns: gone'), 500],
    [azure, 502],
  ] as const) {
    const { status, jsonBody } = problem(error);
    t.is(status, expected);
    t.is(jsonBody.code, error.code);
    t.false('field' in jsonBody);
    t.is(jsonBody.nextStep, error.nextStep);
  }
});

test('a setting’s value is not shown to callers', (t) => {
  const { status, jsonBody } = problem(
    new SettingError('HAIRPIN_COMMAND_TAGS', '{"key":"s3cret"', 'a JSON object', '{}'),
  );
  t.is(status, 500);
  t.false(JSON.stringify(jsonBody).includes('s3cret'));
  t.is(jsonBody.code, 'SETTING_INVALID');
});

test('what is not ours is thrown on, for the host to log whole', (t) => {
  const bug = new TypeError('x is not a function');
  t.is(
    t.throws(() => problem(bug)),
    bug,
  );
});
