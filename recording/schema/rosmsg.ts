import rosmsg from '@foxglove/rosmsg';
import * as limits from '../limits.ts';
import { badSchema, type Definitions, reasonOf } from './definition.ts';
import type { ChannelName } from './resolve.ts';

export interface RosText {
  readonly text: string;
  readonly isRos2: boolean;
  /** Of the message; the package of its own names without one. */
  readonly schemaName: string;
}

/** Parses `ros1msg` and `ros2msg` text: the message, then its parts between lines of `=`. */
export function parseRosmsg(
  { text, isRos2, schemaName }: RosText,
  channel: ChannelName,
): Definitions {
  const written = text.split('\n').flatMap((line) => fieldLine(line, isRos2));
  const lines = withPackages(written, schemaName, isRos2);
  if (lines.length > limits.schemaLines) throw badSchema(channel, 'it has too many lines');
  if (lines.filter((line) => line.startsWith('==')).length > limits.schemaMessages) {
    throw badSchema(channel, 'it defines too many messages');
  }
  try {
    return rosmsg.parse(lines.join('\n'), { ros2: isRos2 });
  } catch (cause) {
    throw badSchema(channel, reasonOf(cause), cause);
  }
}

/**
 * What a line says about the bytes: comments, constants and default values say nothing, and the
 * parser takes exponential time on some of their literals. The middle of `pkg/msg/Type` may be
 * left out in ROS 2: here it is.
 */
function fieldLine(written: string, isRos2: boolean): string[] {
  const line = isRos2
    ? written.trim().replace(/^((?:MSG:\s*)?\w+)\/msg\/(?=\w)/, '$1/')
    : written.trim();
  if (line === '' || line.startsWith('#')) return [];
  const match = /^(\S+)\s+(\w+)(\s*=|\s|$)/.exec(line);
  if (match === null || match[1] === 'MSG:') return [line];
  if (match[3]?.endsWith('=') === true) return [];
  return [isRos2 ? `${match[1]} ${match[2]}` : line];
}

/**
 * A name without a package is of the package of the message that uses it, where that is defined;
 * the parser does not know the package of the first message and has its own mind about `Header`.
 * In ROS 1 that one is always of std_msgs (genmsg, `resolve_type`).
 */
function withPackages(lines: readonly string[], schemaName: string, isRos2: boolean): string[] {
  const defined = new Set(lines.flatMap((line) => /^MSG:\s*(\S+)/.exec(line)?.[1] ?? []));
  let home = packageOf(schemaName);
  return lines.map((line) => {
    const message = /^MSG:\s*(\S+)/.exec(line)?.[1];
    if (message !== undefined) home = packageOf(message);
    const name = /^[A-Z]\w*(?![\w/])/.exec(line)?.[0] ?? '';
    const isOwn = defined.has(`${home}/${name}`) && (isRos2 || name !== 'Header');
    return isOwn && message === undefined ? `${home}/${line}` : line;
  });
}

const packageOf = (name: string): string => name.split('/')[0] ?? '';
