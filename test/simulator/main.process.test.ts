/** `npm start` without namespaces: options, machines that lack something, modelled guests. */
import { chmodSync } from 'node:fs';
import test from 'ava';
import type { StoryResult } from '../../simulator/story/step.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { endOf, nodeStart } from './npmStart.ts';
import { checkResult, STORY_MS } from './storyResult.ts';

for (const [title, args, said] of [
  ['an unknown option', ['--onec'], "Unknown option '--onec'"],
  ['an argument too many', ['twice'], 'twice'],
  ['a port that is none', ['--port', 'http'], '--port is http'],
  ['a port that no machine has', ['--port', '70000'], '--port is 70000'],
  ['an option without its value', ['--port'], '--port'],
  ['a Retry-After that Azure never gives', ['--retry-after', '61'], '--retry-after is 61: a number of seconds from 1'],
  ['guests of a third kind', ['--guests', 'cloud'], '--guests is cloud: kernel or model'],
  ['a sabotage that nobody knows', ['--sabotage', 'coffee'], '--sabotage is coffee: one of'],
] as const) {
  test(`${title} ends with 2, what is wrong, and the usage`, async (t) => {
    const started = nodeStart([...args]);
    t.teardown(() => endOf(started));
    t.is(await started.ended, 2);
    t.true(started.stderr.includes(said), started.stderr);
    t.true(started.stderr.includes('npm start [-- --once]'), started.stderr);
    t.is(started.stdout, '', 'nothing that a script could take for a result');
  });
}

test('the whole story on modelled guests, for machines where namespaces cannot be had', async (t) => {
  t.timeout(STORY_MS);
  const started = nodeStart(['--once', '--json', '--guests', 'model', '--port', '7271']);
  t.teardown(() => endOf(started));
  t.is(await started.ended, 0, started.stderr);
  t.regex(started.stderr, /guests: model \(a model of Linux network stacks/);
  t.regex(started.stderr, /the page: http:\/\/127\.0\.0\.1:\d+\/api\/dashboard$/m);
  t.notRegex(started.stderr, /packets to the backend/, 'a line per step, no more');
  const lines = started.stdout.trimEnd().split('\n');
  t.is(lines.length, 1);
  checkResult(t, JSON.parse(lines[0] ?? '') as StoryResult, 'model');
});

test('the story holds with a Retry-After of 20 s on rule health', async (t) => {
  t.timeout(STORY_MS);
  const started = nodeStart([
    '--once',
    '--json',
    '--guests',
    'model',
    '--port',
    '7371',
    '--retry-after',
    '20',
    '--verbose',
  ]);
  t.teardown(() => endOf(started));
  t.is(await started.ended, 0, started.stderr);
  t.regex(started.stderr, /rule health asks to be waited for 20 s/);
  t.regex(started.stderr, /packets to the backend/, 'what was seen, with --verbose');
  checkResult(t, JSON.parse(started.stdout.trimEnd()) as StoryResult, 'model');
});

testNeeding(['root'])(
  'modelled guests below a TMPDIR that is root’s alone: told at the start, with what to do',
  async (t) => {
    const started = nodeStart(['--once', '--guests', 'model']);
    t.teardown(() => endOf(started));
    chmodSync(started.temporary, 0o700);
    t.is(await started.ended, 1);
    t.regex(
      started.stderr,
      /ordinary user, who cannot get to .*: set TMPDIR to a folder that everybody may pass through/,
    );
  },
);

test('help is no mistake', async (t) => {
  const started = nodeStart(['--help']);
  t.teardown(() => endOf(started));
  t.is(await started.ended, 0);
  t.regex(started.stdout, /^npm start \[-- --once\]/);
  t.is(started.stderr, '');
});

/** Runs the command on a machine where a shell line was run first, in namespaces of its own. */
const onMachineWith = (line: string, kinds: string[]): string[] => [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  ...kinds,
  'sh',
  '-c',
  `${line} && exec "$@"`,
  'sh',
];

/** Hides a program under a file that cannot be run, in every folder where it could be found. */
const without = (program: string): string[] =>
  onMachineWith(
    `for folder in /usr/local/sbin /usr/sbin /sbin /usr/local/bin /usr/bin /bin; do
       [ ! -e $folder/${program} ] || mount --bind /dev/null $folder/${program} || exit 99
     done`,
    ['--mount'],
  );

const machines: [title: string, prefix: string[], named: RegExp][] = [
  ['nft', without('nft'), /guests in kernel namespaces need the program nft\. apt-get install nftables/],
  ['ip and ss', [...without('ip'), ...without('ss')], /need the programs ip, ss\. apt-get install iproute2/],
  ['unshare', without('unshare'), /need the program unshare\. apt-get install util-linux/],
  [
    'the right to make namespaces',
    onMachineWith('echo 0 >/proc/sys/user/max_net_namespaces', ['--user', '--map-root-user']),
    /need the right to make namespaces \(.+\)\. ./,
  ],
];
for (const [title, prefix, named] of machines) {
  testNeeding(KERNEL)(`kernel guests on a machine without ${title}: ends with 3 and says what to do`, async (t) => {
    const started = nodeStart(['--guests', 'kernel', '--once', '--json'], { prefix });
    t.teardown(() => endOf(started));
    t.is(await started.ended, 3, started.stderr);
    t.regex(started.stderr, named);
    t.is(started.stdout, '');
  });
}

testNeeding(KERNEL)('without nft and without a wish it says so and takes modelled guests', async (t) => {
  // An ordinary user had to be root of that machine to hide a program there; what runs on it is that user again.
  const self = [`--map-user=${process.getuid?.()}`, `--map-group=${process.getgid?.()}`];
  const asSelf = process.getuid?.() === 0 ? [] : ['unshare', '--user', ...self];
  const started = nodeStart([], { prefix: [...without('nft'), ...asSelf] });
  t.teardown(() => endOf(started));
  await started.line(/need the program nft/);
  await started.line(/guests: model \(a model of /);
  await started.line(/up: .*complianceSweep, .* on http:\/\/127\.0\.0\.1:\d+/);
  started.ctrlC();
  t.is(await started.ended, 0, started.stderr);
});
