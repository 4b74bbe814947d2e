import test from 'ava';
import { connectionString, isDisabled, resolveNames } from '../../../simulator/host/settings.ts';

test('%NAME% is the setting of that name', (t) => {
  t.is(resolveNames('%A%-%B%', { A: 'x', B: 'y' }), 'x-y');
  t.true(t.throws(() => resolveNames('%A%', {})).message.includes('%A%'));
});

test('a connection is a setting, plain or with AzureWebJobs before it', (t) => {
  t.is(connectionString('Storage', { AzureWebJobsStorage: 'x' }), 'x');
  t.is(connectionString(undefined, { AzureWebJobsStorage: 'x' }), 'x');
  t.is(connectionString('Mine', { Mine: 'y' }), 'y');
  t.true(t.throws(() => connectionString('Mine', {})).message.includes('Mine'));
});

test('an identity-based connection is refused by name', (t) => {
  t.regex(t.throws(() => connectionString('Mine', { Mine__accountName: 'z' })).message, /Mine is identity-based/);
});

test('a function is disabled by its setting', (t) => {
  t.true(isDisabled('f', { 'AzureWebJobs.f.Disabled': 'True' }));
  t.false(isDisabled('f', { 'AzureWebJobs.g.Disabled': 'true' }));
});
