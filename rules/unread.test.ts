/**
 * Goal: what no rule reads costs nothing: neither its schema nor its bytes are looked at.
 * Method: a topic that no rule reads, with a schema that may not be touched and messages that lie
 * beyond the bytes there are; the same on a topic that is read shows that the trap works.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { openEngine } from './engine.ts';
import { blockOf, channelsOf, every } from './test-blocks.ts';
import { ruleSetOf } from './try-rules.cases.ts';
import { firesOf } from './verdict.ts';

const rules = ruleSetOf("- {id: r, when: 'x > 1.0'}");
const messages = [
  ...every('/x', { toMs: 1_000, periodMs: 100 }, (ms) => (ms === 500 ? 2 : 0)),
  ...every('/camera', { toMs: 1_000, periodMs: 100 }, () => 'pixels'),
].toSorted((a, b) => a.ms - b.ms);
const channels = channelsOf(messages);

const trapped = (channel: Channel, onTouch: () => void): Channel =>
  Object.defineProperty({ ...channel }, 'schema', {
    get() {
      onTouch();
      return undefined;
    },
  });

/** Its messages begin where the data ends. */
function beyond(block: MessageBlock, topic: string): MessageBlock {
  const id = channels.find((channel) => channel.topic === topic)?.id;
  const [starts, ends] = [block.starts.slice(), block.ends.slice()];
  for (const [i, channelId] of block.channelIds.entries()) {
    if (channelId !== id) continue;
    starts[i] = block.data.length;
    ends[i] = block.data.length + 9;
  }
  return { ...block, starts, ends };
}

function run(topic: string) {
  let touched = 0;
  const engine = openEngine(rules, { device: 'amr-01' });
  for (const channel of channels) {
    const isTrap = channel.topic === topic;
    engine.channel(0, isTrap ? trapped(channel, () => (touched += 1)) : channel);
  }
  const outputs = [
    ...engine.block(0, beyond(blockOf(messages, channels), topic)),
    ...engine.flush(),
  ];
  const { faults, messages: count } = engine.counters();
  return { fires: firesOf(outputs).length, faults, count, wasTouched: touched > 0 };
}

test('a topic that no rule reads is not decoded, and its schema is not compiled', () => {
  expect(run('/camera')).toEqual({ fires: 1, faults: 0, count: 10, wasTouched: false });
});

test('of a topic that is read both are, and what lies beyond the bytes is a fault', () => {
  expect(run('/x')).toEqual({ fires: 0, faults: 10, count: 10, wasTouched: true });
});
