/** `npm start` without namespaces: options, machines that lack something, modelled guests. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { EstateView } from '../../shared/views/estateSchema.ts';
import type { TraceView } from '../../shared/views/trace.ts';
import type { StoryResult } from '../../simulator/story/step.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { openBrowser, openPage } from '../page/browser.ts';
import { endOf, nodeStart, type Started, temporaryOf } from './npmStart.ts';
import { checkResult, STORY_MS } from './storyResult.ts';

for (const [title, args, said] of [
  ['an unknown option', ['--onec'], "Unknown option '--onec'"],
  ['an argument too many', ['twice'], 'twice'],
  ['a port that is none', ['--port', 'http'], '--port is http'],
  ['a port that no machine has', ['--port', '70000'], '--port is 70000'],
  ['an option without its value', ['--port'], '--port'],
  ['a Retry-After that Azure never gives', ['--retry-after', '61'], '--retry-after is 61: a number of seconds from 1'],
  ['guests of a third kind', ['--guests', 'cloud'], '--guests is cloud: kernel or model'],
  ['a page in a folder that is not there', ['--html', '/nowhere/x.html'], '--html is /nowhere/x.html: it cannot be'],
  ['a page that is a folder', ['--html', '/'], '--html is /: it cannot be written (EISDIR'],
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

/** The whole story on modelled guests, with its page saved: told once, looked at by two tests. */
const modelled = (): Started => {
  if (!story) {
    const temporary = temporaryOf();
    const file = join(temporary, 'the estate.html');
    story = nodeStart(['--once', '--json', '--guests', 'model', '--port', '7271', '--html', file], { temporary });
  }
  return story;
};
let story: Started | undefined;
test.after.always(() => story && endOf(story));

test('the whole story on modelled guests, for machines where namespaces cannot be had', async (t) => {
  t.timeout(STORY_MS);
  const started = modelled();
  t.is(await started.ended, 0, started.stderr);
  t.regex(started.stderr, /guests: model \(a model of Linux network stacks/);
  t.regex(started.stderr, /the page: http:\/\/127\.0\.0\.1:\d+\/api\/dashboard$/m);
  t.notRegex(started.stderr, /packets to the backend/, 'a line per step, no more');
  const lines = started.stdout.trimEnd().split('\n');
  t.is(lines.length, 1);
  const { page, ...result } = JSON.parse(lines[0] ?? '') as StoryResult;
  checkResult(t, result, 'model');

  const file = join(started.temporary, 'the estate.html');
  t.is(page, file);
  t.true(started.stderr.trimEnd().endsWith(` drawn: ${pathToFileURL(file)}`), started.stderr);
  const html = readFileSync(file, 'utf8');
  t.deepEqual(html.match(/<script[^>]*>/g), ['<script type="application/json" id="data">', '<script>']);
  t.notRegex(html, /<(?:link|img|iframe)[^>]* (?:src|href)="(?!data:)/, 'nothing from elsewhere');
  const { estate, traces } = JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '') as {
    estate: EstateView;
    traces: Record<string, TraceView>;
  };
  const stands = estate.groups.flatMap(({ vms, frontends }) =>
    vms.flatMap((vm) => vm.paths.map((path) => ({ vm: vm.name, vip: frontends[path.frontend]?.vip, ...path }))),
  );
  const short = ({ vm, vip, verdict }: { vm: string; vip: string | undefined; verdict: string }) =>
    [vm, vip, verdict].join(' ');
  const told = stands.map(short);
  for (const path of result.paths) t.true(told.includes(short(path)), short(path));
  t.is(Object.keys(traces).length, stands.length, 'the way of each connection');
});

testNeeding(['chromium'])('the page that the story saves is drawn, with nobody to ask', async (t) => {
  t.timeout(STORY_MS);
  const started = modelled();
  t.is(await started.ended, 0, started.stderr);
  const { page: file = '', paths } = JSON.parse(started.stdout.trimEnd()) as StoryResult;
  const browser = await openBrowser();
  t.teardown(() => browser.close());
  const { page, complaints, origins } = await openPage(browser, String(pathToFileURL(file)));
  await page.locator('.steps li').first().waitFor();
  t.true((await page.locator('td.proved').count()) >= paths.filter(({ proof }) => proof === 'self').length);
  t.deepEqual(complaints, []);
  t.deepEqual([...origins], ['null'], 'the file alone');
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
