import test from 'ava';
import { kernelLabAvailable, systemPath } from '../../../../simulator/guests/kernel/available.ts';

test('the system’s folders come before all others, an npm package’s program of the same name is none', (t) => {
  const folders = systemPath('/app/node_modules/.bin:/opt/bin:/app/node_modules/a/node_modules/.bin').split(':');
  t.is(folders.at(-1), '/opt/bin');
  t.true(folders.indexOf('/usr/sbin') >= 0);
  t.false(folders.some((folder) => folder.includes('node_modules')));
});

test('what is missing is told with how to get it', (t) => {
  const answer = kernelLabAvailable('/nonexistent');
  t.false(answer.ok);
  t.deepEqual(answer.ok ? [] : answer.missing, [
    { what: 'the programs ip, ss', howTo: 'apt-get install iproute2, or dnf install iproute' },
    { what: 'the program nft', howTo: 'apt-get install nftables, or dnf install nftables' },
    {
      what: 'the programs unshare, setpriv, mount, pivot_root',
      howTo: 'apt-get install util-linux mount, or dnf install util-linux',
    },
    { what: 'the program bash', howTo: 'apt-get install bash, or dnf install bash' },
  ]);
});
