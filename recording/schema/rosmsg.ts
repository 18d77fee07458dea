import rosmsg from '@foxglove/rosmsg';
import * as limits from '../limits.ts';
import { badSchema, type Definitions, reasonOf } from './definition.ts';
import type { ChannelName } from './resolve.ts';

/** Parses `ros1msg` and `ros2msg` text: the message, then its parts between lines of `=`. */
export function parseRosmsg(text: string, ros2: boolean, channel: ChannelName): Definitions {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  if (lines.length > limits.schemaLines) throw badSchema(channel, 'it has too many lines');
  if (lines.filter((line) => line.trim().startsWith('==')).length > limits.schemaMessages) {
    throw badSchema(channel, 'it defines too many messages');
  }
  try {
    return rosmsg.parse(text, { ros2 });
  } catch (cause) {
    throw badSchema(channel, reasonOf(cause), cause);
  }
}
