/** Whose time a load is: the processor's time by package, from CPU profiles of the built files. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

/** esbuild writes each module's path above its code. */
const MODULE = /^ {0,2}\/\/ (\S+\.[cm]?[jt]s)$/;
const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** The package of each line of a built file; `own` for the app's. */
async function packagesByLine(file: string): Promise<string[]> {
  const owners: string[] = [];
  let owner = 'own';
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [, module] = MODULE.exec(line) ?? [];
    if (module !== undefined) owner = PACKAGE.exec(module)?.[1] ?? 'own';
    owners.push(owner);
  }
  return owners;
}

/**
 * Milliseconds by package of all profiles in a folder, as a mean of one. What a function of Node's takes counts for the
 * package that called it; what Node takes to find, read and compile the files is `Node: files`. Only what runs below the
 * import of the app counts.
 */
export async function timeByPackage(folder: string, appFolder: string): Promise<Map<string, number>> {
  const owners = new Map<string, string[]>();
  for (const name of await readdir(appFolder)) {
    if (name.endsWith('.js')) owners.set(name, await packagesByLine(join(appFolder, name)));
  }
  const total = new Map<string, number>();
  const profiles = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  for (const name of profiles) {
    const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as Profile;
    const self = new Map<number, number>();
    for (const [i, id] of profile.samples.entries()) self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0));
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    const walk = (id: number, owner: string | undefined): void => {
      const node = nodes.get(id);
      if (!node) return;
      const { url, lineNumber, functionName } = node.callFrame;
      const lines = url.startsWith('file:') ? owners.get(basename(fileURLToPath(url))) : undefined;
      let mine = owner;
      // The body of a file is one function without a name: what it takes itself cannot be told apart by line.
      if (lines) mine = lines[lineNumber] ?? 'own';
      else if (functionName === 'importModuleDynamicallyCallback' && owner === undefined) mine = 'Node: files';
      if (mine !== undefined) total.set(mine, (total.get(mine) ?? 0) + (self.get(id) ?? 0));
      for (const child of node.children ?? []) walk(child, mine);
    };
    if (profile.nodes[0]) walk(profile.nodes[0].id, undefined);
  }
  return new Map([...total].map(([owner, us]) => [owner, us / 1000 / profiles.length] as const));
}
