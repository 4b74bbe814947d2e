/** Codes that a guest script can end with: what it means, and what a person does. The table in docs/findings.md is made from this. */
import { sentenceOf } from './sentences.ts';

/** Every code with its sentence. The report brings the code and a short detail: a name of an interface, tool or file. */
export const GUEST_ERRORS = {
  NIC_NOT_FOUND:
    'No interface of the VM has the MAC that Azure names, or it is down. Start the interface, or start the VM again if the NIC was attached while it ran.',
  NIC_AMBIGUOUS: 'Several interfaces have the MAC that Azure names. Look for a bond, bridge or copy of the interface.',
  ADDRESS_NOT_ON_NIC:
    'The interface lacks the address that Azure gave it. Let it take its address by DHCP, or set the one that Azure names.',
  NO_GATEWAY:
    'The address of the interface has no network around it (a /32), and no other address and no route of the interface tells its gateway. Give the interface the prefix length of its subnet.',
  VIP_IS_LOCAL:
    'The guest itself holds the VIP as an address, so its connects never leave it. Take the VIP off the interface, loopback too.',
  WRONG_MACHINE: 'None of the MACs of the plan is in this VM, so nothing was done. Look whether the VM was made anew.',
  UNSUPPORTED_OS:
    'The kernel, iproute2 or shell of the guest is too old. Supported are Linux with kernel and iproute2 4.17 and bash 4.4 or later, and Windows Server 2016 or later.',
  TOOL_MISSING:
    'A tool that the script needs is not in the guest. Install it; on Linux it belongs to iproute2 or coreutils.',
  ACCESS_DENIED:
    'The script may not write where it must, or does not run as root or administrator. Look for a full or read-only file system, and for security software.',
  BUSY: 'Another run of the script holds the guest. If it lasts, look for one that hangs.',
  TIME_IS_UP: 'The script ran out of its time. If it lasts, look for load on the VM, or raise HAIRPIN_COMMAND_SECONDS.',
  CHANGE_FAILED:
    'A change in the guest could not be made, or did not last, and was taken back where it could do harm. The detail says which; look for a program that manages routes and rules.',
  ADDRESS_REFUSED:
    'The plan names an address that this program never routes: loopback, link-local, multicast, Azure’s 168.63.129.16, or a public one that is in none of the networks in HAIRPIN_NETWORKS. The script changed nothing. The app refuses such a plan itself, so look for who changed it, and report this with the detail.',
  BAD_PLAN: 'The script refused the plan that it was given, and changed nothing. Report this with the detail.',
} as const satisfies Record<string, string>;

export type GuestErrorCode = keyof typeof GUEST_ERRORS;

/** All codes. */
export const GUEST_ERROR_CODES = Object.keys(GUEST_ERRORS) as GuestErrorCode[];

/** What a code means and what to do; for a code of another version of the scripts what holds for all. */
export const guestErrorText = (code: string): string =>
  sentenceOf(GUEST_ERRORS, code) ?? 'This program does not know the code: look at the command’s output in the portal.';
