/**
 * Goal: facets and histograms count what the list would show, a facet without its own conditions.
 * Method: generated clips on both databases, each count asked again as a query; then over HTTP.
 */
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openFilter } from '../http/q/filter.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import { countRows } from '../http/q/count.ts';
import { openApiWorld } from '../http/world.sample.ts';
import { bulkDevice, fillBulk } from '../store/bulk.sample.ts';
import type { Db } from '../store/db.ts';
import { noPostgres, postgresWorld } from '../store/postgres.sample.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { roundWidth, roundWidthNs } from './bin-width.ts';
import { countFacets, facetNames } from './facets.ts';
import { countBins } from './histogram.ts';

const size = { devices: 7, clips: 400, events: 0 };
const now = Date.UTC(2026, 0, 31);

const count = async (db: Db, q: string): Promise<number> => {
  const filter = await openFilter(db, clipSource, { now, q });
  return (await countRows({ read: db, clock: systemClock }, filter, 'exact')).value;
};

/** Each query with what is left of it for the facet that it speaks of. */
const cases = [
  { q: '', without: {} },
  { q: 'severity = critical', without: { severity: '' } },
  {
    q: 'rule in (near-miss, slip) severity != info',
    without: { rule: 'severity != info', severity: 'rule in (near-miss, slip)' },
  },
  { q: 'site = hall-1 tag:r*', without: { site: 'tag:r*', tag: 'site = hall-1' } },
  { q: `device = ${bulkDevice(3)}`, without: { device: '' } },
  { q: 'scores.scorer_0.entropy > 0.9', without: {} },
  { q: 'rule:slip or tag:rain', without: {} },
  { q: 'startNs > -9d durationMs > 1s', without: {} },
];

const worlds = [
  { name: 'sqlite', open: sqliteWorld, skip: false },
  { name: 'postgres', open: postgresWorld, skip: noPostgres !== undefined },
];

for (const { name, open, skip } of worlds) {
  test.skipIf(skip)(`${name}: each value counts what the list would find with it`, async () => {
    await using world = await open();
    const { db } = world;
    await fillBulk(db, size);
    for (const { q, without } of cases) {
      const filter = await openFilter(db, clipSource, { now, q });
      const facets = await countFacets({ read: db, clock: systemClock }, filter, facetNames);
      expect(facets.partial).toBe(false);
      for (const [facet, counts] of facets.counts) {
        const rest = (without as Readonly<Record<string, string>>)[facet] ?? q;
        const [value, n] = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))[0] ?? [
          'nothing',
          0,
        ];
        expect(await count(db, `(${rest || 'id:*'}) ${facet} = "${value}"`), facet).toBe(n);
        const sum = [...counts.values()].reduce((a, b) => a + b, 0);
        // A clip may have several tags.
        const least = facet === 'tag' ? sum : await count(db, rest);
        expect(sum, `${q} ${facet}`).toBe(least);
      }
    }
  });

  test.skipIf(skip)(`${name}: bins lie beside each other and hold every clip`, async () => {
    await using world = await open();
    const { db } = world;
    await fillBulk(db, size);
    for (const [field, key] of [
      ['startNs', ''],
      ['sizeBytes', ''],
      ['durationMs', ''],
      ['receivedAt', ''],
      ['scores.*', 'scorer_1.max'],
    ] as const) {
      const found = clipSource.fields.find((one) => one.name === field);
      if (found === undefined) throw new Error(field);
      for (const q of ['', 'severity = critical', 'tag:none']) {
        const filter = await openFilter(db, clipSource, { now, q });
        const of = { field: found, key, bins: 20 };
        const { bins, partial } = await countBins({ read: db, clock: systemClock }, filter, of);
        expect(partial).toBe(false);
        expect(bins.length, `${field} ${q}`).toBeLessThan(25);
        const sum = bins.reduce((all, bin) => all + bin.count, 0);
        expect(sum, `${field} ${q}`).toBe(await count(db, q));
        for (const [n, bin] of bins.entries()) {
          expect(bin.from).toBe(bins[n - 1]?.to ?? bin.from);
          const listed = `(${q || 'id:*'}) sizeBytes: ${bin.from}..${bin.to}`;
          expect(field === 'sizeBytes' ? await count(db, listed) : bin.count).toBe(bin.count);
        }
      }
    }
  });
}

test('widths are round numbers, and clock times', () => {
  expect([0.013, 0.2, 7, 51, 0].map(roundWidth)).toEqual([0.02, 0.2, 10, 100, 1]);
  const hour = 3_600_000_000_000n;
  expect([hour, hour + 1n, hour / 7n, 40n * 24n * hour].map(roundWidthNs)).toEqual([
    hour,
    2n * hour,
    600_000_000_000n,
    50n * 24n * hour,
  ]);
});

test('the API answers facets and histograms of the conditions of the list', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { tags: ['rain'], severity: 'critical' });
  await world.putClip(2, { tags: ['rain', 'two words'], rule: 'slip' });
  await world.putClip(3, { tags: [], device: 'amr-02' });
  const facets = await world.get('/v1/clips/facets?q=tag:rain&facet=tag&facet=device&top=1');
  expect(await facets.json()).toEqual({
    facets: [
      { field: 'tag', values: [{ value: 'rain', count: 2, q: 'tag = rain' }], other: 1 },
      { field: 'device', values: [{ value: 'amr-01', count: 2, q: 'device = amr-01' }], other: 0 },
    ],
    partial: false,
  });
  const histogram = await world.get('/v1/clips/histogram?q=severity+!=+info&bins=2');
  expect(await histogram.json()).toMatchObject({
    field: 'startNs',
    width: '1000000000',
    count: 3,
    bins: [{ count: 1 }, { count: 1 }, { count: 1 }],
  });
  const wrong = await world.get('/v1/clips/histogram?field=rule');
  expect(wrong.status).toBe(400);
  expect(await (await world.get('/v1/clips/histogram?q=tag:none')).json()).toMatchObject({
    bins: [],
    count: 0,
  });
});
