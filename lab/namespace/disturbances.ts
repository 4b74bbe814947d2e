/** What somebody does to the article's vm-a that has the fix, and the drift that check then names. */
import type { Drift } from '../../shared/model/guest.ts';
import { RULES_OF_A, UCR } from '../guests.ts';

export interface Disturbance {
  what: string;
  by: string;
  /** What check names for UCR's path and for PI's. */
  ucr: Drift[];
  pi: Drift[];
  /** It leaves something that is somebody else's, which neither apply nor remove takes away. */
  leavesForeign?: true;
}

export const DISTURBANCES: Disturbance[] = [
  { what: 'one VIP route is gone', by: `ip route del ${UCR}/32 table 7201`, ucr: ['route-missing'], pi: [] },
  {
    what: 'the VIP routes are gone with the link',
    by: 'ip link set eth1 down; ip link set eth1 up; ip route add 10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101',
    ucr: ['route-missing'],
    pi: ['route-missing'],
  },
  {
    what: 'a VIP route leaves by the other NIC',
    by: `ip route replace ${UCR}/32 via 10.0.1.1 dev eth0 src 10.0.1.11 proto 201 table 7201`,
    ucr: ['route-wrong'],
    pi: [],
  },
  {
    what: 'a VIP route has another gateway',
    by: `ip route replace ${UCR}/32 via 10.0.1.7 dev eth1 src 10.0.1.11 proto 201 table 7201`,
    ucr: ['route-wrong'],
    pi: [],
  },
  {
    what: 'a VIP route has lost its source',
    by: `ip route replace ${UCR}/32 via 10.0.1.1 dev eth1 proto 201 table 7201`,
    ucr: ['route-wrong'],
    pi: [],
  },
  {
    what: 'a VIP route stands a second time with a metric',
    by: `ip route add ${UCR}/32 via 10.0.1.1 dev eth1 src 10.0.1.11 metric 9 proto 201 table 7201`,
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'somebody made a VIP route his own',
    by: `ip route replace ${UCR}/32 via 10.0.1.1 dev eth1 src 10.0.1.11 proto static table 7201`,
    ucr: ['route-missing'],
    pi: [],
    leavesForeign: true,
  },
  {
    what: 'the reply route is gone',
    by: 'ip route del 10.0.1.11/32 table 7202',
    ucr: ['reply-route'],
    pi: ['reply-route'],
  },
  {
    what: 'the reply rule is gone',
    by: `ip rule del ${RULES_OF_A.replyTable}`,
    ucr: ['reply-rule'],
    pi: ['reply-rule'],
  },
  {
    what: 'the reply rule lets everybody through',
    by: `ip rule del ${RULES_OF_A.reply}`,
    ucr: ['reply-rule'],
    pi: ['reply-rule'],
  },
  {
    what: 'the last of our rules is gone',
    by: `ip rule del ${RULES_OF_A.end}`,
    ucr: ['reply-rule'],
    pi: ['reply-rule'],
  },
  {
    what: 'the kernel’s rule for the local table stands before ours',
    by: `ip rule add pref 0 lookup local protocol kernel; ip rule del ${RULES_OF_A.local}; ip rule add ${RULES_OF_A.local} protocol kernel`,
    ucr: ['reply-order'],
    pi: ['reply-order'],
  },
  {
    what: 'the kernel’s rule for the local table is back in place of ours',
    by: `ip rule add pref 0 lookup local protocol kernel; ip rule del ${RULES_OF_A.local}`,
    ucr: ['reply-order'],
    pi: ['reply-order'],
  },
  {
    what: 'the kernel’s rule for the local table stands behind ours',
    by: 'ip rule add pref 0 lookup local protocol kernel',
    ucr: ['reply-order'],
    pi: ['reply-order'],
  },
  {
    what: 'the reply rule holds for everything, not for lo alone',
    by: `ip rule del ${RULES_OF_A.replyTable}; ip rule add pref 32760 from 10.0.1.10 to 10.0.1.11 lookup 7202 protocol 201`,
    ucr: ['reply-rule', 'leftover'],
    pi: ['reply-rule', 'leftover'],
  },
  {
    what: 'the rule for sockets bound to the via address is gone',
    by: `ip rule del ${RULES_OF_A.viaTable}`,
    ucr: ['lookup-rule'],
    pi: ['lookup-rule'],
  },
  {
    what: 'the rule for unbound sockets lets everybody through',
    by: `ip rule del ${RULES_OF_A.unbound}`,
    ucr: ['lookup-rule'],
    pi: ['lookup-rule'],
  },
  {
    what: 'a rule of an older plan is there',
    by: 'ip rule add pref 2 from 10.0.1.11 to 10.0.1.99 lookup 7201 protocol 201',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'a route of an older plan is there',
    by: 'ip route add 10.0.1.99/32 via 10.0.1.1 dev eth1 table 7250 proto 201',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'routes of other kinds are there',
    by: 'ip route add blackhole 10.0.1.99/32 table 7201 proto 201; ip route add throw default table 7202 proto 201; ip route add local 10.0.1.98 dev lo table 7250 proto 201',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'an interrupted run left its temporary rule',
    by: 'ip rule add pref 1 lookup local protocol kernel',
    ucr: ['reply-order', 'leftover'],
    pi: ['reply-order', 'leftover'],
  },
  {
    what: 'an interrupted run left only its temporary rule',
    by: 'ip rule add pref 1 lookup local protocol kernel; ip rule del pref 0 lookup local',
    ucr: ['reply-order', 'leftover'],
    pi: ['reply-order', 'leftover'],
  },
  {
    what: 'all rules were flushed, which leaves those at preference 0',
    by: 'ip rule flush; ip rule add pref 32766 lookup main protocol kernel; ip rule add pref 32767 lookup default protocol kernel',
    ucr: ['reply-rule', 'lookup-rule'],
    pi: ['reply-rule', 'lookup-rule'],
  },
  {
    what: 'the VIP table was emptied',
    by: 'ip route flush table 7201',
    ucr: ['route-missing'],
    pi: ['route-missing'],
  },
  {
    what: 'the reply table was emptied',
    by: 'ip route flush table 7202',
    ucr: ['reply-route'],
    pi: ['reply-route'],
  },
];
