/** `GET /api/estate` and the page over the built app: what is drawn, and how little a poll costs. */
import test from 'ava';
import { type EstateView, estateSchema } from '../../shared/views/estateSchema.ts';
import { until } from '../../simulator/until.ts';
import { type App, LONG_MS, startApp } from './app.ts';

let app: App;
test.before(async () => {
  app = await startApp();
});
test.after.always(async () => app?.stop());
test.afterEach.always((t) => t.timeout(2 * LONG_MS));

const estate = (fits: (view: EstateView) => boolean): Promise<EstateView> =>
  until(
    'the run to show in the estate',
    async () => {
      const { status, body } = await app.call('GET', '/api/estate');
      if (status !== 200) throw new Error(`answered ${status}`);
      return fits(body) && (body as EstateView);
    },
    LONG_MS,
  );

const words = ({ groups }: EstateView): string[] =>
  groups.flatMap(({ vms, frontends }) =>
    vms.flatMap(({ name, paths }) =>
      paths.map(({ state, frontend }) => `${name} ${frontends[frontend]?.vip} ${state}`),
    ),
  );

test.serial(
  'before a sweep nobody knows; after it each path says what it is, with its proof and who is primary',
  async (t) => {
    const before = await estate(() => true);
    estateSchema.parse(before);
    t.is(before.counts.states.proved, 0);
    await app.sweep(LONG_MS);
    const after = await estate(({ counts }) => counts.states.proved > 0);
    t.deepEqual(words(after).sort(), [
      'hs-a 10.0.1.100 proved',
      'hs-a 10.0.1.101 proved',
      'hs-b 10.0.1.100 set',
      'hs-b 10.0.1.101 set',
      'hs-c 10.0.1.100 blocked',
    ]);
    const [group] = after.groups;
    t.is(group?.vms[group.frontends[0]?.primary ?? -1]?.name, 'hs-a');
    const path = group?.vms.find(({ name }) => name === 'hs-a')?.paths[0];
    t.like(path, { port: 1972, via: '10.0.1.11', backends: ['10.0.1.10'] });
    t.true(Date.parse(path?.proof.at ?? '') > 0);
  },
);

test.serial('a poll: 304 while nothing changed, and neither a call per VM nor the lists for each', async (t) => {
  const { headers, status } = await app.call('GET', '/api/estate');
  t.is(status, 200);
  const before = app.arm.calls.length;
  for (let i = 0; i < 20; i += 1) {
    const { status: again } = await app.call('GET', '/api/estate', undefined, {
      'if-none-match': headers.get('etag') ?? '',
    });
    t.is(again, 304);
  }
  // Four lists, and once more where their minute ends within this.
  const lists = app.arm.calls
    .slice(before)
    .filter(({ path }) => /\/(virtualMachines|networkInterfaces|loadBalancers)(\?|$)/.test(path));
  t.true(lists.length <= 4, `${lists.length}`);
});

test.serial('a parameter is refused by its name', async (t) => {
  const { status, body } = await app.call('GET', '/api/estate?vm=hs-a');
  t.is(status, 400);
  t.like(body, { code: 'INPUT_INVALID', field: 'vm' });
});

test.serial('the page is for anybody: one document under its own policy, and 304 for whoever has it', async (t) => {
  const { status, headers, body } = await app.call('GET', '/api/dashboard');
  t.is(status, 200);
  t.regex(headers.get('content-type') ?? '', /^text\/html/);
  t.regex(String(body), /^<!doctype html>/);
  const policy = headers.get('content-security-policy') ?? '';
  t.regex(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/);
  t.regex(policy, /frame-ancestors 'none'$/);
  t.notRegex(policy, /unsafe/);
  const again = await app.call('GET', '/api/dashboard', undefined, { 'if-none-match': headers.get('etag') ?? '' });
  t.is(again.status, 304);
});
