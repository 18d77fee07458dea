/**
 * The door to @bufbuild/re2: patterns run in time linear in the text, whatever was pushed. The
 * engine's own RegExp is never given a pattern of a rule set.
 */
import { RE2JS } from '@bufbuild/re2';
import * as limits from '../limits.ts';

export type PatternTest = (text: string) => boolean;

/** What is wrong with a pattern, or undefined. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > limits.patternCharacters) {
    return `the pattern has ${pattern.length} characters, at most ${limits.patternCharacters}`;
  }
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** True when the pattern is found anywhere in the text, as CEL defines `matches`. */
export function openPattern(pattern: string): PatternTest {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.test(text);
}
