import test from 'ava';
import { askedBy, BY_KEY } from '../../shared/requests/askedBy.ts';

const sent = (name: string) => ({
  get: (header: string) => (header === 'x-ms-client-principal-name' ? name : null),
});

for (const [title, name, expected] of [
  ['a name', 'nurse@example.org', 'nurse@example.org'],
  ['a name beyond ASCII', ' Zoë Müller ', 'Zoë Müller'],
  ['control characters and turned writing', 'a\u0000\r\nb\u202Ec', 'a b c'],
  ['nothing that can be read', '\u200b \t', BY_KEY],
  ['an empty one', '', BY_KEY],
  ['half a character', 'a\ud800', 'a'],
] as const) {
  test(`authentication is on, ${title}`, (t) => {
    t.is(askedBy(sent(name), true), expected);
  });
}

test('a long name is cut between characters, and says so', (t) => {
  const cut = askedBy(sent('🙂'.repeat(1000)), true);
  t.is([...cut].length, 128);
  t.true(cut.endsWith('🙂…'));
  t.is(askedBy(sent('🙂'.repeat(128)), true), '🙂'.repeat(128), 'one that just fits is left as it is');
});

test('without authentication anyone could send any name: none is taken', (t) => {
  t.is(askedBy(sent('head of IT'), false), BY_KEY);
});

test('nobody named', (t) => {
  t.is(BY_KEY, 'function key');
  t.is(askedBy(new Headers(), true), BY_KEY);
});
