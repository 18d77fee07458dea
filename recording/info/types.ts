import type { Fault } from '@fieldloop/core';
import type { RecordingFormat } from '../types.ts';

export interface ChannelInfo {
  readonly id: number;
  readonly topic: string;
  readonly schema: string;
  readonly schemaEncoding: string;
  readonly messageEncoding: string;
  readonly latched: boolean;
  readonly count: number;
  /** Messages a second over the whole recording; absent below two messages. */
  readonly hz?: number | undefined;
}

export interface RecordingInfo {
  readonly name: string;
  readonly format: RecordingFormat;
  readonly profile: string;
  readonly library: string;
  readonly sizeBytes?: number | undefined;
  /** True: read from the index; false: by walking the file. */
  readonly indexed: boolean;
  readonly messageCount: number;
  /** Smallest and largest log time; absent without messages. */
  readonly startNs?: bigint | undefined;
  readonly endNs?: bigint | undefined;
  readonly channels: readonly ChannelInfo[];
  /** Chunks by compression; `none` for stored ones. */
  readonly chunks: readonly {
    readonly compression: string;
    readonly count: number;
    readonly storedBytes: number;
    readonly bytes: number;
  }[];
  readonly metadata: readonly {
    readonly name: string;
    readonly entries: Readonly<Record<string, string>>;
  }[];
  readonly attachments: readonly {
    readonly name: string;
    readonly mediaType: string;
    readonly sizeBytes: number;
  }[];
  /** What ended the walk early. */
  readonly damage?: Fault | undefined;
}

export function rate(
  count: number,
  startNs: bigint | undefined,
  endNs: bigint | undefined,
): number | undefined {
  const ns = Number((endNs ?? 0n) - (startNs ?? 0n));
  return count < 2 || ns <= 0 ? undefined : ((count - 1) * 1e9) / ns;
}

/** Adds one chunk to the sums by compression. */
export class ChunkSums {
  readonly #sums = new Map<string, { count: number; storedBytes: number; bytes: number }>();

  add(compression: string, storedBytes: number, bytes: number): void {
    const name = compression === '' ? 'none' : compression;
    const sum = this.#sums.get(name) ?? { count: 0, storedBytes: 0, bytes: 0 };
    sum.count += 1;
    sum.storedBytes += storedBytes;
    sum.bytes += bytes;
    this.#sums.set(name, sum);
  }

  get rows(): RecordingInfo['chunks'] {
    return [...this.#sums].map(([compression, sum]) => ({ compression, ...sum }));
  }
}
