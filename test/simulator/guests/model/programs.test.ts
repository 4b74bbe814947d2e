import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { type Answerer, type Call, openProgramPort } from '../../../../simulator/guests/model/programs.ts';
import { until } from '../../../../simulator/until.ts';

const calls: Call[] = [];
let closed = 0;
const answerer: Answerer = {
  run(call) {
    calls.push(call);
    return { exitCode: 3, stdout: 'out\n', stderr: 'err\n' };
  },
  async connect(_, tell) {
    tell('o 1 10.0.1.11:40000');
    return () => closed++;
  },
};

test('a program’s words and input come whole, in however many pieces; its answer goes back', async (t) => {
  const port = await openProgramPort((key) => (key === 'k' ? answerer : undefined));
  const socket = connect(port.port, '127.0.0.1');
  for (const piece of ['k\0i', 'p\0', '2\0rule\0', 'show all\0', 'line 1\nline 2\n', '\0']) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.is(await text(socket), '3\0out\n\0err\n\0');
  t.deepEqual(calls.at(-1), { key: 'k', program: 'ip', argv: ['rule', 'show all'], input: 'line 1\nline 2\n' } as Call);
  await port.close();
});

test('a call with a key of no guest is cut off', async (t) => {
  const port = await openProgramPort(() => undefined);
  const socket = connect(port.port, '127.0.0.1');
  socket.write('x\0ip\x000\0\0');
  t.is(await text(socket), '');
  await port.close();
});

test('a connection is held until its program ends', async (t) => {
  const port = await openProgramPort(() => answerer);
  const socket = connect(port.port, '127.0.0.1');
  socket.write('k\0connect\x003\x0010.0.1.100\x001972\x005\0\0');
  const [line] = await once(socket, 'data');
  t.is(String(line), 'o 1 10.0.1.11:40000\n');
  t.is(closed, 0);
  socket.destroy();
  await until('the program’s end', () => closed > 0);
  t.is(closed, 1);
  await port.close();
});
