/** What is sent into a VM and what comes back. The wire formats are in guest/; these are the words. */
import type { GuestErrorCode } from './guestErrors.ts';

/** Operating systems that there is a script for. */
export const GUEST_OSES = ['linux', 'windows'] as const;

export type GuestOs = (typeof GUEST_OSES)[number];

/** `check` looks and connects and changes nothing; `apply` repairs; `remove` takes away exactly what was added. */
export const GUEST_MODES = ['check', 'apply', 'remove'] as const;

export type GuestMode = (typeof GUEST_MODES)[number];

/** An address of the VM and the MAC of the NIC that carries it (lower case, colons). */
export interface NicAddress {
  ip: string;
  mac: string;
}

/** Backend addresses of one frontend on one VM: Azure takes a rule with at most two pools, a pool any number of a NIC's. */
export const MAX_BACKENDS = 8;

/** One VIP as the guest must reach it. */
export interface PlannedFrontend {
  vip: string;
  /** TCP port on the VIP that a connect proves; undefined when none may be touched (UDP only, no TCP rule). */
  port?: number;
  /** The member's own addresses in the frontend's pools, at least one. */
  backends: NicAddress[];
  /** The address outside the pools that carries the host route. */
  via: NicAddress;
  /** It is in no plan of today: what is in the guest is left as it is, and nothing fails for it. No part of the hash. */
  kept?: true;
}

/** More frontends than this do not fit in one report (see guest/wire.ts). */
export const MAX_FRONTENDS = 64;

/** What a VM should have: pure result of evaluate, sorted by VIP so that its hash is stable. */
export interface GuestPlan {
  /** Linux: the network of the containers in which the instances behind all of the VIPs run, such as 172.17.0.0/16. */
  containers?: string;
  frontends: PlannedFrontend[];
}

/** One command: a plan, what to do with it, and the id that makes a repeated send equal. */
export interface GuestCommand {
  /** 32 hex digits: sha256 of VM key and sequence number. The report carries it back. */
  commandId: string;
  mode: GuestMode;
  plan: GuestPlan;
  /** Networks of public addresses that VIPs and NICs may have, such as 20.1.0.0/16; none when not there. */
  networks?: string[];
  limits: {
    /** How long one connect may take. */
    connectSeconds: number;
    /** The script ends itself before this. */
    totalSeconds: number;
  };
}

/** How a connect ended. `none`: not tried (no port, or the time was up). */
export type ConnectOutcome = 'ok' | 'timeout' | 'refused' | 'reset' | 'unreachable' | 'error' | 'none';

/**
 * What is wrong with one path's state in the guest. Empty list: the state equals the plan.
 * Linux and Windows use the same words for the same things.
 */
export type Drift =
  | 'nic-missing' // no interface with that MAC and address that is up
  | 'route-missing' // no host route for the VIP of ours
  | 'route-wrong' // ours, but another interface, gateway or source
  | 'route-foreign' // somebody else's host route for the VIP takes precedence
  | 'route-duplicate' // Windows: more than one host route
  | 'route-not-persistent' // lost at reboot
  | 'reply-route' // Linux: the reply's table lacks its route
  | 'reply-rule' // Linux: the rule that steers the reply is missing
  | 'reply-order' // Linux: `lookup local` stands before it
  | 'lookup-rule' // Linux: a rule that leads into our table is missing
  | 'weak-host' // Windows: WeakHostSend or WeakHostReceive is on
  | 'script-changed' // the installed files differ
  | 'unit-disabled' // the service that keeps the state is off
  | 'leftover'; // something of an older plan is still there

/** One path as the guest saw it, in the plan's order. */
export interface PathReport {
  vip: string;
  /** State before and after; for `check` both are what was found. */
  before: Drift[];
  after: Drift[];
  connectBefore: { outcome: ConnectOutcome; ms: number };
  connectAfter: { outcome: ConnectOutcome; ms: number };
  /** Source address of the last connect, when there was one. */
  source?: string;
  /**
   * `self`: the accepted peer was seen to be via address and port; `remote`: connected, but not to this guest; `none`:
   * not connected, or it could not be told (Linux: warning sockets-unread).
   */
  proof: 'self' | 'remote' | 'none';
  /** With proof `self`: the backend address and port that accepted the connect. */
  accepted?: { ip: string; port: number };
  /** Linux: where a connect got lost though the state is as planned. */
  lost?: LostConnect;
}

/**
 * The packet of a connect through a VIP that got lost: the request leaving by the via NIC or arriving at the backend
 * NIC, or the reply leaving by the backend NIC or arriving at the via NIC. While another VM is primary, `request-in`
 * means no more than that the request left and nothing came back.
 */
export type LostPacket = 'request-out' | 'request-in' | 'reply-out' | 'reply-in';

/** A firewall of the guest that may have ended a packet. */
export interface FirewallPlace {
  /** For a person: `nftables (table inet filter, chain input)`. */
  where: string;
  /** The command that lets this packet pass there, and nothing else; for a person to run, never run by this program. */
  rule: string;
}

/** Where a connect got lost. */
export interface LostConnect {
  packet: LostPacket;
  places: FirewallPlace[];
  /** With `request-in`: what may have ended the reply at the via NIC, if another VM had the request. */
  replyPlaces: FirewallPlace[];
  /** With `request-in`: the address, not of the VM, to which a rule of the firewall hands the request: a container’s. */
  handedTo?: string;
  /** Firewalls that are there and could not be read: names of tools. */
  unread: string[];
}

/** A guest's answer to one command. */
export interface GuestReport {
  schema: 1;
  commandId: string;
  os: GuestOs;
  mode: GuestMode;
  /** How many things were changed (routes, rules, files). */
  changed: number;
  paths: PathReport[];
  /** Plain codes, some with what they name; shown with a sentence from guest/warnings.ts. */
  warnings: string[];
  /** A service in the guest is there and keeps the state: what others change there, it puts right by itself. */
  heals?: true;
  /** The exit code is 0 only without one. */
  errorCode?: GuestErrorCode;
  /** Short plain detail for the error: an interface name, a tool name. Never trusted, always escaped when shown. */
  errorDetail?: string;
}
