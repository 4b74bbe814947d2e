import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import test from 'ava';
import { type Azurite, startAzurite } from '../../../simulator/storage/azurite.ts';
import { removeDeadFolders, temporaryFolder } from '../../../simulator/storage/temporary.ts';

const queueOf = ({ connectionString }: Azurite) =>
  QueueServiceClient.fromConnectionString(connectionString).getQueueClient('messages');
const tableOf = ({ connectionString }: Azurite) =>
  TableClient.fromConnectionString(connectionString, 'rows', { allowInsecureConnection: true });

test.serial('serves queues and tables; nothing is left in memory mode', async (t) => {
  const azurite = await startAzurite();
  await queueOf(azurite).create();
  await queueOf(azurite).sendMessage('hello');
  t.is((await queueOf(azurite).peekMessages()).peekedMessageItems[0]?.messageText, 'hello');
  await tableOf(azurite).createTable();
  await tableOf(azurite).createEntity({ partitionKey: 'p', rowKey: 'r', value: 1 });
  t.like(await tableOf(azurite).getEntity('p', 'r'), { value: 1 });
  t.true(azurite.queueUrl.startsWith('http://127.0.0.1:'));
  await azurite.stop();
  const again = await startAzurite();
  t.false(await queueOf(again).exists());
  await again.stop();
});

test.serial('several side by side', async (t) => {
  const all = await Promise.all([startAzurite(), startAzurite(), startAzurite()]);
  t.is(new Set(all.map(({ queueUrl }) => queueUrl)).size, 3);
  await Promise.all(all.map((azurite) => azurite.stop()));
});

test.serial('a folder keeps queues and tables over a restart', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'azurite-kept-'));
  const first = await startAzurite({ persist: folder });
  await queueOf(first).create();
  await queueOf(first).sendMessage('kept');
  await tableOf(first).createTable();
  await tableOf(first).createEntity({ partitionKey: 'p', rowKey: 'r', value: 'kept' });
  await first.stop();
  const second = await startAzurite({ persist: folder });
  t.is((await queueOf(second).peekMessages()).peekedMessageItems[0]?.messageText, 'kept');
  t.like(await tableOf(second).getEntity('p', 'r'), { value: 'kept' });
  await second.stop();
  await rm(folder, { recursive: true });
});

test.serial('folders of dead processes go, those of live ones stay', async (t) => {
  const mine = await temporaryFolder('test');
  // Linux gives out process ids up to 4,194,304.
  const dead = join(tmpdir(), 'ilb-hairpin-guard.4194305.test-abcdef');
  await mkdir(dead, { recursive: true });
  await removeDeadFolders();
  await t.notThrowsAsync(access(mine));
  await t.throwsAsync(access(dead));
  await rm(mine, { recursive: true });
});
