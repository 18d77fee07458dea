/**
 * What a start leaves behind goes at once: V8 would keep it until a heap had grown by half, and a
 * robot's agent hardly grows. Stops the thread for some tens of milliseconds, once.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (wish: object) => void;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
