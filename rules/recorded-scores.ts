/**
 * Scores that an agent wrote into a clip. They stand behind all messages of the clip, so they are
 * gathered in a pass of their own and given to a replay before the block of their moment.
 */
import { type RecordingItem, scoresTopic } from '@fieldloop/recording';
import type { ScoreRecord } from './engine-state.ts';
import { recordedScores as mostScores } from './limits.ts';

export interface RecordedScores {
  take(item: RecordingItem): void;
  /** By log time; those beyond `recordedScores` are left out. */
  inOrder(): ScoreRecord[];
}

export function openRecordedScores(): RecordedScores {
  const scores: ScoreRecord[] = [];
  const channels = new Set<number>();
  const decoder = new TextDecoder();
  return {
    take(item) {
      if (item.kind === 'channel') {
        if (item.channel.topic === scoresTopic) channels.add(item.channel.id);
        else channels.delete(item.channel.id);
      }
      if (item.kind !== 'block' || channels.size === 0) return;
      const { block } = item;
      for (let i = 0; i < block.count && scores.length < mostScores; i += 1) {
        if (!channels.has(block.channelIds[i] ?? 0)) continue;
        const text = decoder.decode(block.data.subarray(block.starts[i], block.ends[i]));
        const score = scoreOf(text);
        if (score !== undefined) scores.push(score);
      }
    },
    inOrder: () => scores.toSorted((a, b) => (a.atNs < b.atNs ? -1 : Number(a.atNs > b.atNs))),
  };
}

/** What the agent wrote; undefined for anything else on that topic. */
function scoreOf(text: string): ScoreRecord | undefined {
  let note: Partial<Record<keyof ScoreRecord, unknown>> | null;
  try {
    note = JSON.parse(text) as Partial<Record<keyof ScoreRecord, unknown>> | null;
  } catch {
    return undefined;
  }
  const { scorer, atNs, values, topClass, embedding } = note ?? {};
  if (typeof scorer !== 'string' || typeof values !== 'object' || values === null) return undefined;
  if (typeof atNs !== 'string' || !/^\d{1,19}$/.test(atNs)) return undefined;
  const numbers = Object.entries(values).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  const record = { scorer, atNs: BigInt(atNs), values: Object.fromEntries(numbers) };
  return {
    ...record,
    ...(typeof topClass === 'string' ? { topClass } : {}),
    ...(typeof embedding === 'string' ? { embedding } : {}),
    latencyMs: 0,
    modelSha256: '',
  };
}
