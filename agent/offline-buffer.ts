/** The buffer of an agent that does not run, for who only looks: nothing is evicted. */
import type { Log } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { type AgentBuffer, openBuffer } from './buffer/buffer.ts';

/** Who only looks repairs all the same, and `log` hears what that was. */
export async function openOffline(dir: string, log: Log): Promise<AgentBuffer> {
  return await openBuffer({
    dir,
    quotaBytes: Number.MAX_SAFE_INTEGER,
    headroomBytes: 0,
    headroomInodes: 0,
    clock: systemClock,
    ids: systemIds,
    log,
  });
}
