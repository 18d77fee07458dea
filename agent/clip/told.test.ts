/**
 * Goal: each clip of a moment has its own id, the same every time it is cut, and says which files
 * it stands in.
 * Method: drafts and window entries made by hand.
 */
import { expect, test } from 'vitest';
import { askedTrigger } from './ask.ts';
import type { Draft } from './plan.ts';
import { downsampledOf, draftIdOf, filesOf, groupOf, mergedFrom, suppressedOf } from './told.ts';

const session = '018f0000-0000-7000-8000-000000000001';

const marker = (rule: string, atNs: string) => ({
  rule,
  ruleSet: 't',
  version: 1,
  ruleSetDigest: '0'.repeat(64),
  severity: 'info' as const,
  atNs,
  expression: 'x',
  values: {},
});

const draft = (part?: number): Draft => ({
  startNs: 0n,
  endNs: 10n,
  firstAtNs: 5_000_000n,
  maxNs: 60n,
  topics: ['*'],
  severity: 'info',
  class: 'info',
  tags: [],
  priority: 1,
  propensity: 1,
  triggers: [],
  markers: [marker('a', '5000000'), marker('b', '6000000'), marker('b', '6000000')],
  ...(part === undefined ? {} : { group: { id: 'a@5000000', part } }),
});

test('the first part has the id of the clip that was announced, later parts their own', () => {
  const [one, first, second, third] = [draft(), draft(1), draft(2), draft(3)].map((each) =>
    draftIdOf(session, each),
  );
  expect(first).toBe(one);
  expect(new Set([first, second, third]).size).toBe(3);
  expect(draftIdOf(session, draft(2))).toBe(second);
  expect(draftIdOf(session, draft(), 'stopped')).not.toBe(one);
  const groups = [draft(1), draft(2)].map((each) => groupOf(session, each));
  expect(groups).toMatchObject([{ part: 1 }, { part: 2 }]);
  expect(groups[0]?.id).toBe(groups[1]?.id);
  expect(groupOf(session, draft())).toBeUndefined();
});

test('a merged trigger is named by the clip that it would have had', () => {
  const alone = draftIdOf(session, { markers: [marker('b', '6000000')] });
  expect(mergedFrom(session, draft())).toEqual([alone]);
});

test('each ask for one moment has a clip of its own, and the same when it comes again', () => {
  const about = { atNs: 5_000_000n, ruleSet: { digest: '0'.repeat(64) }, clipNs: 60n };
  const idOf = (id: string) => {
    const ask = { id, preNs: 0n, postNs: 5n, severity: 'warning', reason: 'x' } as const;
    return draftIdOf(session, { markers: [askedTrigger(ask, about).marker] });
  };
  expect(idOf('first')).not.toBe(idOf('second'));
  expect(idOf('second')).toBe(idOf('second'));
});

test('files are those of the range, each with its first and last chunk', () => {
  const held = (path: string | undefined, offset: number, firstNs: bigint) => ({
    firstNs,
    lastNs: firstNs + 9n,
    file: path === undefined ? undefined : { path, identity: path, offset },
  });
  const window = [
    held('/a.mcap', 100, 0n),
    held('/a.mcap', 900, 10n),
    held('/a.mcap', 1_700, 20n),
    held(undefined, 0, 30n),
    held('/b.mcap', 40, 40n),
    held('/b.mcap', 40, 50n),
    held('/b.mcap', 5_000, 60n),
  ];
  expect(filesOf(window, { startNs: 15n, endNs: 55n })).toEqual([
    { file: '/a.mcap', fromOffset: 900, throughOffset: 1_700, chunks: 2 },
    { file: '/b.mcap', fromOffset: 40, throughOffset: 40, chunks: 1 },
  ]);
});

test('counts without anything are not told, and rates only of topics that are there', () => {
  expect(suppressedOf({ 'a cooldown': 2, 'b merged': 0, 'c budget': 9 })).toEqual({
    'c budget': 9,
    'a cooldown': 2,
  });
  const rates = new Map([
    ['/scan', 5],
    ['/gone', 1],
  ]);
  expect(downsampledOf(rates, [{ topic: '/scan' }])).toEqual({ '/scan': 5 });
});
