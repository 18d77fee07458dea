/**
 * Goal: a problem inside an expression points at its own character in the file.
 * Method: write texts in each YAML style, and compare the characters at the mapped offsets.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isScalar, parseDocument, stringify } from 'yaml';
import { scalarOffsets } from './scalar-offsets.ts';

const styles = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
} as const;

function offsetsOf(text: string): { value: string; offsets: Int32Array; style: string } {
  const document = parseDocument(text);
  const node = document.getIn(['key'], true);
  if (!isScalar(node) || typeof node.value !== 'string') throw new Error('not a text');
  const [start, end] = node.range ?? [0, 0];
  const style = styles[node.type as keyof typeof styles];
  const offsets = scalarOffsets(text, { value: node.value, style, start, end });
  return { value: node.value, offsets, style };
}

test.each([
  ['plain', 'key: vx > 0.5 && y < 1 # here\n', 'y'],
  ['plain, folded', 'key: vx > 0.5\n  && y < 1\n', 'y'],
  ['single', "key: 'a == \"it''s\" && y'\n", 'y'],
  ['double', 'key: "a == \\"x\\" && \\u0041 && \\ty"\n', 'y'],
  ['double, folded with an escaped break', 'key: "vx > 0.5 \\\n     && y"\n', 'y'],
  ['literal', 'key: |\n  vx > 0.5 &&\n    y < 1\n', 'y'],
  ['literal with a header comment', 'key: |2- # y here\n   vx &&\n  y\n', 'y'],
  ['folded', 'key: >-\n  vx > 0.5\n\n  &&\n  y < 1\n', 'y'],
])('%s', (_, text, needle) => {
  const { value, offsets } = offsetsOf(text);
  const at = value.lastIndexOf(needle);
  expect(text.charAt(offsets[at] ?? -1)).toBe(needle);
  expect(offsets[at]).toBe(text.lastIndexOf(needle));
});

test('every visible character of a value maps to itself, in every style', () => {
  const word = fc.stringMatching(/^[a-z0-9()<>&|!.,'"\\é-]{1,8}$/);
  const space = fc.constantFrom(' ', '  ', '\n', '\n\n', '\n  ');
  const value = fc
    .array(fc.tuple(word, space), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.map((part) => part.join('')).join('') + 'end');
  const kind = fc.constantFrom(...(Object.keys(styles) as (keyof typeof styles)[]));
  fc.assert(
    fc.property(value, kind, (wanted, type) => {
      const text = stringify({ key: wanted }, { defaultStringType: type, lineWidth: 30 });
      const { value: read, offsets, style } = offsetsOf(text);
      expect(read).toBe(wanted);
      for (let i = 0; i < read.length; i += 1) {
        const c = read.charAt(i);
        const isEscaped = style === 'double' && text.charAt(offsets[i] ?? -1) === '\\';
        if (/\s/.test(c) || isEscaped) continue;
        expect(text.charAt(offsets[i] ?? -1)).toBe(c);
      }
      for (let i = 1; i <= read.length; i += 1) {
        expect(offsets[i]).toBeGreaterThanOrEqual(offsets[i - 1] ?? 0);
      }
    }),
    { numRuns: 500, seed: 20_251_121 },
  );
});
