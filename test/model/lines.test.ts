import test from 'ava';
import { lastLine, plainLine, plainSentence } from '../../shared/model/lines.ts';

test('one line without anything that a terminal or a log would take amiss', (t) => {
  t.is(plainLine('a\n b\t\u001b[31mred\u001b[0m\u0000 \u2028c\ufffd', 100), 'a b red c');
  t.is(plainLine('', 10), '');
  t.is(plainLine('x'.repeat(50), 10), `${'x'.repeat(9)}…`);
});

test('a text that stands within a sentence has no full stop', (t) => {
  t.is(plainSentence('No. \n', 10), 'No');
});

test('the last line that says anything', (t) => {
  t.is(lastLine('one\r\ntwo\r\n\u001b[0m\r\n  \n'), 'two');
  t.is(lastLine(' \n\t\n'), '');
  t.is(lastLine('progress 1\rprogress 2'), 'progress 2');
});
