/** What tests of the Linux script do with a lab's guests: the same as the lab's cases. */
export * from '../../../lab/guests.ts';

/** What ends a client that stands. */
export const END = '/tmp/end';
/** The rest of a Node.js program in a guest that stays until it is told to end. */
export const STANDS = `setInterval(() => require('fs').existsSync('${END}') && process.exit(), 50)`;
