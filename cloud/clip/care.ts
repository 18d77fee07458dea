/** What people do with a clip: label and note, tags beside the robot's, holds, erasing. */
import { Fault } from '@fieldloop/core';
import { maxClipTags } from '../limits.ts';
import type { Clip, ClipState } from './clip.ts';

export interface TagChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** What keeps a clip from going away, or would miss it. */
export interface Pin {
  readonly kind: 'hold' | 'failure' | 'export' | 'dataset';
  /** The id of the failure, export or dataset version; the hold's reason. */
  readonly what: string;
}

/**
 * The operator's tags after a change. Those of the robot are part of what it said and stay; Fault
 * `conflict` names one that was to be removed, `limited` when there would be too many.
 */
export function changedTags(
  robots: readonly string[],
  operators: readonly string[],
  change: TagChange,
): readonly string[] {
  const fixed = change.remove.find((tag) => robots.includes(tag) && !operators.includes(tag));
  if (fixed !== undefined) {
    throw new Fault('conflict', `the tag "${fixed}" is the robot's own`, {
      place: '/body/remove',
      remedy: 'Tags that a rule gave stay; add one of your own that says more.',
    });
  }
  const kept = operators.filter((tag) => !change.remove.includes(tag));
  const fresh = change.add.filter((tag) => !robots.includes(tag) && !change.remove.includes(tag));
  const after = [...new Set([...kept, ...fresh])].toSorted();
  if (after.length <= maxClipTags) return after;
  throw new Fault('limited', `a clip may have ${maxClipTags} tags of operators`, {
    place: '/body/add',
    remedy: 'Remove tags that are not needed any more.',
  });
}

const reasons: Readonly<Record<ClipState, string>> = {
  on_device: 'only its manifest is here; the robot has the bytes and sends them in their turn',
  uploading: 'the robot is sending the bytes',
  stored: 'the bytes are here and verified',
  evicted: 'the robot ran out of space and removed the bytes before they were sent',
  lost: 'the robot said that the bytes are damaged or gone',
  missing: 'the bytes were here and are not found any more',
  erased: 'the bytes were erased on request',
};

/** Why a clip is in its state, in words. */
export const stateReason = (clip: Pick<Clip, 'state' | 'stateReason'>): string =>
  clip.stateReason ?? reasons[clip.state];

/** Why bytes cannot be had, and what to do about it. */
export function bytesFault(clip: Pick<Clip, 'id' | 'state' | 'stateReason' | 'device'>): Fault {
  const isComing = clip.state === 'on_device' || clip.state === 'uploading';
  return new Fault('conflict', `the bytes of ${clip.id} are not here: it is ${clip.state}`, {
    details: { state: clip.state, reason: stateReason(clip) },
    remedy: isComing
      ? `Ask "${clip.device}" for it with \`fieldloop clips pull ${clip.id}\`, or wait for it.`
      : `Its bytes are gone: ${stateReason(clip)}. What is known of it stays.`,
  });
}

/** Fault `conflict` when the clip is erased: there is nothing left to change. */
export function demandPresent(clip: Pick<Clip, 'id' | 'state'>): void {
  if (clip.state !== 'erased') return;
  throw new Fault('conflict', `${clip.id} is erased`, {
    remedy: 'Only its row is kept; it cannot be changed any more.',
  });
}

/** Fault `conflict` when a hold keeps the clip. */
export function demandUnheld(clip: Pick<Clip, 'id' | 'hold'>): void {
  if (clip.hold === undefined) return;
  throw new Fault('conflict', `${clip.id} is held: ${clip.hold.reason}`, {
    remedy: 'An admin can lift the hold, or delete it by itself with the approval of a second one.',
  });
}
