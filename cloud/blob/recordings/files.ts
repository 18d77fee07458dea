/** Files made of recordings: a part of one, or several as one. */
import { mergeMcaps, openIndexedMcap, trimMcap } from '@fieldloop/recording';
import type { Appendable } from '@fieldloop/recording';
import type { RecordingStreams } from './calls.ts';
import type { OpenStored } from './topics.ts';
import { channelsOf } from './topics.ts';

/** Stands in the header; without a version, so that the same request gives the same bytes. */
const library = 'fieldloop';

export async function cutFile(
  out: Appendable,
  cut: RecordingStreams['cut'],
  { open, signal }: { readonly open: OpenStored; readonly signal: AbortSignal },
): Promise<void> {
  const { startNs, endNs, topics } = cut;
  const file = await openIndexedMcap(open(cut.source));
  for (const topic of topics ?? []) channelsOf(file, topic, '/query/topics');
  const note = { name: 'fieldloop.cut', entries: new Map(Object.entries(cut.note)) };
  const plan = { startNs, endNs, topics, library, note, signal, hash: false, runBytes: 0 };
  await trimMcap(out, plan, file);
}

export async function mergeFiles(
  out: Appendable,
  merge: RecordingStreams['merge'],
  how: {
    readonly open: OpenStored;
    readonly signal: AbortSignal;
    readonly onDone: (done: number) => void;
  },
): Promise<void> {
  const sources = merge.sources.map(({ source, startNs, prefix }) => ({
    readable: how.open(source),
    startNs,
    prefix,
  }));
  const notes = new Map([['fieldloop.export', new Map(Object.entries(merge.note))]]);
  const { topics } = merge;
  await mergeMcaps(out, {
    sources,
    topics,
    library,
    notes,
    signal: how.signal,
    onDone: how.onDone,
  });
}
