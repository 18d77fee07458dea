/**
 * Goal: in a pause nothing is read, and nothing is lost that was read before it.
 * Method: a lane on a source by hand that is paused, and stopped meanwhile.
 */
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { begin, block, channel, float64, inFolder, momentsOf, odom, run } from './lane.cases.ts';
import { nothingShed, openShed } from './shed.ts';
import type { SourceItem } from './source/source.ts';

inFolder();

test('in a pause a stream goes on without us; a recording waits, and a stop leaves it', async () => {
  const shed = openShed({ clock: systemClock, cpuSeconds: () => 0 });
  shed.set({ ...nothingShed, isPaused: true });
  const drive = [channel(float64(1, 'float64 vx')), ...block([odom(0, 0), odom(1, 2)])];
  const stream = await run([begin(), ...drive, { kind: 'end' }], systemClock, { shed });
  expect(stream.lane.tally.messages).toBe(0);
  for (const how of [{ live: false }, { resumes: true }]) {
    const stopping = new AbortController();
    const reading = run([begin(how), ...drive], systemClock, { shed, signal: stopping.signal });
    setTimeout(() => stopping.abort(), 50);
    expect((await reading).lane.tally.messages).toBe(0);
  }
});

test('what a recording said before the pause is told by a stop within it', async () => {
  const shed = openShed({ clock: systemClock, cpuSeconds: () => 0 });
  const stopping = new AbortController();
  const items = async function* (): AsyncGenerator<SourceItem> {
    yield* [begin({ live: false, resumes: true }), channel(float64(1, 'float64 vx'))];
    yield* block([odom(0, 0), odom(1, 2)]);
    shed.set({ ...nothingShed, isPaused: true });
    setTimeout(() => stopping.abort(), 50);
    yield await Promise.resolve({ kind: 'end' });
  };
  const seen = await run(items(), systemClock, { shed, signal: stopping.signal });
  expect(momentsOf(seen)).toEqual([1]);
  expect(seen.clips).toHaveLength(1);
});
