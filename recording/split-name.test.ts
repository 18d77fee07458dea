/**
 * Goal: the parts of one recording are known by their names, whoever wrote them.
 * Method: names as rosbag2 and the ROS 1 recorder give them, and a `metadata.yaml`.
 */
import { expect, test } from 'vitest';
import { bySplit, continues, listedSplits, splitName } from './split-name.ts';

const goesOn = (before: string, next: string): boolean =>
  continues(splitName(before), splitName(next));

test.each([
  ['run/run_0.mcap', 'run/run_1.mcap', true],
  ['run/run_9.mcap', 'run/run_10.mcap', true],
  // Those between were deleted.
  ['run/run_0.mcap', 'run/run_4.mcap', true],
  ['run/run_1.mcap', 'run/run_0.mcap', false],
  ['run/run_0.mcap', 'other/run_1.mcap', false],
  ['run_0.mcap', 'walk_1.mcap', false],
  ['run_0.mcap', 'run_1.bag', false],
  ['a.mcap', 'b.mcap', false],
  ['x_2026-01-01-10-00-00_0.bag', 'x_2026-01-01-10-05-00_1.bag', true],
  ['x_2026-01-01-10-00-00_0.bag', 'x_2026-01-01-10-05-00_1.bag.active', true],
  ['x_2026-01-02-10-00-00_0.bag', 'x_2026-01-01-10-05-00_1.bag', false],
  ['x_2026-01-01-10-05-00_1.bag', 'x_2026-01-02-10-00-00_0.bag', false],
])('%s then %s: %s', (before, next, expected) => {
  expect(goesOn(before, next)).toBe(expected);
});

test('a recording of the same name that began in between is gone on with by its own parts', () => {
  const all = [
    'x_2026-01-01-10-00-00_0.bag',
    'x_2026-01-01-10-05-00_1.bag',
    'x_2026-01-01-11-00-00_0.bag',
    'x_2026-01-01-11-05-00_1.bag',
    'x_2026-01-01-11-10-00_2.bag.active',
  ].map(splitName);
  const next = all.map((before) => all.findIndex((one) => continues(before, one, all)));
  expect(next).toEqual([1, -1, 3, 4, -1]);
});

test.each([
  ['drive_20260101_101500.mcap', undefined],
  ['20260101-101500.mcap', undefined],
  ['drive_2026-01-01_101500.mcap', undefined],
  ['x_2026-01-01-10-15-00.bag', undefined],
  ['rosbag2_2026_01_01-10_15_00.mcap', undefined],
  ['rosbag2_2026_01_01_10_15_00.db3', undefined],
  ['drive_20260101_101500_0.mcap', 0],
  ['drive_20260101_101500_10.mcap', 10],
  ['x_2026-01-01-10-15-00_10.bag', 10],
  ['rosbag2_2026_01_01-10_15_00_0.mcap', 0],
  ['rosbag2_2026_01_01-10_15_00_12.mcap', 12],
  ['drive_20260101_3.mcap', 3],
  ['drive_20260101_0012.mcap', 12],
  ['arm_12_101500.mcap', 101_500],
])('%s is part %s', (name, index) => {
  expect(splitName(name).index).toBe(index);
});

test('a recording in work and the finished one are the same part', () => {
  expect(splitName('x_2026-01-01-10-00-00_0.bag.active')).toEqual(
    splitName('x_2026-01-01-10-00-00_0.bag'),
  );
});

test('splits come in the order of their numbers and times', () => {
  const names = ['r_10.mcap', 'r_2.mcap', 'a.mcap', 'r_0.mcap', 's_2026-01-02-00-00-00_0.bag'];
  const sorted = [...names, 's_2026-01-01-00-00-00_1.bag'].toSorted((a, b) =>
    bySplit(splitName(a), splitName(b)),
  );
  expect(sorted).toEqual([
    'a.mcap',
    'r_0.mcap',
    'r_2.mcap',
    'r_10.mcap',
    's_2026-01-01-00-00-00_1.bag',
    's_2026-01-02-00-00-00_0.bag',
  ]);
});

test('metadata.yaml lists its files, quoted or not', () => {
  const text = `rosbag2_bagfile_information:
  version: 9
  relative_file_paths:
    - first.mcap
    - "then this.mcap"
  duration: {nanoseconds: 1}
  files:
    - path: first.mcap
`;
  expect(listedSplits(text)).toEqual(['first.mcap', 'then this.mcap']);
  expect(listedSplits('nothing: here')).toEqual([]);
});
