/**
 * What the cloud said of a clip's manifest. Bytes go up only for a manifest that it took: a blob
 * without one would be found by nobody.
 */
import { uuidText } from '@fieldloop/core';
import type { WireCode, WireEvent } from '@fieldloop/proto';
import { offeredTogether } from '../limits.ts';
import type { Inside } from './inside.ts';
import { meta, setMeta } from './lanes.ts';
import { readableManifest, storedManifest } from './ledger.ts';
import { previewsOf } from './previews.ts';
import { eventBody, manifestBody } from './rows.ts';
import { deleteClip } from './seal.ts';
import type { HeldClip } from './types.ts';

export interface RefusedSeq {
  readonly seq: number;
  readonly code: WireCode;
}

/** Call inside a transaction. The bytes stay until they are evicted. */
export function refuseManifests(inside: Inside, refused: readonly RefusedSeq[]): HeldClip[] {
  return refused.flatMap(({ seq, code }) => {
    const clip = inside.clips.offeredAs(seq);
    if (clip === undefined) return [];
    inside.clips.refuse(clip.clipId, code);
    const event = refusal(inside, clip, code);
    if (event !== undefined) inside.lanes.append('events', eventBody(event));
    return [{ ...clip, code }];
  });
}

export function tellRefused(inside: Inside, clips: readonly HeldClip[]): void {
  for (const { clipId, code } of clips) {
    inside.log.warn('the cloud refused the manifest of a clip', {
      clipId,
      code,
      remedy:
        'The clip stays on the robot until room is needed. Look for the reason in the log of the ' +
        'cloud, and copy the file from the folder of the buffer if it is wanted.',
    });
  }
}

/** Undefined without its manifest, which names its session. */
function refusal(inside: Inside, clip: HeldClip, code: WireCode): WireEvent | undefined {
  const { clipId } = clip;
  const manifest = readableManifest(inside.clips.manifestOf(clipId));
  if (manifest === undefined) return undefined;
  const value = (name: string, text: string) => ({ name, unit: '', value: text });
  return {
    id: uuidText(inside.ids.uuid()),
    name: 'clip_refused',
    severity: 'warning',
    atNs: BigInt(inside.clock.now()) * 1_000_000n,
    synced: false,
    sessionId: manifest.sessionId,
    clipId,
    // The cloud takes the clip's id off an event when another device holds that clip.
    values: [value('clip', clipId), value('code', code)],
    text: 'the cloud refused the manifest of this clip; its bytes stay on the robot',
    tags: [],
  };
}

/** Call inside a transaction: the cloud is asked about this clip once more. */
export function offerAgain(
  { db, clips, lanes }: Pick<Inside, 'db' | 'clips' | 'lanes'>,
  { clipId, priority }: Pick<HeldClip, 'clipId' | 'priority'>,
): void {
  const manifest = storedManifest(clips.manifestOf(clipId) ?? '');
  const body = manifestBody({ manifest, priority, previews: previewsOf(db, clipId) }, 'held');
  clips.offerAgain(clipId, lanes.append('manifests', body));
}

/**
 * Call inside a transaction. A full lane lets manifests go, whether their clips are held or not:
 * of those that are, the cloud is told when there is room again.
 */
export function offerUntold(inside: Inside): void {
  const { lowest, highest } = inside.lanes.range('manifests');
  if (highest - lowest >= offeredTogether) return;
  for (const clip of inside.clips.untold(lowest, offeredTogether)) {
    if (isTellable(inside, clip)) offerAgain(inside, clip);
  }
}

const isTellable = ({ clips }: Inside, { clipId }: HeldClip): boolean =>
  readableManifest(clips.manifestOf(clipId)) !== undefined;

/**
 * Under another name this robot is another device, and the cloud knows none of its clips: all are
 * offered again. What a kill interrupts is carried on, because the name is noted last.
 */
export async function belongTo(inside: Inside, device: string, keepUp: () => void): Promise<void> {
  const { db, clips } = inside;
  const before = meta(db, 'device');
  if (before === device) return;
  let offered = 0;
  for (let isMore = before !== undefined; isMore; ) {
    const found = clips.answered(offeredTogether);
    inside.write(() => {
      for (const clip of found) if (isTellable(inside, clip)) offerAgain(inside, clip);
    });
    // Nothing can be told of it: its bytes are laid aside.
    for (const clip of found) {
      if (!isTellable(inside, clip)) await deleteClip(inside, clip.clipId, 'quarantined');
    }
    keepUp();
    offered += found.length;
    isMore = found.length === offeredTogether;
  }
  inside.write(() => setMeta(db, 'device', device));
  if (before === undefined) return;
  inside.log.warn('this robot has another name; its clips are offered again', {
    before,
    device,
    clips: offered,
  });
}
