/**
 * Goal: a series is one value a minute, its newest is found at once, and old minutes go.
 * Method: write across minutes and devices, read each way, forget.
 */
import { expect, test } from 'vitest';
import { telemetryMinuteMs } from '../limits.ts';
import type { OpenStore } from './store.contract.ts';
import { telemetryStore } from './telemetry.ts';

export function telemetryStoreContract(name: string, open: OpenStore): void {
  const minute = telemetryMinuteMs;
  const rss = (value: number) => ({ series: 'agent.rss', unit: 'B', value });
  const hz = (value: number) => ({ series: 'topic./odom.hz', unit: 'Hz', value });

  test(`${name}: one value a minute, the newest of it`, async () => {
    await using world = await open();
    const deviceId = await world.deviceId('amr-01');
    const store = telemetryStore(world.db);
    await store.put(deviceId, [rss(1), hz(50.25)], minute + 5);
    await store.put(deviceId, [rss(2)], minute + 30);
    await store.put(deviceId, [rss(3)], 2 * minute);
    await store.put(deviceId, [], 2 * minute);
    const range = { startAt: 0, endAt: 3 * minute };
    expect(await store.series(deviceId, 'agent.rss', range)).toEqual([
      { at: minute, value: 2 },
      { at: 2 * minute, value: 3 },
    ]);
    expect(await store.series(deviceId, 'agent.rss', { ...range, startAt: minute + 1 })).toEqual([
      { at: 2 * minute, value: 3 },
    ]);
    expect(await store.latest(deviceId)).toEqual([
      { series: 'agent.rss', unit: 'B', value: 3, at: 2 * minute },
      { series: 'topic./odom.hz', unit: 'Hz', value: 50.25, at: minute + 5 },
    ]);
  });

  test(`${name}: the newest of a series over all devices, and nothing of long ago`, async () => {
    await using world = await open();
    const [one, two] = [await world.deviceId('amr-01'), await world.deviceId('amr-02')];
    const store = telemetryStore(world.db);
    await store.put(one, [rss(1), hz(1)], minute);
    await store.put(one, [rss(10)], 9 * minute);
    await store.put(two, [rss(20)], 8 * minute);
    expect(await store.latestOf('agent.rss', 9 * minute)).toEqual([
      { deviceId: one, at: 9 * minute, value: 10 },
    ]);
    await store.forget(one, 5 * minute);
    expect(await store.names(one)).toEqual(['agent.rss']);
    const range = { startAt: 0, endAt: 20 * minute };
    expect(await store.series(one, 'agent.rss', range)).toEqual([{ at: 9 * minute, value: 10 }]);
    expect(await store.series(one, 'topic./odom.hz', range)).toEqual([]);
    expect(await store.series(two, 'agent.rss', range)).toHaveLength(1);
  });
}
