/**
 * Makes the file of an export. It is written as it is read, so that memory does not follow its
 * size; a worker that died leaves a draft that the next one begins anew.
 */
import { Fault, formatSize, type Json } from '@fieldloop/core';
import { openRecordings, type Recordings } from '../blob/recordings/pool.ts';
import { type ZipEntry, zipOf } from '../blob/zip.ts';
import type { Clip } from '../clip/clip.ts';
import { exportKeptMs, exportRoomBytes } from '../limits.ts';
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import { type ClipExport, exportDraft } from './export.ts';
import { entryName, manifestCsv, manifestJson } from './manifest.ts';
import { exportStore } from './store.ts';

export const exportKind = 'clips.export';

interface Making {
  readonly made: ClipExport;
  readonly context: OperationContext;
  readonly recordings: Recordings;
  /** Counts bytes of the clips' files. */
  readonly read: (bytes: number) => void;
}

export const makeExport: OperationHandler = async (input, context) => {
  const { export: id } = input as { readonly export: string };
  const made = await exportStore(context.write).get(id);
  if (made === undefined || made.erasedAt !== undefined) throw gone(id);
  if (made.readyAt !== undefined) return resultOf(made);
  await demandRoom(made, context);
  await using recordings = openRecordings(context, { threads: 1 });
  const draft = await context.bytes.draft(exportDraft(id));
  let done = 0;
  const read = (bytes: number): void => {
    done += bytes;
    context.progress(Math.min(done, made.sourceBytes), made.sourceBytes, 'bytes');
  };
  try {
    const making = { made, context, recordings, read };
    for await (const piece of made.format === 'zip' ? zipFile(making) : mergedFile(making)) {
      context.signal.throwIfAborted();
      await draft.append([piece]);
    }
    context.signal.throwIfAborted();
    const file = await draft.finish();
    const at = context.clock.now();
    const kept = { ...file, expiresAt: at + exportKeptMs };
    await context.write
      .transaction()
      .execute(async (trx) => await exportStore(trx).ready(id, kept, at));
  } catch (error) {
    await draft.discard();
    throw error;
  }
  const ready = await exportStore(context.write).get(id);
  if (ready === undefined || ready.erasedAt !== undefined) throw gone(id);
  return resultOf(ready);
};

const gone = (id: string): Fault =>
  new Fault('conflict', `the export ${id} is gone: a clip in it was erased, or it was deleted`, {
    remedy: 'Ask for a new one.',
  });

const resultOf = ({ id, sha256, sizeBytes }: ClipExport): Json => ({
  export: id,
  ...(sha256 === undefined || sizeBytes === undefined ? {} : { sha256, sizeBytes }),
  data: `/v1/exports/${id}/data`,
});

async function demandRoom(made: ClipExport, { bytes }: OperationContext): Promise<void> {
  const free = await bytes.freeBytes();
  const needed = made.sourceBytes + exportRoomBytes;
  if (free === undefined || free >= needed) return;
  throw new Fault(
    'limited',
    `the export needs ${formatSize(needed)}, and ${formatSize(free)} are free`,
    {
      remedy: 'Free space on the disk of the data folder, or export fewer clips or topics.',
    },
  );
}

/** One reader for each walk over the clips: the tables come before the files. */
const clipsOf = ({ made, context }: Making): AsyncGenerator<readonly Clip[], void> =>
  exportStore(context.read).clips(made.id);

function zipFile(making: Making): AsyncGenerator<Uint8Array, void> {
  return zipOf(entriesOf(making));
}

async function* entriesOf(making: Making): AsyncGenerator<ZipEntry, void> {
  const { made } = making;
  const modifiedAt = new Date(made.createdAt);
  yield {
    name: 'manifest.json',
    modifiedAt,
    content: utf8(manifestJson(made, clipsOf(making))),
  };
  yield { name: 'manifest.csv', modifiedAt, content: utf8(manifestCsv(made, clipsOf(making))) };
  for await (const page of clipsOf(making)) {
    for (const clip of page) {
      const name = entryName(clip, made.topics);
      if (name === undefined) continue;
      yield {
        name,
        modifiedAt: new Date(Number(clip.startNs / 1_000_000n)),
        ...(made.topics === undefined ? { sizeBytes: clip.sizeBytes } : {}),
        content: fileOf(making, clip),
      };
    }
  }
}

async function* utf8(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  for await (const text of texts) yield encoder.encode(text);
}

async function* fileOf(making: Making, clip: Clip): AsyncGenerator<Uint8Array, void> {
  const { made, context, recordings, read } = making;
  const { topics } = made;
  if (topics === undefined) {
    for await (const piece of context.bytes.read(clip.sha256)) {
      read(piece.length);
      yield piece;
    }
    return;
  }
  const note = { clip: clip.id, sha256: clip.sha256, topics: topics.join(','), export: made.id };
  const source = sourceOf(clip);
  const { signal } = context;
  const there = await topicsIn(making, clip);
  yield* recordings.stream('cut', { source, topics: there, note }, { signal });
  read(clip.sizeBytes);
}

/** A clip need not have every topic of the export. */
async function topicsIn({ made, recordings }: Making, clip: Clip): Promise<readonly string[]> {
  const wanted = new Set(made.topics);
  const call = { source: sourceOf(clip), withBytes: false };
  const found = await recordings.call('topics', call);
  return [...new Set(found.map(({ topic }) => topic))].filter((topic) => wanted.has(topic));
}

const sourceOf = ({ sha256, sizeBytes, id }: Clip) => ({ sha256, sizeBytes, name: id });

async function* mergedFile(making: Making): AsyncGenerator<Uint8Array, void> {
  const { made, context, recordings, read } = making;
  const clips: Pick<Clip, 'id' | 'device' | 'sha256' | 'sizeBytes' | 'startNs' | 'endNs'>[] = [];
  for await (const page of clipsOf(making)) {
    for (const clip of page) {
      if (clip.state !== 'stored') continue;
      const { id, device, sha256, sizeBytes, startNs, endNs } = clip;
      clips.push({ id, device, sha256, sizeBytes, startNs, endNs });
    }
  }
  clips.sort((a, b) => (a.startNs === b.startNs ? 0 : a.startNs < b.startNs ? -1 : 1));
  const isFleet = new Set(clips.map(({ device }) => device)).size > 1;
  const sources = clips.map((clip) => ({
    source: { sha256: clip.sha256, sizeBytes: clip.sizeBytes, name: clip.id },
    startNs: clip.startNs,
    prefix: isFleet ? `/${clip.device}` : '',
  }));
  const note = Object.fromEntries([
    ['export', made.id],
    ...clips.map(({ id, device, startNs, endNs, sha256 }) => [
      id,
      `${device} ${startNs} ${endNs} ${sha256}`,
    ]),
  ]) as Record<string, string>;
  let done = 0;
  const onProgress = (count: number): void => {
    for (; done < count; done += 1) read(clips[done]?.sizeBytes ?? 0);
  };
  const { signal } = context;
  const wanted = { sources, topics: made.topics, note };
  yield* recordings.stream('merge', wanted, { signal, onProgress });
}
