/** What a detector of the configuration finds on the image of one message. */
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
      more: [],
      moreAgeNs: 0n,
      everyNs: 0n,
      deadlineNs: 0n,
    };
    const record = await scoring.ask({ plan, channel, bytes: data, atNs: 0n, more: [] });
    if (record === undefined) throw new Error(`the model ${model} gives no answer`);
    if (record.boxes === undefined) throw new Error(`the model ${model} is no detector`);
    if (record.boxes.length >= maxNotedBoxes) {
      throw new Error(`the model ${model} finds more than it can name`);
    }
    return record.boxes;
  };
}
