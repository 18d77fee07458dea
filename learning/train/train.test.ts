/**
 * Goal: training follows the true slope, learns what can be learned, and repeats itself.
 * Method: derivatives against central differences; toy problems with a known answer; two runs.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { entropy, softmax, topIndex } from '../scores.ts';
import { logitsOf, openNetwork, roundToSingle } from './network.ts';
import { gradient, type Samples, train } from './train.ts';

const seed = 'train-test';

const options = { hidden: [12], epochs: 60, batch: 16, learningRate: 0.02, weightDecay: 1e-4 };

/** Points in a square; the class is the quadrant's parity, which no single layer can tell. */
function parity(count: number, label: string): Samples {
  const random = seededRandom(`${seed}/${label}`);
  const inputs = Float32Array.from({ length: count * 2 }, () => random.next() * 2 - 1);
  const targets = new Float32Array(count * 2);
  for (let i = 0; i < count; i += 1) {
    const odd = (inputs[i * 2] ?? 0) > 0 !== (inputs[i * 2 + 1] ?? 0) > 0;
    targets[i * 2 + (odd ? 1 : 0)] = 1;
  }
  return { count, inputs, targets };
}

function accuracy(network: ReturnType<typeof train>, samples: Samples): number {
  let right = 0;
  for (let i = 0; i < samples.count; i += 1) {
    const input = samples.inputs.subarray(i * 2, i * 2 + 2);
    const target = samples.targets.subarray(i * 2, i * 2 + 2);
    if (topIndex(logitsOf(network, input)) === topIndex(target)) right += 1;
  }
  return right / samples.count;
}

test.each([[[]], [[5]], [[6, 4]]])('derivatives are right with hidden layers %j', (hidden) => {
  const random = seededRandom(`${seed}/gradient/${hidden.length}`);
  const samples: Samples = {
    count: 4,
    inputs: Float32Array.from({ length: 12 }, () => random.normal()),
    targets: Float32Array.from([1, 0, 0, 0, 0.5, 0.5, 0.25, 0.5, 0.25, 0, 0, 1]),
  };
  const network = openNetwork([3, ...hidden, 3], random);
  const rows = Uint32Array.from([0, 1, 2, 3]);
  const found = gradient(network, samples, rows);
  network.forEach((layer, at) => {
    for (const part of ['weights', 'bias'] as const) {
      layer[part].forEach((value, i) => {
        layer[part][i] = value + 1e-5;
        const above = gradient(network, samples, rows).loss;
        layer[part][i] = value - 1e-5;
        const below = gradient(network, samples, rows).loss;
        layer[part][i] = value;
        expect(found.layers[at]?.[part][i]).toBeCloseTo((above - below) / 2e-5, 6);
      });
    }
  });
});

test('one hidden layer learns parity, none cannot', () => {
  const samples = parity(400, 'train');
  const held = parity(400, 'held');
  const deep = train(samples, { ...options, random: seededRandom(seed) });
  const flat = train(samples, { ...options, hidden: [], random: seededRandom(seed) });
  expect(accuracy(deep, held)).toBeGreaterThan(0.93);
  expect(accuracy(flat, held)).toBeLessThan(0.7);
});

test('rows with a uniform target teach it not to know', () => {
  const samples: Samples = {
    count: 30,
    inputs: Float32Array.from({ length: 30 }, (_, i) => (i % 3) - 1),
    targets: Float32Array.from({ length: 60 }, (_, k) => {
      const kind = Math.floor(k / 2) % 3;
      return kind === 1 ? 0.5 : Number((kind === 0) === (k % 2 === 0));
    }),
  };
  const network = train(samples, { ...options, random: seededRandom(seed) });
  expect(entropy(softmax(logitsOf(network, [0])))).toBeGreaterThan(0.95);
  expect(entropy(softmax(logitsOf(network, [1])))).toBeLessThan(0.2);
});

test('the same seed gives the same weights, another seed gives others; losses fall', () => {
  const samples = parity(200, 'again');
  const losses: number[] = [];
  const run = (name: string) =>
    train(samples, {
      ...options,
      random: seededRandom(name),
      onEpoch: (_, loss) => losses.push(loss),
    });
  expect(run('a')).toEqual(run('a'));
  expect(run('a')).not.toEqual(run('b'));
  expect(losses[options.epochs - 1]).toBeLessThan((losses[0] ?? 0) / 2);
});

test('rounded to singles, logits hardly move', () => {
  const network = openNetwork([20, 8, 3], seededRandom(seed));
  const input = Float32Array.from({ length: 20 }, (_, i) => Math.sin(i));
  const single = logitsOf(roundToSingle(network), input);
  logitsOf(network, input).forEach((logit, k) => expect(single[k]).toBeCloseTo(logit, 5));
});
