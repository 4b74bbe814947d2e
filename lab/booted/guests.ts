/** The lab's guests, and what happens to each, in this order. */
import { boots, last } from './cases/boot.ts';
import { type BootedCase, common, nics, renamed } from './cases/common.ts';
import * as by from './cases/managers.ts';
import * as rules from './cases/neighbours.ts';
import { atRest, waitsForCommand } from './cases/rest.ts';
import { ifupdown, ifupdownDhcp } from './managers/ifupdown.ts';
import { netplan, networkd, networkdDhcp } from './managers/networkd.ts';
import { cloudSetupGuest, networkManager, networkManagerDhcp } from './managers/networkManager.ts';
import type { GuestSpec } from './managers/spec.ts';

/** A guest, and its cases. */
export interface Entry {
  spec: GuestSpec;
  cases: BootedCase[];
}

/** Begins the names of cases of guests that have their addresses by DHCP. */
export const DHCP = 'DHCP: ';
const onDhcp = (cases: BootedCase[]): BootedCase[] => cases.map((it) => ({ ...it, name: `${DHCP}${it.name}` }));

export const GUESTS: Entry[] = [
  {
    spec: networkManager,
    cases: [
      ...common,
      ...by.networkManager,
      rules.networkManagerRule,
      ...nics,
      renamed,
      by.defaultRouteFlips,
      ...boots,
      last,
    ],
  },
  {
    spec: networkd,
    cases: [...common, atRest, waitsForCommand, ...by.networkd, rules.networkdRule, ...nics, renamed, ...boots, last],
  },
  {
    spec: networkManagerDhcp,
    cases: onDhcp([
      ...common.slice(0, 2),
      by.renewals,
      by.leaseLost,
      ...by.networkManager,
      ...nics.slice(0, 2),
      ...boots,
      last,
    ]),
  },
  {
    spec: networkdDhcp,
    cases: onDhcp([
      ...common.slice(0, 2),
      by.renewals,
      by.leaseLost,
      ...by.networkd,
      ...nics.slice(0, 2),
      ...boots,
      last,
    ]),
  },
  { spec: cloudSetupGuest, cases: [...common, ...by.networkManager, ...by.cloudSetup, ...nics, ...boots, last] },
  { spec: netplan, cases: [...common, ...by.netplan, rules.netplanRule, ...nics, renamed, ...boots, last] },
  { spec: ifupdown, cases: [...common, ...by.ifupdown, rules.ifupdownRule, ...nics, ...boots, last] },
  {
    spec: ifupdownDhcp,
    // dhclient does not put the default route back after a lost lease, with or without the fix.
    cases: onDhcp([...common.slice(0, 2), by.renewals, ...by.ifupdown, ...boots, last]),
  },
];
