/** How fast bytes go up: over the last whole span, so that no look at it changes it. Pure. */
import { uplinkRateMs } from '../limits.ts';

export interface Rate {
  /** Bytes a second. */
  readonly bytesPerSecond: number;
  /** `bytes` so far, at a monotonic time. */
  look(bytes: number, nowMs: number): void;
}

export function openRate(startMs: number): Rate {
  let from = { bytes: 0, ms: startMs };
  let bytesPerSecond = 0;
  return {
    get bytesPerSecond() {
      return bytesPerSecond;
    },
    look(bytes, ms) {
      if (ms - from.ms < uplinkRateMs) return;
      bytesPerSecond = Math.round(((bytes - from.bytes) * 1000) / (ms - from.ms));
      from = { bytes, ms };
    },
  };
}
