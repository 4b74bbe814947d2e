import test from 'ava';
import { until, within } from '../../simulator/until.ts';

test('gives what a look gives, once it gives something', async (t) => {
  const looks = [undefined, false, 'there'] as const;
  let at = 0;
  t.is(await until('it', () => looks[at++]), 'there');
  t.is(await until('nothing', async () => 0), 0, 'what is false only in a condition is something');
  t.is(at, 3);
});

test('says what was waited for, and as late as the time is up', async (t) => {
  await t.throwsAsync(
    until('snow', () => undefined, 10),
    { message: 'waited 10 ms for snow' },
  );
  let seen = 'nothing';
  const look = (): false => {
    seen = 'rain';
    return false;
  };
  await t.throwsAsync(
    until(() => `snow: there is ${seen}`, look, 10),
    { message: 'waited 10 ms for snow: there is rain' },
  );
});

test('looks once more when the time is up, as nobody may have come to look before', async (t) => {
  const never = 1_000_000;
  let looks = 0;
  t.is(await within(() => ++looks === 2 && 'just now', 1, never), 'just now');
  t.is(await within(() => undefined, 1, never), undefined);
});

test('what a look throws ends it', async (t) => {
  const broken = () => Promise.reject(new Error('broken'));
  await t.throwsAsync(until('anything', broken), { message: 'broken' });
});
