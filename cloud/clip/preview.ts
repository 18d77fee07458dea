/** Pictures of a clip: which images of its topics stand for it. */
export const previewKinds = ['first', 'trigger', 'middle'] as const;
export type PreviewKind = (typeof previewKinds)[number];

/** A picture that was made. */
export interface Preview {
  /** Counts from 0: topics in the order of their names, kinds as above. */
  readonly n: number;
  readonly kind: PreviewKind;
  readonly topic: string;
  /** Log time of the image. */
  readonly atNs: bigint;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** `pending`: they are made once the clip is stored, or when somebody asks for one. */
export type PreviewState = 'pending' | 'made' | 'failed';

const compressed = [
  'sensor_msgs/CompressedImage',
  'sensor_msgs/msg/CompressedImage',
  'foxglove.CompressedImage',
  'foxglove_msgs/msg/CompressedImage',
];
const raw = [
  'sensor_msgs/Image',
  'sensor_msgs/msg/Image',
  'foxglove.RawImage',
  'foxglove_msgs/msg/RawImage',
];

export const isImageSchema = (name: string): boolean =>
  compressed.includes(name) || raw.includes(name);

export const isRawImageSchema = (name: string): boolean => raw.includes(name);

/**
 * Out of the log times of a topic's images, which ones show it: the first, the last at or before
 * the trigger, the one nearest to the middle. Each image once, under its first kind.
 */
export function chosenFrames(
  timesNs: readonly bigint[],
  clip: { readonly triggerNs: bigint; readonly startNs: bigint; readonly endNs: bigint },
): readonly { readonly kind: PreviewKind; readonly index: number }[] {
  const middleNs = (clip.startNs + clip.endNs) / 2n;
  let [first, trigger, middle] = [0, 0, 0];
  for (const [i, ns] of timesNs.entries()) {
    if (ns < (timesNs[first] ?? 0n)) first = i;
    const best = timesNs[trigger] ?? 0n;
    const isBefore = ns <= clip.triggerNs;
    if (isBefore ? best > clip.triggerNs || ns >= best : ns < best) trigger = i;
    if (distance(ns, middleNs) < distance(timesNs[middle] ?? 0n, middleNs)) middle = i;
  }
  if (timesNs.length === 0) return [];
  const chosen = [
    { kind: 'first' as const, index: first },
    { kind: 'trigger' as const, index: trigger },
    { kind: 'middle' as const, index: middle },
  ];
  return chosen.filter((one, i) => chosen.findIndex((other) => other.index === one.index) === i);
}

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);
