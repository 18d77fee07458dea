/**
 * Goal: the documents that this repository shows people are taken as they stand, and the schemas
 * beside them are those that the cloud checks by.
 * Method: read firmware-manifests; `FIELDLOOP_WRITE_DOCS=1` writes the schemas anew.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from '../http/openapi.ts';
import { manifestSchema, parseManifest } from '../release/manifest.ts';
import { parsePlan, planSchema } from './document.ts';

const root = join(import.meta.dirname, '../../firmware-manifests');
const texts = (folder: string): readonly (readonly [string, string])[] =>
  readdirSync(join(root, folder)).map((file) => [
    file,
    readFileSync(join(root, folder, file), 'utf8'),
  ]);

test.each(texts('releases'))('release %s is clean by itself', (_file, text) => {
  expect(parseManifest(text).faults).toEqual([]);
});

test.each(texts('rollouts'))('rollout %s is clean by itself', (_file, text) => {
  expect(parsePlan(text).faults).toEqual([]);
});

test('all that is wrong with a plan is told at once, by line', () => {
  const [, text = ''] = texts('rollouts').find(([file]) => file === 'detector.yaml') ?? [];
  const wrong = text
    .replace('weightBp: 2000', 'weightBp: 1000')
    .replace('broad: promote-if-no-harm', 'wide: human')
    .replace('orBp: 500', 'bricks: 1')
    .replace('percent: 80', 'percent: 8');
  const found = parsePlan(wrong).faults.map(({ line, message }) => `${line} ${message}`);
  expect(found.toSorted()).toEqual([
    '13 a stage is not smaller than the one before',
    '23 the weights are 9000 bp together, not 10,000',
    '27 there is no hard stop "bricks"',
    '28 there is no stage "wide"',
  ]);
});

test.each([
  ['release', manifestSchema],
  ['rollout', planSchema],
] as const)('the schema of a %s is the one that is checked', (name, schema) => {
  const path = join(root, 'schema', `${name}.schema.json`);
  const text = `${JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`;
  // oxlint-disable-next-line no-process-env
  if (process.env['FIELDLOOP_WRITE_DOCS'] === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8')).toBe(text);
});
