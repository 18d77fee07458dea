/** What a recording of several files holds: the sum of what each file holds. */
import { recordingInfo } from '../info.ts';
import { metadataHeld } from '../limits.ts';
import type { SplitRecording } from '../splits.ts';
import { type ChannelInfo, rate, type RecordingInfo } from './types.ts';

/** Damage in one file does not keep the others from being counted; the first is told. */
export async function splitsInfo(recording: SplitRecording): Promise<RecordingInfo> {
  const infos: RecordingInfo[] = [];
  for (const split of recording.splits) {
    await using file = await split.open();
    infos.push(await recordingInfo(file));
  }
  const [first, ...more] = infos;
  if (first === undefined) throw new Error('a recording has at least one file');
  if (more.length === 0) return { ...first, name: recording.name };
  const times = infos.flatMap(({ startNs, endNs }) =>
    startNs === undefined || endNs === undefined ? [] : [{ startNs, endNs }],
  );
  const [earliest] = times.map(({ startNs }) => startNs).sort(byTime);
  const latest = times
    .map(({ endNs }) => endNs)
    .sort(byTime)
    .at(-1);
  return {
    ...first,
    name: recording.name,
    sizeBytes: recording.size,
    indexed: infos.every(({ indexed }) => indexed),
    messageCount: infos.reduce((sum, { messageCount }) => sum + messageCount, 0),
    startNs: earliest,
    endNs: latest,
    channels: channelsOf(infos).map((one) => ({ ...one, hz: rate(one.count, earliest, latest) })),
    chunks: chunksOf(infos),
    metadata: infos.flatMap(({ metadata }) => metadata).slice(0, metadataHeld),
    attachments: infos.flatMap(({ attachments }) => attachments).slice(0, metadataHeld),
    damage: infos.find(({ damage }) => damage !== undefined)?.damage,
  };
}

const byTime = (a: bigint, b: bigint): number => Number(a > b) - Number(a < b);

/** Each file numbers its channels in its own way: here they are what they say of themselves. */
function channelsOf(infos: readonly RecordingInfo[]): ChannelInfo[] {
  const found = new Map<string, ChannelInfo>();
  for (const { id, count, hz: _, ...about } of infos.flatMap(({ channels }) => channels)) {
    const key = JSON.stringify(about);
    const before = found.get(key);
    found.set(key, { ...about, id: before?.id ?? id, count: (before?.count ?? 0) + count });
  }
  return [...found.values()];
}

function chunksOf(infos: readonly RecordingInfo[]): RecordingInfo['chunks'] {
  const rows = Map.groupBy(
    infos.flatMap(({ chunks }) => chunks),
    ({ compression }) => compression,
  );
  return [...rows].map(([compression, same]) => ({
    compression,
    count: same.reduce((sum, { count }) => sum + count, 0),
    storedBytes: same.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    bytes: same.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
}
