import { parseRos2idl } from '@foxglove/ros2idl-parser';
import * as limits from '../limits.ts';
import { badSchema, type Definitions, reasonOf } from './definition.ts';
import type { ChannelName } from './resolve.ts';

/** Parses `ros2idl` text: the modules of the message and of its parts. */
export function parseIdl(text: string, channel: ChannelName): Definitions {
  const plain = plainIdl(text);
  const isLong = (part: string): boolean => part.length > limits.idlDeclaration;
  if (plain.length > limits.idlCharacters || plain.split(/[;{}]/).some(isLong)) {
    throw badSchema(channel, 'it is too long');
  }
  try {
    return parseRos2idl(plain);
  } catch (cause) {
    throw badSchema(channel, reasonOf(cause), cause);
  }
}

/**
 * The text without comments and annotations: they say nothing about the bytes, and the parser
 * takes a time that grows with the square of their length.
 */
function plainIdl(text: string): string {
  const kept: string[] = [];
  let from = 0;
  for (const match of text.matchAll(/\/\/|\/\*|"|@/g)) {
    if (match.index < from) continue;
    kept.push(text.slice(from, match.index));
    from = endOfPart(text, match.index, match[0]);
    if (match[0] === '"') kept.push(text.slice(match.index, from));
  }
  kept.push(text.slice(from));
  return kept.join('').replaceAll(/[ \t]+/g, ' ');
}

function endOfPart(text: string, start: number, opening: string): number {
  const orEnd = (end: number): number => (end < 0 ? text.length : end);
  if (opening === '//') return orEnd(text.indexOf('\n', start));
  if (opening === '/*') return Math.min(text.length, orEnd(text.indexOf('*/', start + 2)) + 2);
  return opening === '"' ? endOfString(text, start) : endOfAnnotation(text, start);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(text.length, at + 1);
}

/** `@name` with its arguments, which may hold strings and brackets. */
function endOfAnnotation(text: string, start: number): number {
  const name = /@\s*[\w:]*\s*/y;
  name.lastIndex = start;
  let at = start + (name.exec(text)?.[0].length ?? 1);
  if (text[at] !== '(') return at;
  let depth = 0;
  for (; at < text.length; ) {
    const sign = text[at];
    if (sign === '"') {
      at = endOfString(text, at);
      continue;
    }
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    at += 1;
    if (depth === 0) break;
  }
  return at;
}
