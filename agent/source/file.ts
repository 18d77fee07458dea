/** A finished recording, replayed once from its start to its end. */
import { asFault, type Clock, type Fault } from '@fieldloop/core';
import { readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
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
    await using file = await openFile(path);
    const id = await sessionOf(device, file);
    const take = openTimeline({ id, recording: path, live: false });
    for await (const item of readRecording(file, { signal })) {
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
