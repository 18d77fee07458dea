/** A clip as the cloud holds it: the robot's manifest plus where its bytes are. */
import { Fault } from '@fieldloop/core';
import type { ClipClass, ClipManifest, ClipMarker, Severity } from '@fieldloop/proto';
import { idOfUuid } from '../entity-id.ts';

export const clipStates = [
  'on_device',
  'uploading',
  'stored',
  'evicted',
  'lost',
  'missing',
  'erased',
] as const;
export type ClipState = (typeof clipStates)[number];

export interface Hold {
  readonly reason: string;
  readonly by: string;
  readonly at: number;
}

export interface Clip {
  readonly id: string;
  readonly device: string;
  readonly session: string;
  readonly state: ClipState;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly severity: Severity;
  readonly class: ClipClass;
  readonly manifest: ClipManifest;
  /** Why it is in its state, where more is known than the state says. */
  readonly stateReason?: string;
  /** What people wrote. */
  readonly label?: string;
  readonly note?: string;
  /** Tags that operators gave, where they were asked for; the robot's are in the manifest. */
  readonly operatorTags?: readonly string[];
  /** While it is held nobody deletes it. */
  readonly hold?: Hold;
  readonly receivedAt: number;
  readonly storedAt?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** `known`: the same content came before. `conflict`: the id belongs to other content. */
export type ManifestOutcome = 'new' | 'known' | 'conflict';

/** What a list is narrowed by; all conditions hold at once. */
export interface ClipFilter {
  readonly deviceId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly rule?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly class?: ClipClass | undefined;
  readonly state?: ClipState | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Clips that start at or after. */
  readonly startNs?: bigint | undefined;
  /** Clips that start before. */
  readonly endNs?: bigint | undefined;
  readonly scores?: readonly ScoreCondition[] | undefined;
}

type Comparison = '<' | '<=' | '=' | '>=' | '>';

export interface ScoreCondition {
  /** `classifier.entropy` */
  readonly score: string;
  readonly op: Comparison;
  readonly value: number;
}

const mostNs = 2n ** 63n - 1n;

/** The id the cloud gives a clip: the robot's UUID in our spelling. */
export const clipIdOf = (manifest: Pick<ClipManifest, 'clipId'>): string =>
  idOfUuid('clp', manifest.clipId);

/** Log time from its decimal text. Fault `invalid` past 63 bits. */
export function nsOf(text: string, place: string): bigint {
  const ns = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (ns !== undefined && ns <= mostNs) return ns;
  throw new Fault('invalid', `"${text.slice(0, 40)}" is not a log time`, {
    place,
    remedy: 'Write nanoseconds as a decimal number below 2^63.',
  });
}

/** The verdict that stands for the clip: the first one as severe as the clip itself. */
export function leadingMarker(manifest: ClipManifest): ClipMarker {
  const marker =
    manifest.markers.find((one) => one.severity === manifest.severity) ?? manifest.markers[0];
  if (marker === undefined) throw new TypeError('a manifest without markers');
  return marker;
}

/** The terms a clip is found by. */
export function clipTerms(
  manifest: ClipManifest,
): readonly { readonly kind: 'rule' | 'tag'; readonly term: string }[] {
  const rules = new Set(manifest.markers.map((marker) => marker.rule));
  return [
    ...[...rules].map((term) => ({ kind: 'rule' as const, term })),
    ...[...new Set(manifest.tags)].map((term) => ({ kind: 'tag' as const, term })),
  ];
}

/** `classifier.entropy>0.7`. Fault `invalid` with the accepted form. */
export function parseScoreCondition(text: string, place: string): ScoreCondition {
  const match = /^\s*([\w.-]{1,96})\s*(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$/.exec(
    text,
  );
  const op = comparisons.find((one) => one === match?.[2]);
  if (match === null || op === undefined) {
    throw new Fault('invalid', `"${text.slice(0, 60)}" is not a score condition`, {
      place,
      remedy: 'Write NAME, one of < <= = >= >, and a number, such as classifier.entropy>0.7.',
    });
  }
  return { score: match[1] ?? '', op, value: Number(match[3]) };
}

const comparisons: readonly Comparison[] = ['<', '<=', '=', '>=', '>'];

export const isClipState = (text: string): text is ClipState =>
  clipStates.some((state) => state === text);

/** The robot's tags and the operators', each once. */
export const tagsOf = ({ manifest, operatorTags }: Clip): readonly string[] => [
  ...new Set([...manifest.tags, ...(operatorTags ?? [])]),
];

/** Device, log time, rule and id, of letters that every file system takes. */
export function clipFileName(clip: Clip, part = ''): string {
  const time = new Date(Number(clip.startNs / 1_000_000n)).toISOString().slice(0, 19);
  const { rule } = leadingMarker(clip.manifest);
  const parts = [clip.device, `${time.replaceAll(/[-:]/g, '')}Z`, rule, clip.id.slice(-8)];
  const name = parts.map((one) => one.replaceAll(/[^\w.-]+/g, '-')).join('_');
  return `${name}${part}.mcap`;
}

export function unknownClip(id: string): Fault {
  return new Fault('not_found', `there is no clip "${id.slice(0, 64)}"`, {
    remedy: 'List the clips with `fieldloop clips list`.',
  });
}
