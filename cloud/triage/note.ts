/** Score records of a clip, as a robot wrote them, become units. Pure. */
import { entropy, topIndex } from '@fieldloop/learning';
import { z } from '../http/openapi.ts';
import { framesPerClip, maxClasses, maxEmbedding } from '../triage-limits.ts';
import type { Grain, Population } from './triage.ts';

const noteSchema = z.object({
  scorer: z.string().min(1).max(64),
  atNs: z.string().regex(/^\d{1,20}$/),
  values: z.record(z.string().max(64), z.number()),
  topClass: z.string().min(1).max(256),
  modelSha256: z.string().regex(/^[0-9a-f]{64}$/),
  topic: z.string().min(1).max(256).optional(),
  probabilities: z.array(z.number().min(0).max(1.000_001)).min(1).max(maxClasses).optional(),
  embedding: z
    .string()
    .max(Math.ceil((maxEmbedding * 4) / 3) * 4)
    .optional(),
});

export type ScoreNote = z.infer<typeof noteSchema>;

/** Undefined for what is no score record: a robot that is newer, or broken. */
export const parseNote = (document: unknown): ScoreNote | undefined => {
  const found = noteSchema.safeParse(document).data;
  if (found?.embedding === undefined || floatsOf(found.embedding) !== undefined) return found;
  const { embedding: _, ...rest } = found;
  return rest;
};

/** Undefined for what is no list of finite singles. */
export function floatsOf(base64: string): Float32Array | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0 || bytes.length > maxEmbedding * 4) {
    return undefined;
  }
  const out = new Float32Array(bytes.length / 4);
  for (let i = 0; i < out.length; i += 1) {
    const value = bytes.readFloatLE(i * 4);
    if (!Number.isFinite(value)) return undefined;
    out[i] = value;
  }
  return out;
}

export function base64Of(values: ArrayLike<number>): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i += 1) bytes.writeFloatLE(values[i] ?? 0, i * 4);
  return bytes.toString('base64');
}

export interface ClipFacts {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly sizeBytes: number;
  /** `baseline`: a rule kept it by chance, so it stands for the fleet. */
  readonly class: string;
  /** Chance with which that rule kept it. */
  readonly propensity: number;
  /** Topics with their schemas, for notes that name none. */
  readonly topics: readonly { readonly topic: string; readonly schema: string }[];
}

export interface UnitFacts {
  readonly grain: Grain;
  readonly topic: string;
  readonly atNs: bigint;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly population: Population;
  readonly propensityDevice: number;
  readonly model: string;
  readonly modelSha256: string;
  readonly predicted: string;
  readonly probabilities?: readonly number[];
  readonly embedding?: string;
  readonly bytes: number;
  readonly scores: Readonly<Record<string, number>>;
}

/** For each model that scored it: the clip, and its frames. */
export function unitsOf(clip: ClipFacts, notes: readonly ScoreNote[]): readonly UnitFacts[] {
  const byModel = Map.groupBy(
    notes.filter(({ atNs }) => BigInt(atNs) >= clip.startNs && BigInt(atNs) <= clip.endNs),
    ({ scorer, modelSha256 }) => `${scorer}\u0000${modelSha256}`,
  );
  return [...byModel.values()].flatMap((own) => {
    const frames = framesOf(clip, own);
    return frames.length === 0 ? [] : [wholeOf(clip, own), ...frames];
  });
}

function framesOf(clip: ClipFacts, notes: readonly ScoreNote[]): readonly UnitFacts[] {
  // The same frame told twice is one unit.
  const once = [...new Map(notes.map((note) => [note.atNs, note])).values()].toSorted((a, b) =>
    BigInt(a.atNs) < BigInt(b.atNs) ? -1 : 1,
  );
  const step = Math.ceil(once.length / framesPerClip);
  const kept = once.filter((_, i) => i % step === 0);
  return kept.map((note) => {
    const atNs = BigInt(note.atNs);
    return {
      ...factsOf(clip, note),
      grain: 'frame',
      atNs,
      startNs: atNs,
      endNs: atNs,
      propensityDevice: chanceOf(clip) * (kept.length / once.length),
      predicted: note.topClass,
      ...(note.probabilities === undefined ? {} : { probabilities: note.probabilities }),
      ...(note.embedding === undefined ? {} : { embedding: note.embedding }),
      bytes: Math.ceil(clip.sizeBytes / once.length),
      scores: finite(note.values),
    };
  });
}

/** A clip's scores are the means of its frames; its class is the one most of them have. */
function wholeOf(clip: ClipFacts, notes: readonly ScoreNote[]): UnitFacts {
  const probabilities = meanOf(notes.flatMap(({ probabilities: p }) => (p ? [p] : [])));
  const embedding = meanOf(
    notes.flatMap(({ embedding: text }) => (text === undefined ? [] : [floatsOf(text) ?? []])),
  );
  const names = [...new Set(notes.flatMap(({ values }) => Object.keys(values)))];
  const scores = Object.fromEntries(
    names.map((name) => {
      const own = notes.flatMap(({ values }) => values[name] ?? []);
      return [name, own.reduce((sum, value) => sum + value, 0) / own.length];
    }),
  );
  return {
    ...factsOf(clip, notes[0]),
    grain: 'clip',
    atNs: clip.startNs + (clip.endNs - clip.startNs) / 2n,
    startNs: clip.startNs,
    endNs: clip.endNs,
    propensityDevice: chanceOf(clip),
    predicted: commonest(notes.map(({ topClass }) => topClass)),
    ...(probabilities === undefined ? {} : { probabilities }),
    ...(embedding === undefined ? {} : { embedding: base64Of(embedding) }),
    bytes: clip.sizeBytes,
    scores: finite(scores),
  };
}

const chanceOf = (clip: ClipFacts): number => (clip.class === 'baseline' ? clip.propensity : 1);

function factsOf(clip: ClipFacts, note: ScoreNote | undefined) {
  const images = clip.topics.filter(({ schema }) => schema.endsWith('Image'));
  const only = images.length === 1 ? images[0]?.topic : undefined;
  return {
    topic: note?.topic ?? only ?? '/fieldloop/scores',
    population: clip.class === 'baseline' ? ('fleet' as const) : ('inbox' as const),
    model: note?.scorer ?? '',
    modelSha256: note?.modelSha256 ?? '',
  };
}

const finite = (values: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));

/** Undefined for no rows, and for rows of different lengths. */
function meanOf(rows: readonly ArrayLike<number>[]): readonly number[] | undefined {
  const width = rows[0]?.length;
  if (width === undefined || width === 0 || rows.some((row) => row.length !== width)) {
    return undefined;
  }
  return Array.from(
    { length: width },
    (_, d) => rows.reduce((sum, row) => sum + (row[d] ?? 0), 0) / rows.length,
  );
}

function commonest(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return sorted[0]?.[0] ?? '';
}

/** What a unit without an entropy of its own has, from its probabilities. */
export function entropyOf(unit: Pick<UnitFacts, 'probabilities' | 'scores'>): number | undefined {
  const told = unit.scores['entropy'];
  if (told !== undefined || unit.probabilities === undefined) return told;
  return topIndex(unit.probabilities) < 0 ? undefined : entropy(unit.probabilities);
}
