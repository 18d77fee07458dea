import { parseRos2idl } from '@foxglove/ros2idl-parser';
import * as limits from '../limits.ts';
import { badSchema, type Definitions } from './definition.ts';
import type { ChannelName } from './resolve.ts';

/** Parses `ros2idl` text: the modules of the message and of its parts. */
export function parseIdl(text: string, channel: ChannelName): Definitions {
  if (text.length > limits.idlCharacters) throw badSchema(channel, 'it is too long');
  try {
    return parseRos2idl(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'no reason';
    throw badSchema(channel, (message.split('\n')[0] ?? '').slice(0, 160), cause);
  }
}
