/** A draft becomes a durable part: written, synced, hashed while writing. */
import { rm } from 'node:fs/promises';
import { topicFits } from '@fieldloop/rules';
import type { ClipManifest } from '@fieldloop/proto';
import { cutClip } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import type { HeldScores } from '../score/held.ts';
import type { Session } from '../source/source.ts';
import type { Window } from '../window/window.ts';
import {
  clipIdOf,
  type ClipOrigin,
  manifestOf,
  markerNotes,
  metadataOf,
  type ManifestInside,
  scoreNotes,
} from './manifest.ts';
import type { Draft } from './plan.ts';

/** A finished part, as the buffer takes it. */
export interface FinishedClip {
  readonly clipId: string;
  readonly partPath: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly manifest: ClipManifest;
  readonly priority: number;
}

export interface Held {
  readonly session: Session;
  readonly window: Window;
  readonly scores: Pick<HeldScores, 'records'>;
}

export interface WriteOptions {
  readonly origin: ClipOrigin;
  /** Where a part of this clip is written. */
  readonly partPath: (clipId: string) => string;
  /** Patterns of topics whose last message goes into each clip. */
  readonly latched: readonly string[];
  /** Non-empty when the clip ends before its range, because the agent stops. */
  readonly ending?: string | undefined;
}

/** Undefined when nothing of the range was ever held. A Fault leaves no part behind. */
export async function writeClip(
  draft: Draft,
  held: Held,
  options: WriteOptions,
): Promise<FinishedClip | undefined> {
  const { session, window } = held;
  const [first] = draft.markers;
  const { heldFromNs, newestNs } = window;
  if (first === undefined || heldFromNs === undefined || newestNs === undefined) return undefined;
  const startNs = draft.startNs < heldFromNs ? heldFromNs : draft.startNs;
  const endNs = draft.endNs > newestNs ? newestNs : draft.endNs;
  const clipId = clipIdOf(session.id, first, options.ending);
  const scores = held.scores.records.filter(({ atNs }) => atNs >= startNs && atNs <= endNs);
  const facts = {
    clipId,
    sessionId: session.id,
    recording: session.recording,
    draft,
    startNs,
    endNs: endNs < startNs ? startNs : endNs,
    preTruncated: draft.startNs < heldFromNs,
    scores,
  };
  const partPath = options.partPath(clipId);
  let inside: ManifestInside | undefined;
  try {
    await using file = await createFile(partPath);
    const { sha256, sizeBytes } = await cutClip(
      file,
      {
        startNs: facts.startNs,
        endNs: facts.endNs,
        topics: topicsOf(draft, window, options.latched),
        library: `fieldloop-agent ${options.origin.agentVersion}`,
        markers: markerNotes(draft),
        scores: scoreNotes(scores),
        metadata: (contents) => {
          inside = manifestOf(options.origin, facts, contents);
          return metadataOf(inside, draft.priority);
        },
      },
      {
        profile: session.profile,
        channels: window.channels,
        blocks: window.held,
        latched: window.latched(),
      },
    );
    if (inside === undefined) return undefined;
    const manifest = { ...inside, sha256, sizeBytes };
    return { clipId, partPath, sha256, sizeBytes, manifest, priority: draft.priority };
  } catch (error) {
    await rm(partPath, { force: true });
    throw error;
  }
}

/** The draft's topics, and those whose context every clip needs. */
function topicsOf(draft: Draft, window: Window, latched: readonly string[]): readonly string[] {
  if (draft.topics.includes('*')) return ['*'];
  const context = [...window.channels.values()]
    .map(({ topic }) => topic)
    .filter((topic) => latched.some((pattern) => topicFits(pattern, topic)));
  return [...new Set([...draft.topics, ...context])];
}
