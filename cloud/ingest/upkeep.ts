/** The worker's part of ingest: uploads that nobody goes on with, and minutes of long ago. */
import { nodeDeadMs, stalledUploadMs } from '../limits.ts';
import { sweepEveryMs } from '../wire-limits.ts';
import { telemetryKeptMs, telemetryMinuteMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { telemetryStore } from '../store/telemetry.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { closeDeadNodes } from './presence.ts';
import { putBackStalled } from './transfer-rows.ts';

type Deps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'log'>;

export function openStalledUploads(deps: Deps): AsyncDisposable {
  const { write, clock } = deps;
  return openLoop(deps, { name: 'stalled-uploads', everyMs: telemetryMinuteMs }, async () => {
    const at = clock.now();
    const since = at - stalledUploadMs;
    await write.transaction().execute(async (trx) => await putBackStalled(trx, { since, at }));
  });
}

export function openTelemetryUpkeep(deps: Deps): AsyncDisposable {
  const { write, read, clock } = deps;
  return openLoop(deps, { name: 'telemetry', everyMs: sweepEveryMs }, async (signal) => {
    const since = clock.now() - telemetryKeptMs;
    for (const id of await measured(read)) {
      if (signal.aborted) return;
      await write.transaction().execute(async (trx) => await telemetryStore(trx).forget(id, since));
    }
  });
}

/** Where no ingest node is left to look after the others. */
export function openDeadNodes(deps: Deps): AsyncDisposable {
  const { write, clock } = deps;
  return openLoop(deps, { name: 'dead-nodes', everyMs: nodeDeadMs }, async () => {
    const at = clock.now();
    await write.transaction().execute(async (trx) => await closeDeadNodes(trx, at));
  });
}

async function measured(db: Db): Promise<readonly string[]> {
  const rows = await db.selectFrom('telemetry_latest').select('device_id').distinct().execute();
  return rows.map((row) => row.device_id);
}
