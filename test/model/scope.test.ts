import test from 'ava';
import { DEFAULT_TAGS, isTrueWord } from '../../shared/model/scope.ts';

test('true words, in any letter case, with space around them', (t) => {
  for (const word of ['true', 'TRUE', 'True', 'yes', 'Yes', 'on', 'ON', '1', ' true ', '\tyes\n'])
    t.true(isTrueWord(word), word);
});

test('everything else is not true', (t) => {
  for (const word of [
    undefined,
    '',
    ' ',
    'false',
    'no',
    'off',
    '0',
    '2',
    '11',
    'truee',
    'not true',
    'y',
    't',
    'enabled',
  ]) {
    t.false(isTrueWord(word), word);
  }
});

test('the default tags are four names that Azure takes', (t) => {
  const names = Object.values(DEFAULT_TAGS);
  t.is(new Set(names.map((name) => name.toLowerCase())).size, 4);
  // Tag names are at most 512 characters without < > % & \ ? / (Azure's documentation on tags).
  for (const name of names) t.regex(name, /^ilb-hairpin-guard-[a-z-]+$/);
});
