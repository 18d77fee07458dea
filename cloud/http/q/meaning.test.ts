/**
 * Goal: one query finds the same rows on SQLite, on PostgreSQL and by its plain meaning.
 * Method: random rows written through the stores into both, random queries, three answers.
 */
import { Fault } from '@fieldloop/core';
import type { ClipManifest } from '@fieldloop/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs, sampleUuid } from '../../clip/clip.sample.ts';
import { clipSummaryJson } from '../../clip/json.ts';
import { clipOfRow, clipRows, clipStore } from '../../clip/store.ts';
import { eventJson } from '../../event/json.ts';
import { eventOfRow, eventRows, eventStore } from '../../event/store.ts';
import type { Db } from '../../store/db.ts';
import { noPostgres, postgresWorld } from '../../store/postgres.sample.ts';
import { sqliteWorld } from '../../store/sqlite.sample.ts';
import { type Item, passesQuery } from './evaluate.ts';
import { openFilter, queryTree } from './filter.ts';
import { numbers, queries, texts } from './meaning.sample.ts';
import { type Position, selectPage } from './page-plan.ts';
import type { QSource } from './source.ts';
import { clipSource } from './sources/clips.ts';
import { eventSource } from './sources/events.ts';

const now = Number(sampleStartNs / 1_000_000n) + 60_000;
const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);
const keys = ['det.entropy', 'vx', 'mode'];
const values = fc.dictionary(
  fc.constantFrom(...keys),
  fc.oneof(number, text, fc.boolean(), fc.constant(null)),
);

interface Row {
  readonly device: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly rule: string;
  readonly tags: readonly string[];
  readonly scores: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, number | string | boolean | null>>;
  readonly topics: readonly string[];
  readonly firmware: string | null;
  readonly offsetNs: bigint;
  readonly lengthNs: bigint;
  readonly sizeBytes: number;
  readonly stored: boolean;
}

const row: fc.Arbitrary<Row> = fc.record({
  device: fc.constantFrom('amr-01', 'amr-02'),
  severity: fc.constantFrom('critical', 'warning', 'info'),
  rule: text,
  tags: fc.uniqueArray(text, { maxLength: 3 }),
  scores: fc.dictionary(fc.constantFrom(...keys), number),
  values,
  topics: fc.uniqueArray(text, { maxLength: 3 }),
  firmware: fc.option(text),
  offsetNs: fc.constantFrom(0n, 1n, 1_000_000_000n, 999_999_999n, 59_000_000_000n),
  lengthNs: fc.constantFrom(0n, 1n, 5_000_000_000n, 4_999_999_000n),
  sizeBytes: fc.constantFrom(0, 1, 4096, 4100, 1_048_576),
  stored: fc.boolean(),
});

function manifestOf(n: number, of: Row): ClipManifest {
  const start = sampleStartNs + of.offsetNs;
  const sample = sampleManifest(n, { ...of, startNs: start });
  return {
    ...sample,
    endNs: String(start + of.lengthNs),
    markers: sample.markers.map((marker) => ({ ...marker, values: { ...of.values } })),
    topics: of.topics.map((topic) => ({ topic, schema: 's', count: 1 })),
    ...(of.firmware === null ? {} : { firmware: of.firmware }),
  };
}

async function fill(db: Db, rows: readonly Row[]): Promise<void> {
  await db.updateTable('device').set({ site: 'Rain' }).where('name', '=', 'amr-01').execute();
  await db.transaction().execute(async (trx) => {
    for (const [n, of] of rows.entries()) {
      const manifest = manifestOf(n, of);
      await clipStore(trx).putManifest(of.device, manifest, now - 1000 * n);
      if (of.stored) {
        await clipStore(trx).markStored(of.device, manifest.sha256, of.sizeBytes, now - 500 * n);
      }
      const atNs = sampleStartNs + of.offsetNs;
      const event = {
        id: sampleUuid(n),
        name: of.rule,
        severity: of.severity,
        atNs,
        endNs: atNs + of.lengthNs,
        synced: of.stored,
        values: of.values,
        tags: of.tags,
        ...(of.firmware === null ? {} : { rule: `${of.firmware}@3`, text: of.firmware }),
        ...(of.stored ? { clipId: sampleUuid(n), margin: of.scores['vx'] } : {}),
      };
      await eventStore(trx).putEvent(of.device, event, now - 1000 * n);
    }
  });
}

/** By id, as the API would show it, with what the item's own JSON leaves to others. */
async function clipItems(db: Db): Promise<ReadonlyMap<string, Item>> {
  const clips = (await clipRows(db).execute()).map(clipOfRow);
  return new Map(
    clips.map((clip) => {
      const { firmware, models, agentVersion, topics } = clip.manifest;
      const site = clip.device === 'amr-01' ? 'Rain' : undefined;
      const named = topics.map(({ topic }) => ({ name: topic }));
      const more = { firmware, models, agentVersion, site, topics: named, hold: false };
      return [clip.id, { ...clipSummaryJson(clip), ...more }];
    }),
  );
}

async function eventItems(db: Db): Promise<ReadonlyMap<string, Item>> {
  const events = (await eventRows(db).execute()).map(eventOfRow);
  return new Map(
    events.map((event) => [
      event.id,
      { ...eventJson(event), site: event.device === 'amr-01' ? 'Rain' : undefined },
    ]),
  );
}

/** The ids that the pages of a list show. */
async function found(db: Db, source: QSource, q: string): Promise<readonly string[]> {
  const filter = await openFilter(db, source, { now, q });
  const ids: string[] = [];
  let after: Position | undefined;
  for (;;) {
    const page = await selectPage(db, filter, { sort: source.sort, after, limit: 40 });
    ids.push(...page.map(({ id }) => id));
    after = page.at(-1);
    if (page.length < 40) return ids;
  }
}

const meant = (items: ReadonlyMap<string, Item>, source: QSource, q: string): readonly string[] => {
  const tree = queryTree(q, source, { now, pointer: '/query/q' });
  return [...items].filter(([, item]) => passesQuery(tree, item)).map(([id]) => id);
};

const sorted = (ids: readonly string[]): readonly string[] => ids.toSorted();

test.each([
  { source: clipSource, items: clipItems },
  { source: eventSource, items: eventItems },
])('random queries of $source.name mean the same everywhere', async ({ source, items }) => {
  await using sqlite = await sqliteWorld();
  await using postgres = noPostgres === undefined ? await postgresWorld() : undefined;
  const rows = fc.sample(row, { numRuns: 60, seed: 7 });
  await fill(sqlite.db, rows);
  if (postgres !== undefined) await fill(postgres.db, rows);
  const known = await items(sqlite.db);
  expect(known.size).toBe(60);
  let some = 0;
  await fc.assert(
    fc.asyncProperty(queries(source, keys), async (q) => {
      let expected: readonly string[];
      try {
        expected = sorted(meant(known, source, q));
      } catch (error) {
        if (error instanceof Fault && error.code === 'invalid') return;
        throw error;
      }
      if (expected.length > 0 && expected.length < 60) some += 1;
      expect(sorted(await found(sqlite.db, source, q))).toEqual(expected);
      if (postgres === undefined) return;
      expect(sorted(await found(postgres.db, source, q))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
  expect(some).toBeGreaterThan(50);
});
