/** How far a long file is read, on one line of the terminal that is wiped at the end. */
import { formatSize } from '@fieldloop/core';
import type { CliIo } from './io.ts';

export interface Progress {
  /** Bytes read so far. */
  readonly at: (offset: number) => void;
  end(): void;
}

/** Milliseconds before the first line and between two of them. */
const every = 250;

export function openProgress(io: CliIo, name: string, size: number | undefined): Progress {
  let nextMs = performance.now() + every;
  let isShown = false;
  return {
    at(offset) {
      if (!io.isTerminal || performance.now() < nextMs) return;
      nextMs = performance.now() + every;
      const share =
        size === undefined || size === 0 ? '' : ` ${Math.floor((100 * offset) / size)} %`;
      io.err(`\r\u001b[K${name}: ${formatSize(offset)}${share}`);
      isShown = true;
    },
    end() {
      if (isShown) io.err('\r\u001b[K');
    },
  };
}
