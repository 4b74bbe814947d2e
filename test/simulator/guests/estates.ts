/** Small estates for tests of the labs. */

export * from '../../../simulator/estate/severalAddresses.ts';
export * from '../../../simulator/estate/twoVms.ts';
