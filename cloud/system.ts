/** What a process of the cloud is given from outside: time, ids, chance and its log. */
import type { Clock, Ids, Log, RandomBytes } from '@fieldloop/core';

export interface CloudSystem {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
}
