/** What a detector of the configuration finds on the image of one message. */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { maxNotedBoxes } from '../limits.ts';
import type { Scoring } from '../score/scoring.ts';
import type { Pictures } from './redact-image.ts';

/** Throws when the model does not answer, or finds more than it can name. */
export function detectorOf(scoring: Pick<Scoring, 'ask'>): Pictures['regions'] {
  return async (model, { channel, data }) => {
    const plan = {
      id: `redaction ${model}`,
      model,
      topic: channel.topic,
      everyNs: 0n,
      deadlineNs: 0n,
    };
    const frame = { plan, channel, block: aloneIn(channel, data), i: 0, atNs: 0n };
    const record = await scoring.ask(frame);
    if (record === undefined) throw new Error(`the model ${model} gives no answer`);
    if (record.boxes === undefined) throw new Error(`the model ${model} is no detector`);
    if (record.boxes.length >= maxNotedBoxes) {
      throw new Error(`the model ${model} finds more than it can name`);
    }
    return record.boxes;
  };
}

function aloneIn({ id }: Channel, data: Uint8Array): MessageBlock {
  return {
    count: 1,
    data,
    view: new DataView(data.buffer, data.byteOffset, data.byteLength),
    channelIds: Uint16Array.of(id),
    sequences: Uint32Array.of(0),
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(data.length),
    baseNs: 0n,
    timesNs: Float64Array.of(0),
    publishTimeNs: () => 0n,
    firstNs: 0n,
    lastNs: 0n,
    offset: 0,
  };
}
