/**
 * Goal: counts survive restarts of the agent, and a device is what its report says, no more.
 * Method: reports in the forms of the wire, one after the other.
 */
import { expect, test } from 'vitest';
import type { RulesReport } from '@fieldloop/proto';
import { type Counters, foldReport, type Told } from './fold.ts';

const digest = 'a'.repeat(64);
const other = 'b'.repeat(64);
const nothing: Told = {
  state: 'pending',
  digest: undefined,
  problems: [],
  counters: undefined,
  reportAt: 0,
  exposureMs: 0,
  evaluations: 0,
  faults: 0,
  fired: {},
  clips: 0,
  bytes: 0,
};
const about = { publication: 'pub_1', digest, role: 'shadow', startedAt: 1_000, at: 0 } as const;

const counters = (sinceMs: number, n: number): Counters => ({
  sinceMs,
  evaluations: 100 * n,
  faults: 0,
  fired: { a: n },
  clips: n,
  bytes: 1_000 * n,
});

const shadow = (counted: Counters): RulesReport => ({
  digest: other,
  version: 1,
  shadow: { digest, publication: 'pub_1', ...counted },
});

test('counters are taken on from the last report, and anew after a restart', () => {
  const first = foldReport(nothing, shadow(counters(2_000, 3)), { ...about, at: 5_000 });
  expect(first).toMatchObject({ state: 'running', exposureMs: 3_000, clips: 3, fired: { a: 3 } });
  const second = foldReport(first, shadow(counters(2_000, 5)), { ...about, at: 9_000 });
  expect(second).toMatchObject({ exposureMs: 7_000, clips: 5, bytes: 5_000, evaluations: 500 });
  const restarted = foldReport(second, shadow(counters(10_000, 1)), { ...about, at: 12_000 });
  expect(restarted).toMatchObject({ exposureMs: 9_000, clips: 6, fired: { a: 6 } });
  // The same report again adds nothing.
  expect(foldReport(restarted, shadow(counters(10_000, 1)), { ...about, at: 12_000 })).toEqual(
    restarted,
  );
});

test('a clock that is off takes no exposure away, and makes none before the role', () => {
  const early = foldReport(nothing, shadow(counters(0, 1)), { ...about, at: 5_000 });
  expect(early.exposureMs).toBe(4_000);
  const late = foldReport(nothing, shadow(counters(99_000, 1)), { ...about, at: 5_000 });
  expect(late.exposureMs).toBe(4_000);
});

test('another version, a rejection and a crash are told apart', () => {
  const at = 5_000;
  const active = { ...about, role: 'active', at } as const;
  expect(foldReport(nothing, { digest: other, version: 1 }, active).state).toBe('pending');
  const running = {
    digest,
    version: 2,
    publication: 'pub_1',
    counters: { ...counters(2_000, 1), suppressed: {} },
  };
  expect(foldReport(nothing, running, active)).toMatchObject({ state: 'running', digest });
  const problems = [{ line: 3, column: 7, code: 'unknown-topic', message: 'no topic /scan' }];
  const rejected = foldReport(
    nothing,
    {
      digest: other,
      version: 1,
      rejected: { digest, publication: 'pub_1', role: 'active', problems },
    },
    active,
  );
  expect(rejected).toMatchObject({ state: 'rejected', problems });
  const crash: RulesReport = {
    digest: other,
    version: 1,
    returned: { digest, publication: 'pub_1', reason: 'three crashes' },
  };
  const crashed = foldReport(nothing, crash, active);
  expect(crashed).toMatchObject({ state: 'rejected', faults: 1 });
  expect(foldReport(crashed, crash, active).faults).toBe(1);
});
