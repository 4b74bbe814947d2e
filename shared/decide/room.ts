/** What commands under way leave to others: members of a mirror are changed one after another, so many at a time. Pure. */
import { type CommandRow, hasPlace } from '../model/rows.ts';

export interface Room {
  /** VIPs of VMs whose guest is being changed. */
  taken: Set<string>;
  /** How many more commands may be sent. */
  places: number;
}

export const emptyRoom = (maxCommands: number): Room => ({ taken: new Set(), places: maxCommands });

type Asks = Pick<CommandRow, 'mode' | 'vips'>;

/** True where another member of one of its mirrors is being changed. A check changes nothing. */
export const isTaken = ({ taken }: Room, { mode, vips }: Asks): boolean =>
  mode !== 'check' && vips.some((vip) => taken.has(vip));

/** Takes the room of a command that goes. */
export function occupy(room: Room, asks: Asks): void {
  take(room, asks);
  room.places -= 1;
}

/** Takes the room of one on its way. One that outlasts its deadline keeps its VM, and other members away; its place is for others. */
export function occupied(room: Room, command: Readonly<CommandRow>, now: number): void {
  take(room, command);
  if (hasPlace(command, now)) room.places -= 1;
}

function take({ taken }: Room, { mode, vips }: Asks): void {
  if (mode !== 'check') for (const vip of vips) taken.add(vip);
}
