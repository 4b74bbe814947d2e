/** Which addresses a plan may name, asked of the script’s own function: the same as the app’s answer. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { isPlanAddress } from '../../../shared/model/address.ts';

const PARTS = join(import.meta.dirname, '../../../shared/guest/linux');
const NETWORKS = ['20.1.0.0/16', '52.0.0.8/29'];

/** Those of the addresses that the script lets through. */
function allowed(addresses: readonly string[]): string[] {
  const script = `set -u -f
. ${PARTS}/rule.sh
. ${PARTS}/ground.sh
NETWORKS=(${NETWORKS.join(' ')})
while read -r address; do is_plan_address "$address" && echo "$address"; done; true`;
  const { stdout, stderr, status } = spawnSync('/bin/bash', ['-c', script], {
    input: `${addresses.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (status !== 0 || stderr !== '') throw new Error(`${status}: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

/** The ends of every network that counts, and what lies beside them. */
const EDGES = [
  ...['0.0.0.0', '0.255.255.255', '9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0', '100.63.255.255'],
  ...['100.64.0.0', '100.127.255.255', '100.128.0.0', '126.255.255.255', '127.0.0.1', '128.0.0.0', '168.63.129.15'],
  ...['168.63.129.16', '168.63.129.17', '169.253.255.255', '169.254.0.0', '169.254.255.255', '172.15.255.255'],
  ...['172.16.0.0', '172.31.255.255', '172.32.0.0', '192.167.255.255', '192.168.0.0', '192.168.255.255'],
  ...['192.169.0.0', '223.255.255.255', '224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255'],
  ...['20.0.255.255', '20.1.0.0', '20.1.255.255', '20.2.0.0', '52.0.0.7', '52.0.0.8', '52.0.0.15', '52.0.0.16'],
];

test('at the ends of every network', (t) => {
  t.deepEqual(
    allowed(EDGES),
    EDGES.filter((address) => isPlanAddress(address, NETWORKS)),
  );
  t.is(allowed(EDGES).length, 12);
});

test('anywhere', (t) => {
  fc.assert(
    fc.property(fc.array(fc.ipV4(), { minLength: 200, maxLength: 200 }), (addresses) =>
      t.deepEqual(
        allowed(addresses),
        addresses.filter((address) => isPlanAddress(address, NETWORKS)),
      ),
    ),
    { numRuns: 20 },
  );
});
