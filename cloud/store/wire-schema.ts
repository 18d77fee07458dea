/** Row types of the tables of step 0002-wire. */
export type WireTables = Record<never, never>;
