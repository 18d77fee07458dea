/**
 * Goal: a device may use its own topics on the right connection and nothing else.
 * Method: ask for every kind of topic, with each property wrong in turn.
 */
import { expect, test } from 'vitest';
import {
  admitPublish,
  admitSubscribe,
  chunkTopic,
  connectionKindOf,
  downTopics,
} from './topics.ts';
import { upMessageOf, upTopic } from './topics.ts';

test('its own topics are admitted with their quality of service and retain flag', () => {
  const publish = (topic: string, qos: number, retain: boolean, kind = 'control' as const) =>
    admitPublish('amr-01', kind, { topic, qos, retain });
  expect(publish('fl/1/d/amr-01/up/st', 1, true)).toBe('status');
  expect(publish('fl/1/d/amr-01/up/st', 1, false)).toBeUndefined();
  expect(publish(upTopic('amr-01', 'events'), 1, false)).toBe('events');
  expect(publish(upTopic('amr-01', 'events'), 1, true)).toBeUndefined();
  expect(publish(upTopic('amr-01', 'events'), 2, false)).toBeUndefined();
  expect(publish(upTopic('amr-01', 'events'), 0, false)).toBeUndefined();
  expect(publish(chunkTopic('amr-01', '0'), 0, false)).toBeUndefined();
  const bulk = { topic: chunkTopic('amr-01', '0'), qos: 0, retain: false };
  expect(admitPublish('amr-01', 'bulk', bulk)).toBe('chunk');
});

test.each([
  'fl/1/d/amr-02/up/ev',
  'fl/1/d/amr-01/up/evil',
  'fl/1/d/amr-01/up/b/',
  'fl/1/d/amr-01/up/b/0/1',
  'fl/1/d/amr-01/dn/ak',
  'fl/1/d/amr-01/up/+',
  '$SYS/broker',
  '',
])('no device publishes to %j as amr-01', (topic) => {
  expect(upMessageOf('amr-01', topic)).toBeUndefined();
});

test('only the literal down topics of the connection are subscribed', () => {
  for (const topic of downTopics('amr-01', 'control')) {
    expect(admitSubscribe('amr-01', 'control', topic)).toBe(true);
    expect(admitSubscribe('amr-01', 'bulk', topic)).toBe(false);
    expect(admitSubscribe('amr-02', 'control', topic)).toBe(false);
  }
  for (const filter of ['#', 'fl/1/d/amr-01/dn/+', 'fl/1/d/amr-01/#', 'fl/1/d/amr-01/up/st']) {
    expect(admitSubscribe('amr-01', 'control', filter)).toBe(false);
  }
});

test('a client id is the device or the device with its bulk mark', () => {
  expect(connectionKindOf('amr-01', 'amr-01')).toBe('control');
  expect(connectionKindOf('amr-01', 'amr-01#b')).toBe('bulk');
  expect(connectionKindOf('amr-01', 'amr-010')).toBeUndefined();
});
