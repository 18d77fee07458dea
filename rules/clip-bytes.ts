/** How large a clip would be, by what its topics took in recordings of the same device. */
import type { SeenRecording } from './fold-trials.ts';

export interface ByteRates {
  /** Stored bytes a second by topic. */
  readonly byDevice: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Over all devices, for a topic that a device has not shown. */
  readonly all: ReadonlyMap<string, number>;
}

/**
 * A topic's rate is its bytes over the seconds of those recordings that have it, times what the
 * recordings shrank by when they were stored.
 */
export function byteRates(recordings: readonly SeenRecording[]): ByteRates {
  const byDevice = Map.groupBy(recordings, ({ device }) => device);
  return {
    byDevice: new Map([...byDevice].map(([device, own]) => [device, ratesOf(own)])),
    all: ratesOf(recordings),
  };
}

function ratesOf(recordings: readonly SeenRecording[]): Map<string, number> {
  const sums = new Map<string, { bytes: number; seconds: number }>();
  let stored = 0;
  let raw = 0;
  for (const { trial, storedBytes } of recordings) {
    stored += storedBytes;
    const seconds = Number(trial.endNs - trial.startNs) / 1e9;
    for (const [topic, { bytes }] of trial.topics) {
      raw += bytes;
      const sum = sums.get(topic) ?? { bytes: 0, seconds: 0 };
      sum.bytes += bytes;
      sum.seconds += seconds;
      sums.set(topic, sum);
    }
  }
  const shrunk = raw === 0 ? 1 : stored / raw;
  return new Map(
    [...sums].flatMap(([topic, { bytes, seconds }]) =>
      seconds === 0 ? [] : [[topic, (shrunk * bytes) / seconds]],
    ),
  );
}

export function clipBytes(
  rates: ByteRates,
  clip: {
    /** Undefined: any device. */
    readonly device: string | undefined;
    readonly topics: readonly string[];
    readonly seconds: number;
  },
): number {
  const own = rates.byDevice.get(clip.device ?? '') ?? rates.all;
  const topics = clip.topics.includes('*') ? own.keys() : clip.topics;
  let perSecond = 0;
  for (const topic of topics) perSecond += own.get(topic) ?? rates.all.get(topic) ?? 0;
  return perSecond * clip.seconds;
}
