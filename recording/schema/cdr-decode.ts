import { MessageReader } from '@foxglove/rosmsg2-serialization';
import type { Definitions } from './definition.ts';

/** The reference decoder of CDR messages; it throws plain errors on bad bytes. */
export function openCdrDecoder(definitions: Definitions): (bytes: Uint8Array) => unknown {
  const reader = new MessageReader(definitions);
  return (bytes) => reader.readMessage(bytes);
}
