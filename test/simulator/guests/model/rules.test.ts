import test from 'ava';
import { bootedMachine, ip, refused } from './machines.ts';

test('a rule lands behind those of its preference; without one, before the second rule', (t) => {
  const machine = bootedMachine('rule add pref 0 from 10.0.1.10 lookup 7202', 'rule add lookup 99');
  t.deepEqual(ip(machine, 'rule').trim().split('\n').slice(0, 3), [
    '0:\tfrom all lookup local',
    '0:\tfrom 10.0.1.10 lookup 7202',
    '0:\tfrom all lookup 99',
  ]);
  t.is(refused(machine, 'rule add pref 0 from 10.0.1.10 lookup 7202'), 'RTNETLINK answers: File exists');
  t.is(
    refused(machine, 'rule add pref 0 not from all lookup 7202'),
    'RTNETLINK answers: File exists',
    'what is left open fits',
  );
  t.is(refused(machine, 'rule add pref 0 from 10.0.1.11 lookup 7202'), 'taken');
});

test('`rule del pref 0 lookup local` takes a conditional rule when that stands first', (t) => {
  const machine = bootedMachine(
    'rule del pref 0',
    'rule add pref 0 from 10.0.1.10 lookup local',
    'rule add pref 0 lookup local protocol kernel',
  );
  ip(machine, 'rule del pref 0 lookup local');
  t.regex(ip(machine, 'rule'), /^0:\tfrom all lookup local\n/);
  t.is(refused(machine, 'rule del pref 77'), 'RTNETLINK answers: No such file or directory');
});
