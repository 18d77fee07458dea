/** A finished recording, of one file or its splits, replayed once from its start to its end. */
import { asFault, type Clock, type Fault } from '@fieldloop/core';
import { readSplits, type SplitRecording } from '@fieldloop/recording';
import { openRecording } from '@fieldloop/recording/folder';
import { sessionOf } from './fingerprint.ts';
import { type Pace, paceOf, unpaced } from './pace.ts';
import { openTimeline, type Source, type SourceItem } from './source.ts';

export interface FileOptions {
  readonly name: string;
  readonly device: string;
  readonly path: string;
  readonly speed: number | 'max';
}

export function fileSource(options: FileOptions, deps: { readonly clock: Clock }): Source {
  return {
    name: options.name,
    finite: true,
    items(signal) {
      const pace = options.speed === 'max' ? unpaced : paceOf(options.speed, deps.clock);
      return readFinished({ ...options, pace }, signal);
    },
  };
}

/** A recording from its start; damage is an `end` with its fault, after all that stood before. */
export async function* readFinished(
  recording: { readonly device: string; readonly path: string; readonly pace: Pace },
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  const { device, path, pace } = recording;
  let fault: Fault | undefined;
  try {
    const found = await openRecording(path);
    for (const missing of found.missing) {
      const text = `metadata.yaml lists ${missing}, and it is not there`;
      yield { kind: 'notice', name: 'recording_gap', text };
    }
    const id = await sessionIn(device, found);
    const take = openTimeline({ id, recording: path, live: false });
    for await (const item of readSplits(found, { signal })) {
      if (item.kind !== 'block') yield* take(item);
      else for await (const block of pace(item.block, signal)) yield* take({ ...item, block });
    }
  } catch (error) {
    if (signal.aborted) return;
    fault = asFault(error);
    if (fault.code === 'internal') throw error;
  }
  yield { kind: 'end', fault };
}

async function sessionIn(device: string, { splits }: SplitRecording): Promise<string> {
  const [first] = splits;
  if (first === undefined) throw new Error('a recording has at least one file');
  await using file = await first.open();
  return await sessionOf(device, file);
}
