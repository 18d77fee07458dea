/**
 * A draft becomes a durable part: written, synced, hashed while writing. A topic that cannot be
 * changed as the redaction orders is left out, and the clip is cut again without it.
 */
import { rm } from 'node:fs/promises';
import type { ClipManifest } from '@fieldloop/proto';
import { cutClip, type HeldBlock, type LeftOut } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { isOwnTopic, type RuleSet } from '@fieldloop/rules';
import type { HeldScores } from '../score/held.ts';
import type { ScoreRecord } from '../score/scoring.ts';
import type { Session } from '../source/source.ts';
import { type Loading, openLoading } from '../window/loading.ts';
import type { Window } from '../window/window.ts';
import { type ClipContent, contentOf, type Thinned } from './content.ts';
import { hidesAny } from './hidden.ts';
import {
  type Beside,
  type ClipOrigin,
  manifestOf,
  markerNotes,
  metadataOf,
  type ManifestInside,
  scoreNotes,
} from './manifest.ts';
import type { Draft } from './plan.ts';
import { type MadePreview, previewsOf } from './preview.ts';
import type { Pictures } from './redact-image.ts';
import { redactedScores, type Redacting, redacting, RedactionFailed } from './redaction.ts';
import type { RedactionPolicy } from './redaction-policy.ts';
import { downsampledOf, draftIdOf, droppedOf, filesOf, groupOf, mergedFrom } from './told.ts';

/** A finished part, as the buffer takes it. */
export interface FinishedClip {
  readonly clipId: string;
  readonly partPath: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly manifest: ClipManifest;
  readonly priority: number;
  readonly previews?: readonly PreviewPart[] | undefined;
  /** There was what the clip was to hold, and the redaction hides all of it. */
  readonly isHidden?: boolean | undefined;
}

export type PreviewPart = Pick<MadePreview, 'kind' | 'sha256' | 'bytes'>;

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
  readonly ruleSet: Pick<RuleSet, 'signals'>;
  /** Non-empty when the clip ends before its range, because the agent stops. */
  readonly ending?: string | undefined;
  /** Everything before this log time was seen, also where nothing came. */
  readonly passedNs?: bigint | undefined;
  readonly redaction?: RedactionPolicy | undefined;
  /** Without it there are no thumbnails, and images cannot be changed. */
  readonly pictures?: Pictures | undefined;
  readonly thinned?: Thinned | undefined;
  /** What the manifest tells and only the timeline knows. */
  readonly beside?: Pick<Beside, 'clock' | 'suppressed' | 'expiresMs'> | undefined;
}

/** What is cut, by all attempts alike. */
interface Job {
  readonly draft: Draft;
  readonly held: Held;
  readonly options: WriteOptions;
  readonly clipId: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly heldFromNs: bigint;
  readonly scores: readonly ScoreRecord[];
  readonly content: ClipContent;
  readonly redacting: Redacting;
}

type Failed = Map<string, string>;

/** Undefined when nothing of the range was ever held. A Fault leaves no part behind. */
export async function writeClip(
  draft: Draft,
  held: Held,
  options: WriteOptions,
): Promise<FinishedClip | undefined> {
  const job = jobOf(draft, held, options);
  if (job === undefined) return undefined;
  const failed: Failed = new Map();
  try {
    for (;;) {
      try {
        return await cut(job, failed);
      } catch (error) {
        if (!(error instanceof RedactionFailed) || failed.has(error.topic)) throw error;
        failed.set(error.topic, error.why);
      }
    }
  } catch (error) {
    await rm(options.partPath(job.clipId), { force: true });
    throw error;
  }
}

function jobOf(draft: Draft, held: Held, options: WriteOptions): Job | undefined {
  const { session, window } = held;
  const clipId = draftIdOf(session.id, draft, options.ending);
  const { heldFromNs, newestNs } = window;
  if (clipId === undefined || heldFromNs === undefined || newestNs === undefined) return undefined;
  const startNs = draft.startNs < heldFromNs ? heldFromNs : draft.startNs;
  const isPassed = draft.endNs < (options.passedNs ?? 0n);
  const endNs = isPassed || draft.endNs < newestNs ? draft.endNs : newestNs;
  const { latched, thinned, redaction, pictures = noPictures } = options;
  const channels = [...window.channels.values()];
  return {
    draft,
    held,
    options,
    clipId,
    startNs,
    endNs: endNs < startNs ? startNs : endNs,
    heldFromNs,
    scores: redactedScores(
      redaction,
      held.scores.records.filter(({ atNs }) => atNs >= startNs && atNs <= endNs),
    ),
    content: contentOf({ draft, channels, latched, thinned }),
    redacting: redacting(redaction?.rules ?? [], channels, { pictures }),
  };
}

