import rosmsg from '@foxglove/rosmsg';
import * as limits from '../limits.ts';
import { badSchema, type Definitions, reasonOf } from './definition.ts';
import type { ChannelName } from './resolve.ts';

/** Parses `ros1msg` and `ros2msg` text: the message, then its parts between lines of `=`. */
export function parseRosmsg(text: string, ros2: boolean, channel: ChannelName): Definitions {
  const lines = text.split('\n').flatMap((line) => fieldLine(line, ros2));
  if (lines.length > limits.schemaLines) throw badSchema(channel, 'it has too many lines');
  if (lines.filter((line) => line.startsWith('==')).length > limits.schemaMessages) {
    throw badSchema(channel, 'it defines too many messages');
  }
  try {
    return rosmsg.parse(lines.join('\n'), { ros2 });
  } catch (cause) {
    throw badSchema(channel, reasonOf(cause), cause);
  }
}

/**
 * What a line says about the bytes: comments, constants and default values say nothing, and the
 * parser takes exponential time on some of their literals.
 */
function fieldLine(written: string, ros2: boolean): string[] {
  const line = written.trim();
  if (line === '' || line.startsWith('#')) return [];
  const match = /^(\S+)\s+(\w+)(\s*=|\s|$)/.exec(line);
  if (match === null || match[1] === 'MSG:') return [line];
  if (match[3]?.endsWith('=') === true) return [];
  return [ros2 ? `${match[1]} ${match[2]}` : line];
}
