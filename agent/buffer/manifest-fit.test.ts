/**
 * Goal: every manifest that is valid becomes a message that fits, whatever script its texts are in.
 * Method: fill the schema's limits with characters of 1, 2, 3 and 4 bytes and such as JSON escapes.
 */
import { seededRandom } from '@fieldloop/core';
import { type ClipManifest, decodeManifest, parseClipManifest, wireLimits } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { makeClip } from './clip-file.cases.ts';
import { manifestBody } from './rows.ts';

const { manifest: small } = makeClip(seededRandom(1));

/** What the cloud makes of it. */
function told(manifest: ClipManifest): ClipManifest {
  const body = manifestBody({ manifest: parseClipManifest(manifest), priority: 1 }, 'held');
  expect(body.length).toBeLessThanOrEqual(wireLimits.maxManifestBytes);
  return parseClipManifest(JSON.parse(decodeManifest(body).document));
}

const copies = <T>(length: number, one: T): T[] => Array.from({ length }, () => one);

function withMarkers(count: number, parts: object): ClipManifest {
  return {
    ...small,
    markers: small.markers.flatMap((one) => copies(count, { ...one, ...parts })),
  };
}

test('a document within the limits is told as it is', () => {
  expect(told(small)).toEqual(small);
});

test.each([
  [20, '机', 250],
  [30, '机', 110],
  [25, 'ж', 220],
])(
  '%i merged triggers that say why in %s are all told of, shortened',
  (count, character, length) => {
    const { markers } = told(withMarkers(count, { why: character.repeat(length) }));
    expect(markers.length).toBeGreaterThanOrEqual(8);
    for (const marker of markers) expect(marker.why).toMatch(new RegExp(`^${character}{100,}…?$`));
  },
);

test('the topics with the fewest messages go before anything of a trigger', () => {
  const topics = Array.from({ length: 256 }, (_, count) => ({
    topic: `/long/name/of/topic/${count}`,
    schema: 'sensor_msgs/msg/Image',
    count,
  }));
  const shown = told({ ...withMarkers(8, { why: '机'.repeat(250) }), topics });
  expect(shown.topics[0]?.count).toBe(255);
  expect(shown.markers[7]?.why).toBe('机'.repeat(250));
});

test.each(['a', 'ж', '机', '😀', '"', '\u0001', '\ud800'])(
  'all fields full of %j fit',
  (character) => {
    const text = (length: number): string => character.repeat(length).slice(0, length);
    const values = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`${text(60)}${i}`, text(256)]),
    );
    const entries = Array.from({ length: 60 }, (_, i) => `${text(60)}${i}`);
    const shown = told({
      ...withMarkers(64, {
        rule: text(96),
        ruleSet: text(96),
        why: text(512),
        expression: text(2048),
        values,
        label: Object.fromEntries(Object.entries(values).slice(0, 16)),
      }),
      device: text(96),
      source: text(256),
      firmware: text(64),
      agentVersion: text(32),
      tags: copies(16, text(32)),
      topics: copies(256, { topic: text(256), schema: text(256), count: 1 }),
      scores: Object.fromEntries(entries.map((name) => [name, 1])),
      files: copies(16, { file: text(256), fromOffset: 1, throughOffset: 2 ** 50, chunks: 9 }),
      mergedFrom: copies(63, small.clipId),
      downsampled: Object.fromEntries(entries.map((name) => [name, 0.5])),
      dropped: copies(64, { topic: text(256), why: 'redaction_failed', messages: 2 ** 40 }),
      redaction: {
        digest: 'ab'.repeat(32),
        topics: copies(64, text(256)),
        failed: copies(64, { topic: text(256), why: text(160) }),
      },
      suppressed: Object.fromEntries(entries.map((name) => [name, 1])),
      models: Object.fromEntries(entries.map((name) => [name, 'ab'.repeat(32)])),
    });
    expect(shown.markers[0]).toMatchObject({ rule: text(96), ruleSet: text(96) });
  },
);
