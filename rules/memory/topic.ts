/** `rate`, `age` and `gap`: when a topic's messages came. Folded by each message of the topic. */
import type { Json } from '@fieldloop/core';
import * as limits from '../limits.ts';
import type { CellInput, MemoryCell } from './cell.ts';
import { openSamples } from './samples.ts';
import { jsonNumber, numberOf } from './state.ts';

const nsPerSecond = 1e9;

/** Messages a second in the window; unknown until one whole window has passed. */
export function openRate(input: CellInput): MemoryCell {
  const messages = openSamples(limits.windowSamples, input.budget);
  let startNs = 0;
  const forget = (nowNs: number): void => {
    while (messages.size() > 0 && messages.timeAt(0) <= nowNs - input.windowNs) messages.shift();
  };
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      forget(nowNs);
      cell.number = messages.size() / (input.windowNs / nsPerSecond);
      return nowNs - startNs >= input.windowNs;
    },
    fold(nowNs: number): void {
      forget(nowNs);
      if (messages.isFull()) messages.shift();
      messages.push(nowNs, 0);
    },
    reset(epochNs: number): void {
      startNs = epochNs;
      messages.clear();
    },
    save: (): Json => [jsonNumber(startNs), messages.save()],
    load(state: Json): void {
      const [start, samples] = state as Json[];
      startNs = numberOf(start);
      messages.load(samples ?? null);
    },
  };
  return cell;
}

/** Time since the last message, ns. */
export function openAge(): MemoryCell {
  return openTimes((cell, times, nowNs) => {
    cell.number = nowNs - times.last;
    return !Number.isNaN(times.last);
  });
}

/** Time between the last two messages, ns. */
export function openGap(): MemoryCell {
  return openTimes((cell, times) => {
    cell.number = times.last - times.before;
    return !Number.isNaN(times.before);
  });
}

interface Times {
  last: number;
  before: number;
}

function openTimes(
  known: (cell: { number: number }, times: Times, nowNs: number) => boolean,
): MemoryCell {
  const times: Times = { last: Number.NaN, before: Number.NaN };
  const cell = {
    number: 0,
    text: undefined,
    known: (nowNs: number): boolean => known(cell, times, nowNs),
    fold(nowNs: number): void {
      times.before = times.last;
      times.last = nowNs;
    },
    reset(): void {
      times.last = Number.NaN;
      times.before = Number.NaN;
    },
    save: (): Json => [jsonNumber(times.last), jsonNumber(times.before)],
    load(state: Json): void {
      const [last, before] = state as Json[];
      times.last = numberOf(last);
      times.before = numberOf(before);
    },
  };
  return cell;
}
