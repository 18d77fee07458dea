import type { KyselyConfig } from './kysely.ts';

/** Hears how long each statement took, in milliseconds, with the wait for its connection apart. */
export type OnQuery = (ms: number) => void;

/** The part of Kysely's settings that measures. */
export const timed = (onQuery: OnQuery | undefined): Pick<KyselyConfig, 'log'> =>
  onQuery === undefined ? {} : { log: ({ queryDurationMillis }) => onQuery(queryDurationMillis) };
