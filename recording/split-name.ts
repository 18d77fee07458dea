/**
 * Which files are parts of one recording: `NAME_0.mcap`, `NAME_1.mcap`, … as recorders split them.
 * The ROS 1 recorder puts the time of each split into its name, and `.active` behind it while it
 * writes; neither makes another recording. Pure.
 */

export interface SplitName {
  /** Equal for the parts of one recording, and perhaps for a later one of the same name. */
  readonly series: string;
  /** From 0; undefined when the name has none. */
  readonly index: number | undefined;
  /** What tells two recordings of one series apart: the time in a name, as text. */
  readonly begun: string;
}

const splitIndex = /_(\d{1,6})$/;
/** A day and a time of day at the end of a name count nothing: `_20260101_101500`. */
const endsInTime = /(?<!\d)(\d{8}|\d{4}([-_])\d{2}\2\d{2})[-_T](\d{6}|\d{2}([-_])\d{2}\4\d{2})$/;
const recorderTime = /\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}/;

/** `path` is relative to the folder, with `/`. */
export function splitName(path: string): SplitName {
  const bare = path.replace(/\.active$/, '');
  const dot = bare.lastIndexOf('.');
  const end = dot > bare.lastIndexOf('/') ? dot : bare.length;
  const [stem, extension] = [bare.slice(0, end), bare.slice(end)];
  const index = endsInTime.test(stem) ? undefined : splitIndex.exec(stem)?.[1];
  if (index === undefined) return { series: bare, index: undefined, begun: '' };
  const whole = stem.slice(0, -index.length - 1);
  const begun = recorderTime.exec(whole)?.[0] ?? '';
  const series = `${begun === '' ? whole : whole.replace(recorderTime, '*')}_#${extension}`;
  return { series, index: Number(index), begun };
}

/** In the order in which they were recorded, as far as names tell. */
export function bySplit(a: SplitName, b: SplitName): number {
  if (a.series !== b.series) return a.series < b.series ? -1 : 1;
  if (a.begun !== b.begun) return a.begun < b.begun ? -1 : 1;
  return (a.index ?? 0) - (b.index ?? 0);
}

/**
 * Whether `next` goes on where `before` ended; splits between them may have been deleted. It does
 * not where one of `all` shows that another recording of the same name began in between.
 */
export function continues(
  before: SplitName,
  next: SplitName,
  all: readonly SplitName[] = [],
): boolean {
  const { series, index: last, begun } = before;
  if (last === undefined || next.index === undefined) return false;
  if (next.series !== series || next.index <= last || next.begun < begun) return false;
  return !all.some(
    (one) =>
      one.series === series &&
      one.begun > begun &&
      one.begun < next.begun &&
      (one.index ?? 0) <= last,
  );
}

/** The files that `metadata.yaml` of a rosbag2 folder lists, in its order; it names no others. */
export function listedSplits(metadata: string): string[] {
  const lines = metadata.split('\n');
  const from = lines.findIndex((line) => /^\s*relative_file_paths:\s*$/.test(line));
  if (from < 0) return [];
  const names: string[] = [];
  for (const line of lines.slice(from + 1)) {
    const name = /^\s*-\s+["']?([^"']+?)["']?\s*$/.exec(line)?.[1];
    if (name === undefined) break;
    names.push(name);
  }
  return names;
}
