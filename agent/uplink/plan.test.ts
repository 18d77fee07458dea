/**
 * Goal: critical clips go first without starving the rest, and chunks fit the link.
 * Method: the pure decisions over many turns.
 */
import { expect, test } from 'vitest';
import { chunkSizeAfter, type Contender, nextTurn } from './plan.ts';

test('turns follow the weights 8, 4, 1', () => {
  const contenders: Contender[] = [
    { class: 'baseline', deficit: 0 },
    { class: 'warning', deficit: 0 },
    { class: 'critical', deficit: 0 },
  ];
  const turns = { critical: 0, warning: 0, info: 0, baseline: 0 };
  for (let i = 0; i < 13 * 10; i += 1) turns[nextTurn(contenders)?.class ?? 'info'] += 1;
  expect(turns).toEqual({ critical: 80, warning: 40, info: 0, baseline: 10 });
});

test('nobody waits, nobody goes', () => {
  expect(nextTurn([])).toBeUndefined();
});

test('chunks grow on a fast link, shrink on a slow one, and keep their bounds', () => {
  let size = 32 * 1024;
  for (let i = 0; i < 9; i += 1) size = chunkSizeAfter(size, 0.5);
  expect(size).toBe(256 * 1024);
  expect(chunkSizeAfter(size, 10)).toBe(size);
  for (let i = 0; i < 20; i += 1) size = chunkSizeAfter(size, 100);
  expect(size).toBe(4 * 1024);
});
