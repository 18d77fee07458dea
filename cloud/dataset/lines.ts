/** The lines of a version: as they are made, and as they are read from its object. */
import { createHash, type Hash } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { itemLine, type SnapshotItem } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { buildPieceBytes, buildReadRows } from '../dataset-limits.ts';
import { type ClipFacts, clipFacts, type LabelDetail, labelDetails } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import type { Placed } from './order.ts';

/** What a clip's tags and device say may change: a version keeps what they said then. */
export type StoodFacts = Pick<ClipFacts, 'privacy' | 'residency'>;

/** The items in their order. `stood`: what to say instead of what holds now, by label. */
export async function* snapshotItems(
  read: Db,
  items: readonly Placed[],
  stood?: ReadonlyMap<string, StoodFacts>,
): AsyncGenerator<readonly SnapshotItem[], void> {
  for (let from = 0; from < items.length; from += buildReadRows) {
    const some = items.slice(from, from + buildReadRows);
    const details = await labelDetails(
      read,
      some.map(({ id }) => id),
    );
    const clips = await clipFacts(read, [
      ...new Set([...details.values()].map(({ clipId }) => clipId)),
    ]);
    yield some.map((placed) => {
      const detail = details.get(placed.id);
      const clip = clips.get(detail?.clipId ?? '');
      if (detail === undefined || clip === undefined) throw new TypeError(`label ${placed.id}`);
      return itemOf(placed, detail, stood?.get(placed.id) ?? clip);
    });
  }
}

function itemOf({ group, split }: Placed, detail: LabelDetail, facts: StoodFacts): SnapshotItem {
  const { scorer, scorerSha256, propensity, choiceId } = detail;
  const source = detail.lane === 'imported' ? 'import' : (detail.population ?? 'inbox');
  return {
    clip: detail.clipId,
    clipSha256: detail.clipSha256,
    bytes: detail.bytes,
    range: { startNs: String(detail.startNs), endNs: String(detail.endNs) },
    topic: detail.topic,
    type: detail.type,
    class: detail.class,
    label: detail.id,
    labelSha256: detail.sha256,
    consensus: {
      method: detail.method,
      posterior: detail.posterior ?? undefined,
      alpha: detail.alpha ?? undefined,
      annotators: detail.annotators,
    },
    unit: detail.unitId,
    source,
    device: detail.deviceId,
    session: detail.sessionId,
    site: detail.site,
    residency: facts.residency,
    privacy: facts.privacy,
    group,
    split,
    selectedBy: {
      choice: choiceId ?? undefined,
      lane: detail.lane,
      scorer: scorer ?? undefined,
      scorerSha256: scorerSha256 ?? undefined,
      propensity: propensity ?? undefined,
    },
  };
}

/** Takes lines; `write` gets them in pieces. */
export function lineSink(write: (piece: Uint8Array) => Promise<void>) {
  const hash: Hash = createHash('sha256');
  let waiting: string[] = [];
  let length = 0;
  let sizeBytes = 0;
  const flush = async (): Promise<void> => {
    const piece = Buffer.from(waiting.join(''), 'utf8');
    waiting = [];
    length = 0;
    if (piece.length === 0) return;
    hash.update(piece);
    sizeBytes += piece.length;
    await write(piece);
  };
  return {
    async add(item: SnapshotItem): Promise<void> {
      const line = `${itemLine(item)}\n`;
      waiting.push(line);
      length += line.length;
      if (length >= buildPieceBytes) await flush();
    },
    /** Ends it. */
    async end(): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
      await flush();
      return { sha256: hash.digest('hex'), sizeBytes };
    },
  };
}

/** Each line of an object with its text. Fault `corrupt` when the object is not what it should be. */
export async function* linesOf(
  bytes: Pick<BlobStore, 'read'>,
  sha256: string,
): AsyncGenerator<{ readonly text: string; readonly item: SnapshotItem }, void> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of bytes.read(sha256)) {
    hash.update(piece);
    const texts = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = texts.pop() ?? '';
    for (const text of texts) yield { text, item: JSON.parse(text) as SnapshotItem };
  }
  if (hash.digest('hex') === sha256 && rest === '') return;
  throw new Fault('corrupt', `the items ${sha256.slice(0, 12)} are not what their hash says`, {
    place: sha256,
    remedy: 'Restore the object from a backup: fieldloop cloud restore.',
  });
}

export async function* itemsOf(
  bytes: Pick<BlobStore, 'read'>,
  sha256: string,
): AsyncGenerator<SnapshotItem, void> {
  for await (const { item } of linesOf(bytes, sha256)) yield item;
}
