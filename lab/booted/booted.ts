/** Guests that boot a real systemd and network manager. */
import type { LabCase } from '../case.ts';

/** What this machine lacks for booted guests; empty when they can run. */
export const bootedNeeds = (): string[] => ['booted guests, which this checkout does not have'];

export const bootedCases = async (): Promise<LabCase[]> => [];

export const stopBooted = async (): Promise<void> => {};
