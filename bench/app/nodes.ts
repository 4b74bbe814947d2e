/** The versions of Node that the app runs on in Azure. */
import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Node 22 beside the 24 that runs everything here. By npm when it is first asked for, into .cache: as a dependency its
 * command would be called `node` like the other one's, and everybody who installs would load a hundred megabytes more.
 */
const NODE_22 = '22.23.3';
const FOLDER = fileURLToPath(new URL(`../../.cache/node-${NODE_22}`, import.meta.url));

export interface NodeVersion {
  name: string;
  command: string;
}

/** Node 24 and, where npm can fetch it, Node 22; says on stderr why it is missing. */
export async function nodeVersions(): Promise<NodeVersion[]> {
  const own = { name: `Node ${process.versions.node.split('.')[0]}`, command: process.execPath };
  const command = join(FOLDER, 'node_modules/node/bin/node');
  try {
    await access(command).catch(() => install());
    const { stdout } = await run(command, ['--version']);
    if (stdout.trim() !== `v${NODE_22}`) throw new Error(`${command} is ${stdout.trim()}`);
    return [own, { name: 'Node 22', command }];
  } catch (error) {
    console.error(
      `Node ${NODE_22} could not be had, its rows are missing: ${error instanceof Error ? error.message : error}`,
    );
    return [own];
  }
}

async function install(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  // npm is run by whatever Node is first on the path, as its own start script asks.
  await run('npm', ['install', '--prefix', FOLDER, '--no-audit', '--no-fund', '--no-save', `node@${NODE_22}`], {
    cwd: dirname(FOLDER),
  });
}
