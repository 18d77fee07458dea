/**
 * Goal: where clips become one, no topic is thinned more than each of them asked for.
 * Method: contents by hand, and drawn ones over a few topics, names and patterns, read as the
 * robot reads them.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Content, unionOfContents } from './clip-content.ts';
import { topicFits } from './topic-pattern.ts';
import { parseRuleSet } from './document.ts';

test('a topic stays thinned only while nobody wants more of it', () => {
  const a = { topics: ['/scan', '/odom'], downsample: { '/scan': 5, '/odom': 10 }, maxBytes: 100 };
  const b = { topics: ['/scan', '/imu'], downsample: { '/scan': 8 }, maxBytes: 300 };
  expect(unionOfContents(a, b)).toEqual({
    topics: ['/scan', '/odom', '/imu'],
    downsample: { '/scan': 8, '/odom': 10 },
    maxBytes: 300,
  });
  expect(unionOfContents(a, { topics: ['*'] })).toEqual({ topics: ['/scan', '/odom', '*'] });
  expect(unionOfContents(a, { topics: ['/**'], downsample: { '/scan': 1 } })).toEqual({
    topics: ['/scan', '/odom', '/**'],
    downsample: { '/scan': 5 },
  });
});

test('topics of a pattern stay thinned only while nobody wants one of them whole', () => {
  const cameras = { topics: ['/camera/**', '/odom'], downsample: { '/camera/**': 5 } };
  const ratesWith = (other: Content): Content['downsample'] =>
    unionOfContents(cameras, other).downsample;
  expect(ratesWith({ topics: ['/imu'] })).toEqual({ '/camera/**': 5 });
  expect(ratesWith({ topics: ['/camera/front'] })).toBeUndefined();
  expect(ratesWith({ topics: ['/*/front'] })).toBeUndefined();
  const front = { topics: ['/camera/front'], downsample: { '/camera/front': 8 } };
  expect(ratesWith(front)).toEqual({ '/camera/front': 8, '/camera/**': 8 });
  const lidars = { topics: ['/lidar/*', '/camera/**'], downsample: { '/lidar/*': 2 } };
  expect(ratesWith(lidars)).toEqual({ '/lidar/*': 2 });
  expect(ratesWith({ ...lidars, downsample: { '/lidar/*': 2, '/camera/**': 1 } })).toEqual({
    '/camera/**': 5,
    '/lidar/*': 2,
  });
});

test.each([
  ['topics: [/camera/**], downsample: {/camera/front: 5Hz}'],
  ['topics: [/camera/front], downsample: {/camera/**: 5Hz}'],
])('%s thins what it captures', (capture) => {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
rules: [{id: r, manual: {}, capture: {${capture}}}]
`;
  expect(parseRuleSet(text, 'r.yaml').problems).toEqual([]);
});

const topics = ['/a', '/a/x', '/a/y', '/b/x', '/a/x/z'];
const patterns = ['/**', '/a/**', '/a/*', '/*/x', '/**/x', '/b/*', '/a/*/z'];
const written = fc.constantFrom(...topics, ...patterns);
const content = fc.record({
  topics: fc.uniqueArray(fc.oneof(written, fc.constant('*')), { minLength: 1, maxLength: 3 }),
  downsample: fc
    .uniqueArray(fc.tuple(written, fc.integer({ min: 1, max: 9 })), {
      maxLength: 4,
      selector: ([topic]) => topic,
    })
    .map((rates) => Object.fromEntries(rates)),
});

/** Messages a second that a content keeps of a topic, as agent/clip/content.ts reads it. */
function kept({ topics: taken, downsample = {} }: Content, topic: string): number {
  if (!taken.some((one) => one === '*' || topicFits(one, topic))) return 0;
  const first = Object.entries(downsample).find(([pattern]) => topicFits(pattern, topic));
  return downsample[topic] ?? first?.[1] ?? Number.POSITIVE_INFINITY;
}

test('whatever both ask for, each gets it', () => {
  fc.assert(
    fc.property(content, content, content, (a, b, c) => {
      const union = unionOfContents(unionOfContents(a, b), c);
      for (const topic of topics) {
        const asked = Math.max(kept(a, topic), kept(b, topic), kept(c, topic));
        expect(kept(union, topic)).toBeGreaterThanOrEqual(asked);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('what asks for the same stays as it is', () => {
  fc.assert(
    fc.property(content, (one) => {
      for (const topic of topics) {
        expect(kept(unionOfContents(one, one), topic)).toBe(kept(one, topic));
      }
    }),
  );
});

test('two patterns meet where a topic fits both', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '*', '**'), { minLength: 1, maxLength: 4 });
  const names = [''].flatMap(function longer(name: string): string[] {
    if (name.length === 12) return [name];
    return [name, ...longer(`${name}/a`), ...longer(`${name}/b`)];
  });
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [a, b] = [`/${one.join('/')}`, `/${other.join('/')}`];
      const both = names.some((name) => topicFits(a, name) && topicFits(b, name));
      expect(topicFits(a, b)).toBe(both);
    }),
    { numRuns: 300 },
  );
});
