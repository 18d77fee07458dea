/**
 * Goal: frames of every released version decode for ever, and this version writes the same bytes.
 * Method: compare the committed files with what the codec makes of them, in both directions.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type GoldenMessage, goldenVersion } from './golden-cases.ts';
import {
  decodeGolden,
  encodeGolden,
  faultOf,
  goldenFiles,
  parseGoldenJson,
} from './write-golden.ts';

const root = join(import.meta.dirname, 'golden');
const frames = readdirSync(root).flatMap((version) =>
  readdirSync(join(root, version))
    .filter((name) => name.endsWith('.hex'))
    .map((name) => `${version}/${name.slice(0, -4)}`),
);

const read = (name: string) => readFileSync(join(root, name), 'utf8');

test.each(frames)('%s decodes to its value', (name) => {
  const hex = read(`${name}.hex`).trim();
  const golden = parseGoldenJson(read(`${name}.json`)) as {
    readonly message: GoldenMessage;
    readonly value?: unknown;
    readonly fault?: string;
  };
  const decoded =
    golden.fault === undefined
      ? decodeGolden(golden.message, Buffer.from(hex, 'hex'))
      : faultOf(golden.message, hex);
  expect(decoded).toEqual(golden.fault ?? golden.value);
  const again = golden.fault === undefined ? encodeGolden(golden.message, golden.value) : undefined;
  expect(again === undefined ? hex : Buffer.from(again).toString('hex')).toBe(hex);
});

test('this version has exactly the files that the script writes', () => {
  const files = goldenFiles();
  const names = readdirSync(join(root, goldenVersion)).toSorted();
  expect(names).toEqual([...files.keys()].toSorted());
  for (const [name, text] of files) expect(read(`${goldenVersion}/${name}`)).toBe(text);
});
