/** What tests of the Linux script do with a lab's guests: the same as the lab's cases. */
export * from '../../../lab/guests.ts';
