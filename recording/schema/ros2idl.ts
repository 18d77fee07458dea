import { parseRos2idl } from '@foxglove/ros2idl-parser';
import * as limits from '../limits.ts';
import { badSchema, type Definitions, reasonOf } from './definition.ts';
import type { ChannelName } from './resolve.ts';

/** Parses `ros2idl` text: the modules of the message and of its parts. */
export function parseIdl(text: string, channel: ChannelName): Definitions {
  if (text.length > limits.idlCharacters) throw badSchema(channel, 'it is too long');
  try {
    return parseRos2idl(text);
  } catch (cause) {
    throw badSchema(channel, reasonOf(cause), cause);
  }
}
