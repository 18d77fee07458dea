/** What each adapter's test hands to the contract suites of the stores. */
import type { Db } from './db.ts';

export interface StoreWorld extends AsyncDisposable {
  /** Migrated, with the devices `amr-01` and `amr-02`. */
  readonly db: Db;
  deviceId(name: string): Promise<string>;
}

export type OpenStore = () => Promise<StoreWorld>;
