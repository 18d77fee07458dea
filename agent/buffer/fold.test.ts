/**
 * Goal: a full lane gives up its least grave events first, and every number stays accounted for.
 * Method: a small lane on a real database, filled in chosen and in any order, checked for holes.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WireEvent } from '@fieldloop/proto';
import { decodeEvents } from '@fieldloop/proto';
import { event } from './buffer.cases.ts';
import type { Lanes } from './lanes.ts';
import { openLanes, seedLanes } from './lanes.ts';
import { eventBody, gapBody, gravest, gravityOf } from './rows.ts';
import { migrate } from './schema.ts';
import { openSqlite, type Sqlite } from './sqlite.ts';

type Severity = WireEvent['severity'];

const most = { rows: 20, gapRows: 5 };

function openLane(): { db: Sqlite; lanes: Lanes; add: (severity: Severity) => void } {
  const db = openSqlite(':memory:');
  migrate(db, ':memory:');
  const floors = { events: 0, manifests: 0, reported: 0, conn: 0 };
  seedLanes(db, { origin: '00000000000000aa', floors });
  const lanes = openLanes(db, {
    check: () => {},
    gapBody: (count) => gapBody(count, 'evicted'),
    gravityOf,
    gravest,
    most,
  });
  const add = (severity: Severity): void => {
    db.transaction(() => lanes.append('events', eventBody({ ...event('e'), severity })));
  };
  return { db, lanes, add };
}

/** What the lane holds, in order, and that its numbers have no hole. */
function held(lanes: Lanes): (Severity | number)[] {
  let next = lanes.range('events').lowest;
  const found = lanes
    .read('events', 0, { rows: 10_000, bytes: 1e9 })
    .map(({ seq, count, body }) => {
      expect(seq).toBe(next);
      next += count;
      const row = decodeEvents(body).rows[0]?.row;
      if (row?.kind !== 'gap') return row?.kind === 'event' ? row.event.severity : 'info';
      expect(Number(row.gap.count)).toBe(count);
      return count;
    });
  expect(next).toBe(lanes.range('events').highest + 1);
  return found;
}

const count = (rows: readonly unknown[], what: unknown): number =>
  rows.filter((row) => row === what).length;

test('critical events stay while others go, wherever these stand', () => {
  const { lanes, add } = openLane();
  for (let i = 0; i < 10; i += 1) add('critical');
  for (let i = 0; i < 10; i += 1) add('warning');
  for (let i = 0; i < 3; i += 1) add('info');
  const rows = held(lanes);
  expect(count(rows, 'critical')).toBe(10);
  // The one of least severity went, then the oldest of the next.
  const warnings = Array<string>(6).fill('warning');
  expect(rows.slice(10)).toEqual([4, ...warnings, 1, 'info', 'info']);
});

test('where every other event is critical, those between them go and leave gaps', () => {
  const { lanes, add } = openLane();
  for (let i = 0; i < 40; i += 1) add(i % 2 === 0 ? 'critical' : 'info');
  expect(count(held(lanes), 'critical')).toBe(20);
  expect(held(lanes).length).toBeLessThanOrEqual(41);
});

test('of critical events alone the oldest go', () => {
  const { lanes, add } = openLane();
  for (let i = 0; i < 21; i += 1) add('critical');
  expect(held(lanes)).toEqual([5, ...Array<string>(16).fill('critical')]);
  for (let i = 0; i < 5; i += 1) add('critical');
  expect(held(lanes)[0]).toBe(10);
});

test('a transaction that was taken back leaves nothing behind', () => {
  const { db, lanes, add } = openLane();
  for (let i = 0; i < 20; i += 1) add('info');
  expect(() =>
    db.transaction(() => {
      lanes.append('events', eventBody(event('e')));
      throw new Error('the disk is full');
    }),
  ).toThrow('full');
  expect(held(lanes)).toHaveLength(20);
  for (let i = 0; i < 6; i += 1) add('info');
  expect(held(lanes).length).toBeLessThanOrEqual(most.rows + 1);
});

test('for any order: within the limit, no hole, and nothing critical goes before the rest', () => {
  const severities = fc.array(fc.constantFrom<Severity>('critical', 'warning', 'info'), {
    maxLength: 150,
  });
  fc.assert(
    fc.property(severities, fc.array(fc.nat(150), { maxLength: 4 }), (order, frees) => {
      const { db, lanes, add } = openLane();
      order.forEach((severity, i) => {
        const before = held(lanes);
        add(severity);
        const after = held(lanes);
        const rows = after.filter((row) => typeof row !== 'number');
        expect(rows.length).toBeLessThanOrEqual(most.rows);
        expect(after.length).toBeLessThanOrEqual(2 * most.rows + 1);
        const lost = count([...before, severity], 'critical') - count(after, 'critical');
        expect(lost === 0 || rows.every((row) => row === 'critical')).toBe(true);
        if (frees.includes(i)) lanes.free('events', lanes.range('events').lowest + 3);
      });
      db.close();
    }),
    { numRuns: 30 },
  );
});
