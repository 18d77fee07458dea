/**
 * Goal: where a detector says nothing that can be relied on, nobody takes that for an empty image.
 * Method: the scoring of frames as an object literal; what it is asked and what it answers.
 */
import { expect, test } from 'vitest';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { maxNotedBoxes } from '../limits.ts';
import type { Scoring } from '../score/scoring.ts';
import type { Frame } from '../score/tap.ts';
import { detectorOf } from './detector.ts';

const box = { class: 'face', score: 0.9, x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
const channel = jsonChannel(7, '/camera');
const data = jsonBytes({ data: 'x' });

/** What the detector makes of an answer, and the frame that it asked about. */
async function asked(answer: object | undefined) {
  const frames: Frame[] = [];
  const ask = ((frame: Frame) => {
    frames.push(frame);
    return Promise.resolve(answer);
  }) as Scoring['ask'];
  const found = await detectorOf({ ask })('faces', { channel, data });
  return { found, frame: frames[0] };
}

test('it asks the model about this very message and gives its boxes', async () => {
  const { found, frame } = await asked({ boxes: [box] });
  expect(found).toEqual([box]);
  expect(frame?.plan.model).toBe('faces');
  expect(frame).toMatchObject({ bytes: data, more: [] });
  expect((await asked({ boxes: [] })).found).toEqual([]);
});

test.each([
  ['no answer', undefined, 'gives no answer'],
  ['another kind of model', { values: {} }, 'is no detector'],
  ['too many boxes', { boxes: Array.from({ length: maxNotedBoxes }, () => box) }, 'more than'],
])('%s is refused', async (_, answer, why) => {
  await expect(asked(answer)).rejects.toThrow(why);
});
