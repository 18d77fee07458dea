/** The worker's part of commands: those whose time is over end, those of long ago are forgotten. */
import { commandExpiryMs, commandExpiryRows, commandRowMs } from '../limits.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { commandStore } from './store.ts';

export function openCommandExpiry(
  deps: Pick<WorkerDeps, 'write' | 'clock' | 'log'>,
): AsyncDisposable {
  const { write, clock } = deps;
  return openLoop(deps, { name: 'command-expiry', everyMs: commandExpiryMs }, async (signal) => {
    for (let isMore = true; isMore && !signal.aborted; ) {
      const at = clock.now();
      const expired = await write.transaction().execute(async (trx) => {
        await commandStore(trx).forget(at - commandRowMs);
        return await commandStore(trx).expire(at, commandExpiryRows);
      });
      isMore = expired.length === commandExpiryRows;
    }
  });
}
