/** Who listens and calls where. */

/** The superserver's. */
export const PORT = 1972;
/** Of the management connection. */
export const MANAGEMENT_PORT = 22;
/** Where a person's ssh comes from: beyond the gateway. */
export const PERSON = '10.9.9.9';
