/** A terminal for tests that remembers what was written. */
import type { CliIo } from './io.ts';

export interface SampleIo extends CliIo {
  readonly written: { out: string; err: string };
}

export function sampleIo(over: Partial<CliIo> = {}): SampleIo {
  const written = { out: '', err: '' };
  return {
    written,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    isTerminal: false,
    columns: 0,
    env: {},
    cwd: '/',
    ...over,
  };
}
