/** The `ss` of a modelled guest: TCP sockets with the filter language's addresses, `and`, `or` and parentheses. */
import type { ProgramResult } from './program.ts';
import { type Connection, type End, endText, type ModelGuest } from './sockets.ts';

interface Socket {
  state: 'LISTEN' | 'ESTAB';
  local: End;
  peer: End;
  inode: number;
}

/** Runs `ss`. Options are taken letter by letter; -a, -l and the filter choose, -H drops the header. */
export function ss(guest: ModelGuest, argv: string[]): ProgramResult {
  const letters = new Set(argv.filter((it) => /^-[a-zA-Z0-9]+$/.test(it)).flatMap((it) => it.slice(1).split('')));
  const unknown = [...letters].find((it) => !'Htanleo4p'.includes(it));
  if (unknown) return refuse(`option -${unknown}`);
  const words = argv
    .filter((it) => !it.startsWith('-'))
    .join(' ')
    .replaceAll(/([()])/g, ' $1 ')
    .split(/\s+/)
    .filter(Boolean);
  try {
    const fits = readFilter(words);
    const sockets = [
      ...(letters.has('a') || letters.has('l') ? listening(guest) : []),
      ...(letters.has('l') ? [] : established(guest)),
    ];
    const lines = sockets.filter(fits).map((it) => `${socketText(it, letters.has('e'))}\n`);
    const header = letters.has('H') ? '' : 'State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n';
    return { exitCode: 0, stdout: header + lines.join(''), stderr: '' };
  } catch (error) {
    if (error instanceof NotModelled) return refuse(error.message);
    throw error;
  }
}

class NotModelled extends Error {}
const refuse = (what: string): ProgramResult => ({
  exitCode: 255,
  stdout: '',
  stderr: `ss of the modelled guest does not know ${what}; a kernel guest does\n`,
});

const ANYBODY: End = { address: '0.0.0.0', port: 0 };

const listening = (guest: ModelGuest): Socket[] =>
  guest.instances.listening().map((local, i) => ({ state: 'LISTEN', local, peer: ANYBODY, inode: 1000 + i }));

const established = (guest: ModelGuest): Socket[] =>
  [...guest.connections].map((it: Connection) => ({ state: 'ESTAB', ...it }));

const socketText = ({ state, local, peer, inode }: Socket, extended: boolean): string => {
  const far = peer === ANYBODY ? '0.0.0.0:*' : endText(peer);
  return `${state} 0 ${state === 'LISTEN' ? 511 : 0} ${endText(local)} ${far}${extended ? ` ino:${inode} sk:${inode.toString(16)}` : ''}`;
};

type Test = (socket: Socket) => boolean;

/** `state established`, then tests joined by `and` (or nothing) and `or`, which binds less. */
function readFilter(words: string[]): Test {
  let state: Test = () => true;
  if (words[0] === 'state') {
    words.shift();
    const name = words.shift();
    if (name !== 'established' && name !== 'listening') throw new NotModelled(`state ${name}`);
    state = (it) => it.state === (name === 'established' ? 'ESTAB' : 'LISTEN');
  }
  const rest = words.length === 0 ? () => true : readOr(words);
  if (words.length > 0) throw new NotModelled(`${words[0]} at this place of a filter`);
  return (it) => state(it) && rest(it);
}

function readOr(words: string[]): Test {
  const parts = [readAnd(words)];
  while (words[0] === 'or' || words[0] === '||' || words[0] === '|') {
    words.shift();
    parts.push(readAnd(words));
  }
  return (it) => parts.some((part) => part(it));
}

function readAnd(words: string[]): Test {
  const parts = [readTest(words)];
  while (words.length > 0 && ![')', 'or', '||', '|'].includes(words[0] ?? '')) {
    if (['and', '&&', '&'].includes(words[0] ?? '')) words.shift();
    parts.push(readTest(words));
  }
  return (it) => parts.every((part) => part(it));
}

function readTest(words: string[]): Test {
  const word = words.shift();
  if (word === '(') {
    const inner = readOr(words);
    if (words.shift() !== ')') throw new NotModelled('a filter without its closing parenthesis');
    return inner;
  }
  if (word === 'src' || word === 'dst') return endTest(word === 'src' ? 'local' : 'peer', words.shift() ?? '');
  if (word === 'sport' || word === 'dport') {
    if (words[0] === '=' || words[0] === 'eq' || words[0] === '==') words.shift();
    return endTest(word === 'sport' ? 'local' : 'peer', words.shift() ?? '');
  }
  throw new NotModelled(`${word} in a filter`);
}

/** `10.0.1.10`, `10.0.1.10:1972`, `:1972`. */
function endTest(which: 'local' | 'peer', text: string): Test {
  const match = /^(\d+\.\d+\.\d+\.\d+)?(?::(\d+))?$/.exec(text);
  if (!match || text === '') throw new NotModelled(`${text} in a filter`);
  const [, address, port] = match;
  return (it) =>
    (address ?? it[which].address) === it[which].address && Number(port ?? it[which].port) === it[which].port;
}
