/** Goal: while a policy keeps downloads back none is asked for or taken, and later they go on. */
import type { Transfer } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { gated } from './gated.ts';
import { wholePermit } from './policies.ts';

test('downloads are asked for only while they may come', () => {
  const seen: string[] = [];
  const note =
    <T>(name: string, answer: T) =>
    (): T => {
      seen.push(name);
      return answer;
    };
  const downloads = {
    isWanted: true,
    tick: note('tick', undefined),
    receive: note('receive', true),
    chunk: note('chunk', undefined),
    linkLost: note('linkLost', undefined),
  };
  const allowance = { permit: wholePermit };
  const gate = gated(downloads as never, allowance);
  const open = { kind: 'open' } as Transfer;
  const cancel = { kind: 'cancel' } as Transfer;
  const round = (): string[] => {
    gate.tick(() => undefined);
    expect(gate.receive(open)).toBe(true);
    expect(gate.receive(cancel)).toBe(true);
    return seen.splice(0);
  };
  expect([gate.isWanted, round()]).toEqual([true, ['tick', 'receive', 'receive']]);
  allowance.permit = { classes: [], downloads: false };
  expect([gate.isWanted, round()]).toEqual([false, ['receive']]);
  allowance.permit = wholePermit;
  expect([gate.isWanted, round()]).toEqual([true, ['tick', 'receive', 'receive']]);
});
