/**
 * ^ZHAIRPIN in a real IRIS: on a machine with docker, `node test/mirror/real-iris.ts [--image NAME]`. Starts a container
 * of the community edition, loads the routine, calls it as a mirror would, with a script in place of the notifier that
 * writes down its arguments, and removes the container. There is no mirror and no Azure in this: what it shows is that
 * the routine compiles, starts a process and a program, hands arguments over apart, and tells the outcome.
 */
import { ok, deepStrictEqual as same } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { image: { type: 'string', default: 'containers.intersystems.com/intersystems/iris-community:latest-cd' } },
});
const ROUTINE = fileURLToPath(new URL('../../mirror/ZHAIRPIN.mac', import.meta.url));
const GUARDED = /^ {4};;(.*)$/m.exec(readFileSync(ROUTINE, 'utf8'))?.[1] ?? '';
const SCRIPT = '/usr/local/lib/ilb-hairpin-guard/tell-failover.sh';
const TOPIC = 'https://name.region-1.eventgrid.azure.net/api/events';

function docker(args: string[], input = ''): string {
  const { stdout, stderr, status, error } = spawnSync('docker', args, { encoding: 'utf8', input });
  if (error) throw error;
  if (status !== 0) throw new Error(`docker ${args.slice(0, 4).join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

const container = docker(['run', '--detach', '--rm', values.image]).trim();
const inside = (command: string, user = 'irisowner', input = ''): string =>
  docker(['exec', '--interactive', '--user', user, container, 'bash', '-c', command], input);
/** Lines at the prompt of %SYS. */
const session = (...lines: string[]): string =>
  inside('iris session IRIS -U %SYS', 'irisowner', `${[...lines, 'halt'].join('\n')}\n`);
const messages = (): string => inside('cat "$(find / -name messages.log -print -quit 2>/dev/null)"');

let failed = 0;
async function step(title: string, run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
    console.log(`ok      ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${title}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Waits until a look gives true. */
async function until(what: string, look: () => boolean): Promise<void> {
  for (let left = 120; left > 0; left -= 1) {
    if (look()) return;
    await delay(500);
  }
  throw new Error(`waited for ${what}; messages.log ends with:\n${messages().slice(-2000)}`);
}

/** A notifier that writes down its arguments, one per line, and ends with a code. */
function putScript(exitCode: number): void {
  const text = `#!/bin/bash\nprintf '%s\\n' "$@" >/tmp/arguments\nexit ${exitCode}\n`;
  inside(`install -d "$(dirname ${SCRIPT})" && cat >${SCRIPT} && chmod 755 ${SCRIPT}`, 'root', text);
}

/** A ^ZMIRROR with the line in it, in the style of HealthShare's guide, and something behind it that must be reached. */
const ZMIRROR = `ROUTINE ZMIRROR [Type=MAC]
ZMIRROR //a test
   quit
NotifyBecomePrimary() public
   ${GUARDED}
   set ^ZHAIRPINTEST=$increment(^ZHAIRPINTEST)
   quit
`;
const reached = (): string => /reached=(\d*)/.exec(session('write "reached=",$get(^ZHAIRPINTEST),!'))?.[1] ?? '';

try {
  await until('the instance', () => {
    try {
      return /running/.test(inside('iris list'));
    } catch {
      return false;
    }
  });
  inside('cat >/tmp/ZHAIRPIN.mac', 'irisowner', readFileSync(ROUTINE, 'utf8'));
  inside('cat >/tmp/ZMIRROR.mac', 'irisowner', ZMIRROR);
  await step('without the routine: the line compiles, tells so, and ^ZMIRROR goes on', async () => {
    const said = session('do $system.OBJ.Load("/tmp/ZMIRROR.mac","ck")', 'do NotifyBecomePrimary^ZMIRROR()');
    ok(!/ERROR|error\(s\)/i.test(said), said);
    await until('the outcome', () => /ilb-hairpin-guard: nobody was told: <NOROUTINE>/.test(messages()));
    same(reached(), '1');
  });
  await step('the routine compiles without an error, and shows that ^ZMIRROR calls it', () => {
    const said = session('do $system.OBJ.Load("/tmp/ZHAIRPIN.mac","ck")', 'do ^ZHAIRPIN');
    ok(!/ERROR|error\(s\)/i.test(said) && said.includes('It calls this routine.'), said);
  });
  await step('called as by a mirror: arguments arrive apart, and messages.log has the outcome', async () => {
    putScript(0);
    session(`do Set^ZHAIRPIN("${TOPIC}","","10.0.1.100")`, 'do NotifyBecomePrimary^ZMIRROR()');
    await until('the outcome', () => /ilb-hairpin-guard: the app was told \(exit code 0\)/.test(messages()));
    const given = inside('cat /tmp/arguments').trim().split('\n');
    same(given.slice(0, 4), ['--topic', TOPIC, '--vip', '10.0.1.100']);
    same(reached(), '2');
  });
  await step('a script that fails is told with its meaning', async () => {
    putScript(4);
    session('do NotifyBecomePrimary^ZMIRROR()');
    await until('the outcome', () => /nobody was told: the topic refused.*exit code 4/.test(messages()));
    same(reached(), '3');
  });
  await step('a script that is missing is told, and nothing is thrown', async () => {
    inside(`rm ${SCRIPT}`, 'root');
    session('do NotifyBecomePrimary^ZMIRROR()');
    await until('the outcome', () => /nobody was told: the script could not be started/.test(messages()));
    same(reached(), '4');
  });
} finally {
  docker(['rm', '--force', container]);
}
console.log(failed === 0 ? 'every step held' : `${failed} steps failed`);
process.exitCode = failed === 0 ? 0 : 1;
