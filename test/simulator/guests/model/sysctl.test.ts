import test from 'ava';
import { sysctl } from '../../../../simulator/guests/model/sysctl.ts';
import { bootedMachine } from './machines.ts';

test('rp_filter and accept_local are read and written', (t) => {
  const machine = bootedMachine();
  t.is(sysctl(machine, ['-w', 'net.ipv4.conf.all.rp_filter=2']).stdout, 'net.ipv4.conf.all.rp_filter = 2\n');
  t.is(sysctl(machine, ['-n', 'net/ipv4/conf/all/rp_filter']).stdout, '2\n');
  t.is(sysctl(machine, ['-qw', 'net.ipv4.conf.eth0.accept_local=1']).stdout, '');
  t.is(machine.acceptLocal.get('eth0'), 1);
});

test('another key is refused', (t) => {
  const { exitCode, stderr } = sysctl(bootedMachine(), ['net.ipv4.conf.eth9.rp_filter=1', 'kernel.panic']);
  t.is(exitCode, 255);
  t.regex(stderr, /does not know net\.ipv4\.conf\.eth9\.rp_filter.*\n.*does not know kernel\.panic/);
});
