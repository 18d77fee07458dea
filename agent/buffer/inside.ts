/** What the parts of an open buffer share; made in `buffer.ts`, known to this station alone. */
import type { Clock, Ids, Log } from '@fieldloop/core';
import type { ClipTable } from './clips.ts';
import type { Disk } from './disk.ts';
import type { Lanes } from './lanes.ts';
import type { LaneName } from './marks.ts';
import type { Places } from './places.ts';
import type { Reserve } from './plan.ts';
import type { Sqlite } from './sqlite.ts';

export interface Inside {
  readonly places: Places;
  readonly disk: Disk;
  readonly db: Sqlite;
  readonly clips: ClipTable;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly headroomInodes: number;
  /** These three change when the configuration is read again. */
  quotaBytes: number;
  headroomBytes: number;
  reserve: Reserve;
  /** Clips whose bytes are on their way: never evicted. */
  readonly inTransfer: Set<string>;
  /** Clips whose delete is under way in this process. */
  readonly inDeletion: Set<string>;
  /** One durable transaction; wakes those who wait for rows and clips. */
  readonly write: <T>(body: () => T) => T;
  /** A row into a lane; kept in memory while the disk refuses. */
  readonly addRow: (lane: LaneName, body: Uint8Array) => void;
  /** Says why the buffer works with restrictions; undefined lifts it. */
  readonly degrade: (why: string | undefined) => void;
}
