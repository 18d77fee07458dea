/** Scores that a recording holds, where rules read any: a pass of their own, before the replay. */
import { type Readable, readRecording, recordingInfo, scoresTopic } from '@fieldloop/recording';
import { openRecordedScores, type RuleSet, type ScoreRecord } from '@fieldloop/rules';

export async function scoresOf(
  file: Readable,
  ruleSets: readonly RuleSet[],
): Promise<ScoreRecord[]> {
  if (ruleSets.every(({ models }) => models.length === 0)) return [];
  const { channels } = await recordingInfo(file);
  if (!channels.some(({ topic }) => topic === scoresTopic)) return [];
  const scores = openRecordedScores();
  for await (const item of readRecording(file, { reuse: true })) scores.take(item);
  return scores.inOrder();
}
