/** The scores of the last seconds, for the clips that will be cut: bounded in number and bytes. */
import { maxHeldScoreBytes, maxHeldScores } from '../limits.ts';
import type { ScoreRecord } from './scoring.ts';

export interface HeldScores {
  /** In order of time as a rule; what is older than the window goes. */
  readonly records: readonly ScoreRecord[];
  add(record: ScoreRecord, oldestNs: bigint): void;
}

export function openHeldScores(): HeldScores {
  let records: ScoreRecord[] = [];
  let bytes = 0;
  const trim = (oldestNs: bigint): void => {
    let from = 0;
    while (from < records.length) {
      const record = records[from];
      const isOver = records.length - from > maxHeldScores || bytes > maxHeldScoreBytes;
      if (record === undefined || (!isOver && record.atNs >= oldestNs)) break;
      bytes -= bytesOf(record);
      from += 1;
    }
    if (from > 0) records = records.slice(from);
  };
  return {
    get records() {
      return records;
    },
    add(record, oldestNs) {
      records.push(record);
      bytes += bytesOf(record);
      trim(oldestNs);
    },
  };
}

/** About what a record takes in memory. */
const bytesOf = ({ probabilities = [], embedding = '', boxes = [] }: ScoreRecord): number =>
  400 + probabilities.length * 8 + embedding.length + boxes.length * 120;
