/**
 * Makes what is committed beside the Bicep files: the type of the settings, the compiled templates, and for each example
 * what it deploys, as the compiler evaluates it. `npm run infra`.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BICEP_VERSION, bicep, findBicep } from './bicep.ts';
import { settingsBicep } from './settings.ts';

const HERE = import.meta.dirname;
const TEMPLATES = ['main', 'roles'] as const;
/** The subscription that examples are deployed to. */
export const EXAMPLE_SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

/** Parameter files in examples/, without their ending. */
export const examples = (): string[] =>
  readdirSync(join(HERE, 'examples'))
    .filter((name) => name.endsWith('.bicepparam'))
    .map((name) => name.replace('.bicepparam', ''))
    .sort();

/** Each file that the compiler makes, by its path from here, with its content. Throws with its words, warnings too. */
export function made(command: string): Map<string, string> {
  const files = new Map<string, string>();
  // The compiler writes a snapshot beside its parameter file and nowhere else.
  const folder = mkdtempSync(join(tmpdir(), 'hairpin-infra-'));
  try {
    cpSync(HERE, folder, { recursive: true });
    const take = (name: string, as = (text: string) => text): void => {
      files.set(name, `${as(readFileSync(join(folder, name), 'utf8')).trimEnd()}\n`);
    };
    for (const name of TEMPLATES) {
      const said = bicep(command, ['build', join(folder, `${name}.bicep`)]);
      if (said !== '') throw new Error(said);
      take(`${name}.json`);
    }
    for (const name of examples()) {
      bicep(command, [
        'snapshot',
        join(folder, 'examples', `${name}.bicepparam`),
        ...['--subscription-id', EXAMPLE_SUBSCRIPTION],
        ...['--location', 'westeurope'],
        ...['--mode', 'overwrite'],
      ]);
      take(`examples/${name}.snapshot.json`, inOrder);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return files;
}

/** A snapshot with its outputs in order: the compiler writes them in another one each time. */
function inOrder(text: string): string {
  const { outputs, ...rest } = JSON.parse(text) as { outputs: Record<string, unknown> };
  const sorted = Object.fromEntries(Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ ...rest, outputs: sorted }, null, 2);
}

if (import.meta.main) {
  writeFileSync(join(HERE, 'settings.bicep'), settingsBicep());
  const command = findBicep();
  if (command === undefined) {
    console.error(
      `There is no Bicep compiler of version ${BICEP_VERSION}: az bicep install --version v${BICEP_VERSION}, or with the .NET 10 SDK: dotnet restore .ci/bicep.csproj`,
    );
    process.exitCode = 1;
  } else {
    for (const [name, content] of made(command)) writeFileSync(join(HERE, name), content);
  }
}