/** One attempt, without the topics whose change failed before. */
async function cut(job: Job, failed: Failed): Promise<FinishedClip | undefined> {
  const { draft, held, options, clipId, startNs, endNs, content, scores } = job;
  const { session, window } = held;
  using loading = openLoading();
  const previews = await previewsIn(job, failed, loading);
  const lost = lostBlocks(window, startNs, loading);
  const partPath = options.partPath(clipId);
  let inside: ManifestInside | undefined;
  await using file = await createFile(partPath);
  const { sha256, sizeBytes } = await cutClip(
    file,
    {
      startNs,
      endNs,
      ...content,
      without: new Set([...job.redacting.without, ...failed.keys()]),
      redact: job.redacting.redact,
      library: `fieldloop-agent ${options.origin.agentVersion}`,
      markers: markerNotes(draft),
      scores: scoreNotes(scores),
      metadata: (contents, leftOut) => {
        const { topics } = contents;
        const beside = besideOf(job, { leftOut, failed, topics, lostContext: lost.context() });
        const facts = {
          clipId,
          sessionId: session.id,
          recording: session.recording,
          draft,
          startNs: earlier(lost.fromNs(), endNs),
          endNs,
          preTruncated: draft.startNs < job.heldFromNs || lost.isAny(),
          scores,
          beside: { ...beside, previews: previews.map(({ told }) => told) },
        };
        inside = manifestOf(options.origin, facts, contents);
        return metadataOf(inside, draft.priority, previews);
      },
    },
    {
      profile: session.profile,
      channels: window.channels,
      blocks: lost.blocks,
      latched: window.latched(),
    },
  );
  if (inside === undefined) return undefined;
  const manifest = { ...inside, sha256, sizeBytes };
  const isHidden = await isAllHidden(job, failed, manifest);
  const parts = previews.map(({ kind, sha256: hash, bytes }) => ({ kind, sha256: hash, bytes }));
  const { priority } = draft;
  return { clipId, partPath, sha256, sizeBytes, manifest, priority, previews: parts, isHidden };
}

/** Of nothing that was chosen is a message left, nor a score of one, and nothing else is why. */
async function isAllHidden(
  { held, content, redacting: changes, startNs, endNs, scores }: Job,
  failed: Failed,
  { dropped = [], topics }: Pick<ClipManifest, 'dropped' | 'topics'>,
): Promise<boolean> {
  const isOther = dropped.some(({ why }) => why !== 'redaction_failed');
  if (isOther || scores.length > 0 || topics.some(({ topic }) => !isOwnTopic(topic))) return false;
  const isHidden = (topic: string): boolean =>
    isChosen(content, topic) && (changes.without.has(topic) || failed.has(topic));
  return await hidesAny({ window: held.window, startNs, endNs, isHidden });
}

async function previewsIn(
  job: Job,
  failed: Failed,
  loading: Loading,
): Promise<readonly MadePreview[]> {
  const { draft, held, options, startNs, endNs, content, redacting: changes, scores } = job;
  const { pictures = noPictures, ruleSet } = options;
  const holds = (topic: string): boolean =>
    isChosen(content, topic) && !changes.without.has(topic) && !failed.has(topic);
  const wish = { draft, startNs, endNs, holds, redact: changes.redact, ruleSet };
  const { window } = held;
  return await previewsOf(wish, { window, loading, records: scores, pictures });
}

const isChosen = ({ topics }: ClipContent, topic: string): boolean =>
  topics.includes('*') || topics.includes(topic);

function besideOf(
  { draft, held, options, startNs, endNs, content, redacting: changes }: Job,
  cut: {
    readonly leftOut: readonly LeftOut[];
    readonly failed: Failed;
    readonly topics: readonly { readonly topic: string }[];
    readonly lostContext: ReadonlySet<string>;
  },
): Beside {
  const { session, window } = held;
  const { redaction, ending } = options;
  const failed = [...cut.failed]
    .slice(0, 64)
    .map(([topic, why]) => ({ topic: topic.slice(0, 256), why: why.slice(0, 160) }));
  const there = new Set(cut.topics.map(({ topic }) => topic));
  const isMissed = (topic: string): boolean =>
    isChosen(content, topic) && !there.has(topic) && !changes.without.has(topic);
  const missed = [...cut.lostContext].filter(isMissed);
  return {
    ...options.beside,
    files: filesOf(window.held, { startNs, endNs }),
    mergedFrom: mergedFrom(session.id, draft, ending),
    group: groupOf(session.id, draft),
    downsampled: downsampledOf(content.downsample, cut.topics),
    dropped: droppedOf([
      ...cut.leftOut.map(({ topic, messages }) => ({ topic, messages, why: 'max_bytes' as const })),
      ...failed.map(({ topic }) => ({ topic, messages: 0, why: 'redaction_failed' as const })),
      ...missed.map((topic) => ({ topic, messages: 0, why: 'context' as const })),
    ]),
    ...(redaction === undefined || redaction.rules.length === 0
      ? {}
      : { redaction: { digest: redaction.digest, topics: changes.topics.slice(0, 64), failed } }),
  };
}

const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The window's blocks, which of them turned out to be gone, and the latched topics in those. */
function lostBlocks(window: Window, startNs: bigint, loading: Loading) {
  let fromNs = startNs;
  let isAny = false;
  const context = new Set(window.lostLatched);
  const blocks = window.held.map(
    (one): HeldBlock => ({
      firstNs: one.firstNs,
      lastNs: one.lastNs,
      get channels() {
        return one.channels;
      },
      async load() {
        const block = await one.load(loading);
        if (block !== undefined) return block;
        if (one.lastNs >= startNs) {
          isAny = true;
          if (one.lastNs >= fromNs) fromNs = one.lastNs + 1n;
        }
        for (const id of one.channels) {
          const channel = window.channels.get(id);
          if (channel?.latched === true) context.add(channel.topic);
        }
        return undefined;
      },
    }),
  );
  return { blocks, isAny: () => isAny, fromNs: () => fromNs, context: () => context };
}

const absent = (): Promise<never> =>
  Promise.reject(new Error('nothing is here that can draw pictures'));

const noPictures: Pictures = { veil: absent, veilRaw: absent, thumbnail: absent, regions: absent };
