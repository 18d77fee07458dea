/**
 * A region: a place whose rules hold for what is recorded there. Sites lie in regions; people work
 * in regions, and some of them own what is recorded there for a customer.
 */
export interface Region {
  readonly id: string;
  readonly name: string;
  readonly note?: string;
  /** Names of sites; a site lies in one region at most. */
  readonly sites: readonly string[];
  /** Ids of people. */
  readonly people: readonly string[];
  /** Those of the people who decide for the customer. */
  readonly owners: readonly string[];
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const regionNamePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
