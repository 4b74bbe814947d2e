import test from 'ava';
import { finalRefusal, isRightMissing, REFUSALS, refusalText } from '../../shared/model/refusals.ts';
import { sample } from '../samples.ts';

const table: [status: number, azureCode: string, text: string, final: string | undefined, isRight: boolean][] = [
  [403, 'AuthorizationFailed', 'does not have authorization', 'AuthorizationFailed', true],
  [403, 'LinkedAuthorizationFailed', 'no', 'LinkedAuthorizationFailed', true],
  [403, 'RequestDisallowedByPolicy', 'no', 'RequestDisallowedByPolicy', false],
  [403, 'DenyAssignmentAuthorizationFailed', 'no', 'DenyAssignmentAuthorizationFailed', false],
  [403, 'SomethingNew', 'no', undefined, true],
  [401, 'ExpiredAuthenticationToken', 'no', undefined, false],
  [409, 'ScopeLocked', 'no', 'ScopeLocked', false],
  [409, 'OperationNotAllowed', 'when extension operations are disallowed', 'OperationNotAllowed', false],
  [409, 'OperationNotAllowed', 'osProfile.allowExtensionOperations is false', 'OperationNotAllowed', false],
  [409, 'ReadOnlyDisabledSubscription', 'no', 'ReadOnlyDisabledSubscription', false],
  [409, 'SomethingNew', 'no', undefined, false],
  [500, 'ScopeLocked', 'no', undefined, false],
  [409, 'constructor', 'no', undefined, false],
];
for (const [status, azureCode, text, final, isRight] of table) {
  test(`${status} ${azureCode}, “${text}”: ${final ? 'for good' : 'may pass'}`, (t) => {
    t.is(finalRefusal({ status, azureCode, text }), final as never);
    t.is(isRightMissing({ status, azureCode, text }), isRight);
  });
}

test('what Azure says of a VM that is busy or off is not for good', (t) => {
  for (const { http = 409, error } of sample('runcommand_errors')) {
    t.is(finalRefusal({ status: http, azureCode: error.code ?? '', text: error.message }), undefined, error.message);
  }
});

test('every code says what it means and what to do, and any other what holds for all', (t) => {
  for (const code of Object.keys(REFUSALS)) t.regex(refusalText(code), /^[A-Z].+\.$/);
  t.regex(refusalText('SomethingNew'), /role/);
});
