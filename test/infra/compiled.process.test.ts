/** What is committed beside the Bicep files is what the compiler makes of them. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bicep, findBicep } from '../../infra/bicep.ts';
import { EXAMPLE_SUBSCRIPTION, made } from '../../infra/make.ts';
import { settingsBicep } from '../../infra/settings.ts';
import { testNeeding } from '../needs.ts';

const INFRA = join(import.meta.dirname, '..', '..', 'infra');
const compiler = findBicep() ?? '';
const needing = testNeeding(['bicep 0.49.2']);

test('the type of the settings is current', (t) => {
  t.is(readFileSync(join(INFRA, 'settings.bicep'), 'utf8'), settingsBicep(), 'npm run infra');
});

needing('templates and examples are current, and the compiler has no warning', (t) => {
  for (const [name, content] of made(compiler)) {
    t.is(readFileSync(join(INFRA, name), 'utf8'), content, `${name}: npm run infra`);
  }
});

needing('the linter has nothing to say, and no module comes from a registry', (t) => {
  for (const name of ['main.bicep', 'roles.bicep']) t.is(bicep(compiler, ['lint', join(INFRA, name)]), '', name);
  t.notRegex(readFileSync(join(INFRA, 'main.bicep'), 'utf8'), /'(br|ts)[:/]/);
});

/** Compiles a parameter file of these lines; the compiler's words when it refuses it. */
function said(...lines: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'hairpin-infra-'));
  try {
    cpSync(INFRA, folder, { recursive: true });
    const file = join(folder, 'examples', 'tried.bicepparam');
    writeFileSync(file, ["using '../main.bicep'", "param location = 'westeurope'", ...lines, ''].join('\n'));
    bicep(compiler, ['build-params', file, '--stdout']);
    return '';
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

needing('what the app would refuse is refused before anything is deployed', (t) => {
  t.is(said('param settings = { HAIRPIN_MAX_COMMANDS: 20 }', 'param alwaysReady = 2'), '');
  const refused = said(
    'param settings = { HAIRPIN_MAX_COMANDS: 20, HAIRPIN_RUN_DAYS: 7 }',
    "param enforcement = 'on'",
    'param alwaysReady = 1',
    'param instanceMemoryMB = 512',
  );
  t.regex(refused, /"HAIRPIN_MAX_COMANDS" is not allowed/);
  t.regex(refused, /minimum allowable value is 8\b/);
  t.regex(refused, /'audit' \| 'enforce'/);
  for (const line of [3, 4, 5, 6])
    t.regex(refused, new RegExp(`tried\\.bicepparam\\(${line},\\d+\\) : Error`), `line ${line}`);
});

needing('what azd has in its environment becomes the parameters', (t) => {
  const parameters = (env: Record<string, string>): Record<string, unknown> => {
    const printed = bicep(compiler, ['build-params', join(INFRA, 'main.bicepparam'), '--stdout'], env);
    const { parametersJson } = JSON.parse(printed) as { parametersJson: string };
    const { parameters: found } = JSON.parse(parametersJson) as { parameters: Record<string, { value: unknown }> };
    return Object.fromEntries(Object.entries(found).map(([name, { value }]) => [name, value]));
  };
  const azd = { AZURE_ENV_NAME: 'test', AZURE_LOCATION: 'northeurope', AZURE_SUBSCRIPTION_ID: EXAMPLE_SUBSCRIPTION };
  t.like(parameters(azd), {
    prefix: 'hairpin',
    location: 'northeurope',
    environmentName: 'test',
    subscriptionIds: [EXAMPLE_SUBSCRIPTION],
    scopeIds: [],
    enforcement: 'audit',
    assignRoles: true,
    codeIsThere: false,
  });
  const group = `/subscriptions/${EXAMPLE_SUBSCRIPTION}/resourceGroups/healthshare`;
  t.like(
    parameters({
      ...azd,
      HAIRPIN_SCOPE: `${group},${group}-two`,
      HAIRPIN_TAGS: '{"owner":"mirror-team"}',
      HAIRPIN_SETTINGS: '{"HAIRPIN_MAX_COMMANDS":5}',
      HAIRPIN_ENFORCEMENT: 'enforce',
      HAIRPIN_CODE_IS_THERE: 'true',
    }),
    {
      scopeIds: [group, `${group}-two`],
      tags: { owner: 'mirror-team' },
      settings: { HAIRPIN_MAX_COMMANDS: 5 },
      enforcement: 'enforce',
      codeIsThere: true,
    },
  );
});
