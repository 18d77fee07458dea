/** A recording with the scores that it holds, where rules read any: a pass of their own before. */
import { asFault } from '@fieldloop/core';
import {
  readSplits,
  type RecordingItem,
  scoresTopic,
  splitsInfo,
  type SplitRecording,
} from '@fieldloop/recording';
import { openRecordedScores, type RuleSet, type ScoreRecord } from '@fieldloop/rules';

export interface ScoredItem {
  readonly item: RecordingItem;
  /** Scores whose time comes with this item: they go to the rules before it. */
  readonly scores: readonly ScoreRecord[];
}

export async function* readScored(
  recording: SplitRecording,
  ruleSets: readonly RuleSet[],
  progress?: (bytes: number) => void,
): AsyncGenerator<ScoredItem> {
  const all = await scoresOf(recording, ruleSets);
  let next = 0;
  for await (const item of readSplits(recording, { reuse: true, progress })) {
    const from = next;
    if (item.kind === 'block' && item.block.count > 0) {
      const untilNs = item.block.lastNs;
      while ((all[next]?.atNs ?? untilNs + 1n) <= untilNs) next += 1;
    }
    yield { item, scores: all.slice(from, next) };
  }
}

async function scoresOf(
  recording: SplitRecording,
  ruleSets: readonly RuleSet[],
): Promise<ScoreRecord[]> {
  if (ruleSets.every(({ models }) => models.length === 0)) return [];
  const { channels } = await splitsInfo(recording);
  if (!channels.some(({ topic }) => topic === scoresTopic)) return [];
  const scores = openRecordedScores();
  try {
    for await (const item of readSplits(recording, { reuse: true })) scores.take(item);
  } catch (error) {
    // The replay comes to the same damage and tells it; scores before it count.
    if (asFault(error).code !== 'corrupt') throw error;
  }
  return scores.inOrder();
}
