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
