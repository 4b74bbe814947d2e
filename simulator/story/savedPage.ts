/** The page as one file: what the app tells of its estate, drawn, for who looks when nothing runs any more. */
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../../shared/errors.ts';
import { filledPage } from '../../shared/views/dashboard.ts';
import type { EstateView } from '../../shared/views/estateSchema.ts';
import type { Stack } from '../stack.ts';
import { until } from '../until.ts';

/** The app reads Azure's lists once a minute: a page that was open during the story may have it tell of a minute before. */
const LISTS_MS = 180_000;

/** Why a file cannot be written, in the system's words; undefined where it can. Leaves no file that was not there. */
export function whyNoFile(file: string): string | undefined {
  try {
    closeSync(openSync(file, 'r+'));
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return messageOf(error);
  }
  try {
    closeSync(openSync(file, 'wx'));
    unlinkSync(file);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Writes the estate as the app tells of it now, with the way of each connection. Returns the file's whole path. */
export async function savePage({ host }: Pick<Stack, 'host'>, file: string): Promise<string> {
  const since = Date.now();
  const ask = async (path: string): Promise<Response> => {
    const answer = await fetch(`${host.url}${path}`);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const estate = await until(
    () => 'lists of Azure that were read after the story',
    async () => {
      const read = (await (await ask('/api/estate')).json()) as EstateView;
      return Date.parse(read.listedAt) >= since && read;
    },
    LISTS_MS,
    1000,
  );
  const traces: Record<string, unknown> = {};
  for (const { vms, frontends } of estate.groups) {
    for (const vm of vms) {
      for (const path of vm.paths) {
        const frontend = frontends[path.frontend]?.id ?? '';
        const query = new URLSearchParams({ vm: vm.id, vip: frontend });
        const { trace } = (await (await ask(`/api/paths?${query}`)).json()) as { trace: unknown };
        traces[`${vm.id} ${frontend}`] = trace;
      }
    }
  }
  const page = await (await ask('/api/dashboard')).text();
  await writeFile(file, filledPage(page, { estate, traces, title: 'npm start' }));
  return resolve(file);
}
