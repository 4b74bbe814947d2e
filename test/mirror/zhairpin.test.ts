/** What can be checked of ^ZHAIRPIN without an IRIS: its labels and calls, and what it must never do. */
import { readFileSync } from 'node:fs';
import test from 'ava';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const routine = read('mirror/ZHAIRPIN.mac');
const bash = read('mirror/tell-failover.sh');
const powershell = read('mirror/tell-failover.ps1');

/** A line without its strings and comment: strings become empty ones. */
const bare = (line: string): string => line.replaceAll(/"(?:[^"]|"")*"/g, '""').replace(/;.*$/, '');
const lines = routine.split('\n');
const code = lines.map(bare);

interface Label {
  name: string;
  head: string;
  body: string[];
}

/** Labels stand in the first column, all else does not. */
const labels: Label[] = [];
for (const line of code.slice(1)) {
  const name = /^[A-Za-z]\w*/.exec(line)?.[0];
  if (name !== undefined) labels.push({ name, head: line, body: [] });
  else labels.at(-1)?.body.push(line);
}
const bodyOf = (name: string): string => labels.find((label) => label.name === name)?.body.join('\n') ?? '';

/** The line that goes into ^ZMIRROR. */
const guarded = /^ {4};;(.*)$/m.exec(routine)?.[1] ?? '';

const balanced = (text: string): boolean => {
  const open: string[] = [];
  const pairs: Record<string, string> = { ')': '(', '}': '{' };
  for (const one of text) {
    if (one === '(' || one === '{') open.push(one);
    else if (one in pairs && open.pop() !== pairs[one]) return false;
  }
  return open.length === 0;
};

test('it is a routine of its own, and its labels are those that are called', (t) => {
  t.is(lines[0], 'ROUTINE ZHAIRPIN [Type=MAC]');
  t.deepEqual(
    labels.map(({ name }) => name),
    ['ZHAIRPIN', 'Guarded', 'Tell', 'Run', 'Test', 'Set', 'Show', 'Call', 'Flag', 'LogFile', 'Meaning', 'Log'],
  );
  const text = code.join('\n');
  const called = [
    ...text.matchAll(/\$\$(\w+)\(/g),
    ...text.matchAll(/\bdo (\w+)\(/g),
    ...text.matchAll(/\b(\w+)(?:\+1)?\^ZHAIRPIN\(?/g),
  ].map(([, name]) => name);
  t.true(called.length > 10);
  for (const name of called)
    t.true(
      labels.some((label) => label.name === name),
      name,
    );
});

test('no brace, bracket or quote is left open, in any procedure', (t) => {
  for (const { name, head, body } of labels) t.true(balanced([head, ...body].join('\n')), name);
  for (const line of lines.filter((one) => !/^\s*;/.test(one))) t.is(line.split('"').length % 2, 1, line);
  t.true(balanced(bare(guarded)));
});

test('the line for ^ZMIRROR is one line that lets no error out and tells of it', (t) => {
  t.regex(
    guarded,
    /^try \{ do Tell\^ZHAIRPIN\(\) \} catch ilbHairpin \{ do ##class\(%SYS\.System\)\.WriteToConsoleLog\(/,
  );
  t.regex(guarded, /_ilbHairpin\.DisplayString\(\),0,1\) \}$/);
  t.regex(bodyOf('Show'), /\$text\(Guarded\+1\^ZHAIRPIN\)/);
  t.is(read('docs/mirror.md').split(guarded).length, 2, 'docs/mirror.md has it once');
});

test('what a takeover calls starts a process within a limit, waits for nothing, and throws nothing', (t) => {
  const tell = bodyOf('Tell');
  t.regex(tell, /^ {4}try \{\n/);
  t.regex(tell, /\} catch err \{/);
  t.regex(tell, /\bjob Run\^ZHAIRPIN\(\)::2\n/);
  t.notRegex(tell, /\$zf|\$\$Call|hang|lock/i);
  t.regex(bodyOf('Run'), /^ {4}try \{\n/);
});

test('programs are started without a shell, arguments apart; no other routine is written, and ^ZMIRROR is only read', (t) => {
  const text = lines.map((line) => line.replace(/^\s*;.*$/, '')).join('\n');
  t.deepEqual(text.match(/\$zf\(.*\)/gi), ['$zf(-100,"/LOGCMD",program,.args)']);
  t.notRegex(text, /\/SHELL|\/NOQUOTE|\bxecute\b|@|\bzsave\b|\bzinsert\b|%Routine|%Library\.Routine|\.OBJ\./i);
  t.deepEqual(
    [...text.matchAll(/^.*\^ZMIRROR.*$/gm)].map(([line]) => line.trim()).filter((line) => !line.startsWith('write ')),
    ['set line=$text(+n^ZMIRROR)'],
  );
  t.deepEqual(
    [...text.matchAll(/\b(?:set|kill) \^(\w+)/g)].map(([, name]) => name),
    ['ZHAIRPIN', 'ZHAIRPIN'],
  );
});

test('each argument that it gives is one of both scripts', (t) => {
  const loop = /for name=(.*) \{/.exec(routine.slice(routine.indexOf('Call(test)')))?.[1] ?? '';
  const given = [...`${loop},"test"`.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name ?? '');
  t.deepEqual(given, ['topic', 'client-id', 'vip', 'mirror', 'log', 'test']);
  const own = [...powershell.matchAll(/^ {4}\[(?:string|switch)\] \$(\w+)/gm)].map(([, name]) => name?.toLowerCase());
  for (const name of given) {
    t.regex(bash, new RegExp(`--${name}\\)`), name);
    t.true(own.includes(name.replaceAll('-', '')), name);
  }
});

test('exit codes mean the same in both scripts, and each has its sentence', (t) => {
  const codes = (text: string, pattern: RegExp) =>
    Object.fromEntries(
      [...text.matchAll(pattern)].map(([, name = '', value]) => [name.toLowerCase().replaceAll('_', ''), value]),
    );
  const line = /^TOLD=0 .*$/m.exec(bash)?.[0] ?? '';
  const ofBash = codes(line, /(\w+)=(\d)/g);
  t.is(Object.keys(ofBash).length, 6);
  t.deepEqual(codes(powershell, /^\$(\w+) = (\d)$/gm), ofBash);
  const sentences = [...routine.matchAll(/set text\((-?\d)\)="(.+)"/g)].map(([, number]) => number);
  t.deepEqual(sentences, [...Object.values(ofBash), '-1']);
});

test('the scripts are where it looks for them', (t) => {
  for (const path of ['/usr/local/lib/ilb-hairpin-guard/tell-failover.sh', '\\ilb-hairpin-guard\\tell-failover.ps1']) {
    t.true(routine.includes(path));
    t.true(read('docs/mirror.md').includes(path), path);
  }
});
