/** What is said of a clip: the manifest for the cloud, and the same inside the file. Pure. */
import { canonicalJson, type Json } from '@fieldloop/core';
import { type ClipManifest, type ClipMarker, wireLimits } from '@fieldloop/proto';
import type { ClipContents, ClipNote } from '@fieldloop/recording';
import { maxManifestTopics } from '../limits.ts';
import type { ScoreRecord } from '../score/scoring.ts';
import type { Draft } from './plan.ts';

/** What does not change from clip to clip. */
export interface ClipOrigin {
  readonly device: string;
  readonly agentVersion: string;
  readonly firmware?: string | undefined;
  /** SHA-256 by model id. */
  readonly models: Readonly<Record<string, string>>;
}

export interface ClipFacts {
  readonly clipId: string;
  readonly sessionId: string;
  /** The recording that the messages come from. */
  readonly recording: string;
  readonly draft: Draft;
  /** What the window really gave, within the draft's range. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly preTruncated: boolean;
  readonly scores: readonly ScoreRecord[];
  /** What is told beside it, where there is something to tell. */
  readonly beside?: Beside | undefined;
}

export type Beside = Pick<
  ClipManifest,
  | 'files'
  | 'mergedFrom'
  | 'group'
  | 'downsampled'
  | 'dropped'
  | 'redaction'
  | 'clock'
  | 'suppressed'
  | 'expiresMs'
  | 'previews'
>;

/** All but what only the finished file tells. */
export type ManifestInside = Omit<ClipManifest, 'sha256' | 'sizeBytes'>;

export function manifestOf(
  origin: ClipOrigin,
  facts: ClipFacts,
  contents: ClipContents,
): ManifestInside {
  const { draft } = facts;
  return {
    schema: 'fieldloop.clip/v1',
    clipId: facts.clipId,
    sessionId: facts.sessionId,
    device: origin.device,
    source: facts.recording.slice(-256),
    startNs: String(facts.startNs),
    endNs: String(facts.endNs),
    severity: draft.severity,
    class: draft.class,
    tags: draft.tags.map((tag) => tag.slice(0, wireLimits.maxTagText)),
    markers: [...draft.markers],
    topics: contents.topics.slice(0, maxManifestTopics).map(({ topic, schema, count }) => ({
      topic: topic.slice(0, 256),
      schema: schema.slice(0, 256),
      count,
    })),
    messageCount: contents.messageCount,
    scores: summaryOf(facts.scores),
    models: { ...origin.models },
    ...(origin.firmware === undefined ? {} : { firmware: origin.firmware }),
    agentVersion: origin.agentVersion,
    ...(draft.propensity < 1 ? { propensity: draft.propensity } : {}),
    preTruncated: facts.preTruncated,
    ...said(facts.beside),
  };
}

/** Without what is empty: a manifest has little room. */
function said(beside: Beside = {}): Beside {
  const isEmpty = (value: unknown): boolean =>
    value === undefined ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(beside).filter(([, value]) => !isEmpty(value)));
}

/** The metadata of the file; `manifest` lets the clip be understood without this agent. */
export function metadataOf(
  manifest: ManifestInside,
  priority: number,
  previews: readonly PreviewInside[] = [],
): Map<string, string> {
  const models = Object.entries(manifest.models).map(([id, sha256]) => `${id}@${sha256}`);
  return new Map([
    ['clipId', manifest.clipId],
    ['device', manifest.device],
    ['session', manifest.sessionId],
    ['source', manifest.source],
    ['startNs', manifest.startNs],
    ['endNs', manifest.endNs],
    ['rules', [...new Set(manifest.markers.map((m) => `${m.rule}@${m.version}`))].join(' ')],
    ['ruleSetDigest', manifest.markers[0]?.ruleSetDigest ?? ''],
    ['models', models.join(' ')],
    ['agentVersion', manifest.agentVersion],
    ['priority', String(priority)],
    ...besideText(manifest),
    ['manifest', canonicalJson(manifest as unknown as Json)],
    // A clip that is found without its row still has its pictures.
    ...previews.map(({ sha256, bytes }): [string, string] => [
      `preview ${sha256}`,
      Buffer.from(bytes).toString('base64'),
    ]),
  ]);
}

export interface PreviewInside {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** What tools that know no manifest may look for, each by its name. */
function besideText(manifest: ManifestInside): [string, string][] {
  const { files, mergedFrom, propensity, redaction, clock, group } = manifest;
  const texts: [string, Json | undefined][] = [
    ['files', files],
    ['mergedFrom', mergedFrom],
    ['propensity', propensity],
    ['redaction', redaction],
    ['clock', clock],
    ['group', group],
  ];
  return texts.flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, typeof value === 'string' ? value : canonicalJson(value)]],
  );
}

/** Of each kind the largest, by `scorer.kind`, and the mean, by `scorer.kind.mean`. */
function summaryOf(scores: readonly ScoreRecord[]): Record<string, number> {
  const all = new Map<string, number[]>();
  for (const { scorer, values } of scores) {
    for (const [kind, value] of Object.entries(values)) {
      const key = `${scorer}.${kind}`;
      const known = all.get(key);
      if (known === undefined) all.set(key, [value]);
      else known.push(value);
    }
  }
  const found: Record<string, number> = {};
  for (const [key, values] of all) {
    found[key] = values.reduce((most, value) => Math.max(most, value));
    found[`${key}.mean`] = values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  return found;
}

export function markerNotes(draft: Draft): ClipNote[] {
  return draft.markers.map((marker) => {
    const atNs = BigInt(marker.atNs);
    return { atNs, document: { ...logLine(marker, atNs), ...marker } };
  });
}

/** As `foxglove.Log` has it. */
const logLine = (
  { severity, rule, ruleSet, version, why, expression }: ClipMarker,
  atNs: bigint,
) => ({
  timestamp: { sec: Number(atNs / 1_000_000_000n), nsec: Number(atNs % 1_000_000_000n) },
  level: { info: 2, warning: 3, critical: 4 }[severity],
  message: why ?? expression,
  name: rule,
  file: `${ruleSet}@${version}`,
  line: 0,
});

export function scoreNotes(scores: readonly ScoreRecord[]): ClipNote[] {
  return scores.map(
    ({ scorer, topic, atNs, values, latencyMs, modelSha256, documentSha256, ...more }) => ({
      atNs,
      document: {
        scorer,
        topic,
        atNs: String(atNs),
        values: { ...values },
        ...(more.topClass === undefined ? {} : { topClass: more.topClass }),
        latencyMs,
        modelSha256,
        documentSha256,
        ...(more.probabilities === undefined ? {} : { probabilities: [...more.probabilities] }),
        ...(more.embedding === undefined ? {} : { embedding: more.embedding }),
        ...(more.boxes === undefined ? {} : { boxes: more.boxes.map((box) => ({ ...box })) }),
      },
    }),
  );
}
