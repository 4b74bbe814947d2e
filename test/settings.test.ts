/** The settings' descriptions against what reads them. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readConfig } from '../shared/config.ts';
import { SettingError } from '../shared/errors.ts';
import { SETTINGS, type Setting } from '../shared/settings/settings.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEDULES = { HAIRPIN_SWEEP_SCHEDULE: '0 7 * * * *', HAIRPIN_WATCH_SCHEDULE: '30 * * * * *' };
const GOOD = {
  HAIRPIN_SUBSCRIPTIONS: '00000000-0000-0000-0000-000000000000',
  ...SCHEDULES,
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
};
/** Storage by identity: what a connection string would go before is read then. */
const BY_IDENTITY = {
  HAIRPIN_SUBSCRIPTIONS: GOOD.HAIRPIN_SUBSCRIPTIONS,
  ...SCHEDULES,
  AzureWebJobsStorage__accountName: 'hairpinstorage',
};
const all: [string, Setting][] = Object.entries(SETTINGS);
const names = (...kinds: string[]) => all.filter(([, { kind }]) => kinds.includes(kind)).map(([name]) => name);

/** The environment variables that reading asks for. */
function asked(env: Record<string, string>): Set<string> {
  const found = new Set<string>();
  const watched = new Proxy<Record<string, string | undefined>>(env, {
    get(target, name) {
      found.add(String(name));
      return target[String(name)];
    },
  });
  readConfig(watched);
  return found;
}

/** What the platform says by itself, and nobody sets. */
const INJECTED = 'WEBSITE_AUTH_ENABLED';

test('what is described is read, and besides only what the platform says', (t) => {
  const read = [...asked(GOOD), ...asked(BY_IDENTITY)];
  t.deepEqual([...new Set(read)].toSorted(), [...names('whole', 'word', 'text', 'schedule'), INJECTED].toSorted());
});

test('what the host reads stands in a function’s binding, and the other way round', async (t) => {
  const bound = new Set<string>();
  for await (const file of glob('functions/**/*.ts', { cwd: ROOT })) {
    for (const [, name = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(/%(\w+)%/g)) bound.add(name);
  }
  t.deepEqual([...bound].toSorted(), names('schedule').toSorted());
});

for (const [name, setting] of all) {
  if (setting.kind === 'whole') {
    const { least, most, fallback } = setting;
    test(`${name} takes ${least} to ${most} and nothing beyond, and is ${fallback} when not set`, (t) => {
      // The command's time must leave room for a connect.
      const room = name === 'HAIRPIN_COMMAND_SECONDS' ? {} : { HAIRPIN_COMMAND_SECONDS: '3600' };
      const read = (value?: number) =>
        readConfig({ ...GOOD, ...room, ...(value === undefined ? {} : { [name]: String(value) }) });
      for (const value of [least, most]) t.notThrows(() => read(value), String(value));
      for (const value of [least - 1, most + 1]) {
        const error = t.throws(() => read(value), { instanceOf: SettingError });
        t.true(error?.message.includes(`a whole number from ${least} to ${most}`), error?.message);
      }
      t.deepEqual(read(), read(fallback));
    });
  } else if (setting.kind === 'word') {
    test(`${name} takes its words in any letter case, and is ${setting.fallback} when not set`, (t) => {
      for (const word of setting.words) t.notThrows(() => readConfig({ ...GOOD, [name]: word.toUpperCase() }));
      t.deepEqual(readConfig(GOOD), readConfig({ ...GOOD, [name]: setting.fallback }));
    });
  } else if (setting.kind === 'schedule') {
    test(`${name} must be set, takes its own example, and is told by name and value when it is wrong`, (t) => {
      t.notThrows(() => readConfig({ ...GOOD, [name]: setting.example }));
      const missing = t.throws(() => readConfig({ ...GOOD, [name]: '' }), { instanceOf: SettingError });
      t.true(missing?.message.startsWith(`Setting ${name} is missing: an NCRONTAB expression`), missing?.message);
      const wrong = t.throws(() => readConfig({ ...GOOD, [name]: 'hourly' }), { instanceOf: SettingError });
      t.true(wrong?.message.startsWith(`Setting ${name} is "hourly": an NCRONTAB expression`), wrong?.message);
      t.is(wrong?.nextStep, `Set ${name}, for example ${name}=${setting.example}`);
    });
  } else if (setting.kind === 'text') {
    test(`${name} takes its own example`, (t) => {
      t.notThrows(() => readConfig({ ...BY_IDENTITY, [name]: setting.example }));
      if (setting.fallback !== undefined) {
        t.deepEqual(readConfig(GOOD), readConfig({ ...GOOD, [name]: setting.fallback }));
      }
    });
  }
}

test('a setting has a default or says what holds without it', (t) => {
  for (const [name, setting] of all) t.true('fallback' in setting || Boolean(setting.otherwise), name);
});

/** Of Core Tools, which starts the app by it; no setting of this program. */
const OF_THE_HOST = ['FUNCTIONS_WORKER_RUNTIME'];

test('the sample names settings that there are, and the app takes its values', (t) => {
  const { Values } = JSON.parse(readFileSync(join(ROOT, 'local.settings.sample.json'), 'utf8'));
  const named = Object.keys(Values).filter((name) => !OF_THE_HOST.includes(name));
  t.true(named.length > 3);
  for (const name of named) t.true(Object.hasOwn(SETTINGS, name), name);
  for (const [name, setting] of all)
    if ('otherwise' in setting && setting.otherwise === 'required') t.true(name in Values, name);
  t.is(readConfig(Values).enforcement, 'audit');
});
