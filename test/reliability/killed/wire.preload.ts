/**
 * Loaded into a Functions host before anything else (`--import`): every request that the process sends is told on
 * stderr, and at the one that a file names the process ends itself by SIGKILL: before it is sent, or when its answer
 * has come and nobody has seen it yet.
 */
import { readFileSync, writeSync } from 'node:fs';
import http from 'node:http';

/** `POST reconcile/messages`: method and the parts of a path that do not change. */
function nameOf(request: http.ClientRequest): string {
  const path = request.path.split('?')[0] ?? '';
  const parts = path.split('/').filter((part) => part !== '' && part !== 'devstoreaccount1');
  const named = parts.map((part) => part.replace(/\(.*\)$/s, '()')).map((part) => (part.length > 30 ? 'ID' : part));
  return `${request.method} ${named.join('/')}`;
}

/** `before POST reconcile/messages`, or nothing. Read anew each time: a process is condemned while it runs. */
const sentence = (): string => readFileSync(process.env.HAIRPIN_TEST_SENTENCE ?? '', 'utf8');
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const { end, emit } = http.ClientRequest.prototype;
http.ClientRequest.prototype.end = function ended(this: http.ClientRequest, ...args: never[]) {
  const name = nameOf(this);
  writeSync(2, `wire: ${name}\n`);
  if (sentence() === `before ${name}`) {
    die();
    return this;
  }
  return Reflect.apply(end, this, args);
} as typeof end;
http.ClientRequest.prototype.emit = function emitted(this: http.ClientRequest, ...args: [string, ...never[]]) {
  if (args[0] === 'response' && sentence() === `after ${nameOf(this)}`) {
    die();
    return true;
  }
  return Reflect.apply(emit, this, args);
} as typeof emit;
