/** Makes the pictures of stored clips: when they arrive, or when somebody asks first. */
import { asFault, type Clock, Fault } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import type { Frame } from '../blob/recordings/calls.ts';
import { openRecordings, type Recordings } from '../blob/recordings/pool.ts';
import { previewBatch, previewEveryMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { type Clip, leadingMarker } from './clip.ts';
import type { Preview } from './preview.ts';
import { previewStore } from './preview-store.ts';
import { clipStore } from './store.ts';

export interface PreviewDeps {
  readonly write: Db;
  readonly clock: Clock;
  readonly bytes: BlobStore;
  readonly recordings: Recordings;
}

/**
 * Makes what is missing of a stored clip and keeps it; a clip without images has none, and one
 * whose file cannot be read says why. Twice at once is once.
 */
export async function makePreviews(deps: PreviewDeps, clip: Clip): Promise<void> {
  const made = await framesOf(deps, clip);
  const previews: Preview[] = [];
  for (const [n, frame] of made.frames.entries()) previews.push(await keep(deps, clip, n, frame));
  const { problem } = made;
  await deps.write
    .transaction()
    .execute(
      async (trx) => await previewStore(trx).put(clip.id, { previews, problem }, deps.clock.now()),
    );
}

async function framesOf({ recordings }: PreviewDeps, clip: Clip) {
  const { sha256, sizeBytes, startNs, endNs } = clip;
  const triggerNs = BigInt(leadingMarker(clip.manifest).atNs);
  const source = { sha256, sizeBytes, name: clip.id };
  try {
    return await recordings.call('frames', { source, triggerNs, startNs, endNs });
  } catch (error) {
    const { code, message } = asFault(error);
    // What is wrong with the file stays so; what is wrong with us does not.
    if (code === 'corrupt' || code === 'invalid' || isTooLarge(error)) {
      return { frames: [], problem: message };
    }
    throw error;
  }
}

/** A file over a bound of the reader; over a bound of this moment is another matter. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'limited' && error.retryAfterMs === undefined;

async function keep({ bytes }: PreviewDeps, clip: Clip, n: number, frame: Frame): Promise<Preview> {
  const draft = await bytes.draft(`${clip.id.toLowerCase().replace('_', '-')}-${n}`);
  try {
    await draft.append([frame.bytes]);
    const { sha256, sizeBytes } = await draft.finish();
    const { kind, topic, atNs, mediaType, width, height } = frame;
    return { n, kind, topic, atNs, mediaType, width, height, sha256, sizeBytes };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

/** A worker's part: what is stored and has no previews gets them, soon after it arrived. */
export async function openPreviewMaker(deps: WorkerDeps): Promise<AsyncDisposable> {
  const { read, write, clock, bytes, log } = deps;
  await using opened = new AsyncDisposableStack();
  const recordings = opened.use(openRecordings({ bytes, log }, { threads: 1 }));
  const loop = opened.use(
    openLoop(deps, { name: 'previews', everyMs: previewEveryMs }, async (signal) => {
      const skipped = new Set<string>();
      for (;;) {
        const due = await previewStore(read).due(previewBatch + skipped.size);
        const next = due.filter((id) => !skipped.has(id));
        if (next.length === 0 || signal.aborted) return;
        for (const id of next) {
          if (signal.aborted) return;
          try {
            const clip = await clipStore(read).get(id);
            if (clip?.state === 'stored') {
              await makePreviews({ write, clock, bytes, recordings }, clip);
            }
            // A reader may be behind the write: it must not be asked for the same one again.
            skipped.add(id);
          } catch (error) {
            skipped.add(id);
            if (!signal.aborted) log.warn('no previews were made', { clip: id, cause: error });
          }
        }
        if (skipped.size > previewBatch) return;
      }
    }),
  );
  opened.use(await openTail(deps, { from: 'now', kinds: ['clip.stored'] }, () => loop.hurry()));
  return opened.move();
}
