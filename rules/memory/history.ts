/** `prev` and `changed`: the latest known value and the one before it. */
import type { Json } from '@fieldloop/core';
import { type CellInput, type MemoryCell, readNumber } from './cell.ts';
import { jsonNumber, numberOf } from './state.ts';

type Value = number | string;

export function openHistory(input: CellInput): MemoryCell {
  let latest: Value | undefined;
  let before: Value | undefined;
  let changedNs = Number.NaN;
  const isPrev = input.fn === 'prev';
  const cell = {
    number: 0,
    text: undefined as string | undefined,
    known(nowNs: number): boolean {
      if (isPrev) {
        if (typeof before === 'string') cell.text = before;
        else if (before !== undefined) cell.number = before;
        return before !== undefined;
      }
      cell.number = changedNs === nowNs ? 1 : 0;
      return latest !== undefined;
    },
    fold(nowNs: number): void {
      const value = readValue(input);
      if (value === undefined) return;
      // A NaN after a NaN is no change, though NaN equals nothing in a comparison.
      if (latest !== undefined && latest !== value && !Object.is(latest, value)) changedNs = nowNs;
      before = latest;
      latest = value;
    },
    reset(): void {
      latest = undefined;
      before = undefined;
      changedNs = Number.NaN;
    },
    save: (): Json => [save(latest), save(before), jsonNumber(changedNs)],
    load(state: Json): void {
      const [savedLatest, savedBefore, at] = state as Json[];
      latest = load(savedLatest);
      before = load(savedBefore);
      changedNs = numberOf(at);
    },
  };
  return cell;
}

function readValue(input: CellInput): Value | undefined {
  if (input.text !== undefined) return input.text();
  if (input.truth !== undefined) {
    const value = input.truth();
    return value === 2 ? undefined : value;
  }
  return readNumber(input);
}

const save = (value: Value | undefined): Json =>
  value === undefined ? null : typeof value === 'string' ? { text: value } : jsonNumber(value);

function load(json: Json | undefined): Value | undefined {
  if (json === null || json === undefined) return undefined;
  if (typeof json === 'object') return (json as { readonly text: string }).text;
  return numberOf(json);
}
