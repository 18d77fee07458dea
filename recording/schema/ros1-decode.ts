import { MessageReader } from '@foxglove/rosmsg-serialization';
import type { Definitions } from './definition.ts';

/** The reference decoder of ROS 1 messages; it throws plain errors on bad bytes. */
export function openRos1Decoder(definitions: Definitions): (bytes: Uint8Array) => unknown {
  const reader = new MessageReader(definitions);
  return (bytes) => reader.readMessage(bytes);
}
