/**
 * The table part of a LeRobot v3.0 data set: an episode is a clip, a frame a labelled moment, its
 * task the class. Numbers of messages become `observation.state`, pictures a column of images;
 * there is no MP4.
 */
import { Fault } from '@fieldloop/core';
import { frameContent, type Split } from '@fieldloop/learning';
import { pictureOf } from '../blob/recordings/image.ts';
import { lerobotChunk, lerobotDataMb, lerobotVideoMb } from '../dataset-limits.ts';
import type { BundleDeps, BundleFile } from './bundle.ts';
import { type ClipSource, messagesAt } from './clip-frames.ts';
import type { DatasetVersion } from './dataset.ts';
import { type LabelledItem, labelledClips } from './labelled.ts';
import { type Cell, parquetFile, type TableColumn } from './parquet.ts';
import { type FeatureStats, openStats } from './stats.ts';

export interface LerobotOptions {
  readonly splits: readonly Split[];
  /** Topic and path, such as `/odom` and `twist.linear.x`: the numbers of observation.state. */
  readonly signals: readonly { readonly topic: string; readonly path: string }[];
  /** Topics of compressed images. */
  readonly images: readonly string[];
  readonly fps: number;
  readonly robot: string;
}

interface Episode {
  readonly index: number;
  readonly split: Split;
  readonly tasks: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly file: number;
  readonly stats: ReadonlyMap<string, FeatureStats>;
}

interface Feature {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly names: readonly string[] | null;
}

const mb = 1024 * 1024;

/** Fault `invalid` when a clip lacks a signal, or numbers and pictures differ in size. */
export async function* lerobotFiles(
  deps: BundleDeps,
  version: DatasetVersion,
  options: LerobotOptions,
): AsyncGenerator<BundleFile, void> {
  const features = new Map<string, Feature>();
  const tasks = new Map<string, number>();
  const episodes: Episode[] = [];
  const whole = openStats();
  let rows: Frame[] = [];
  let bytes = 0;
  let total = 0;
  let file = 0;
  const kept = options.splits.toSorted();
  for (const split of kept) {
    const wanted = { splits: [split], types: ['classification'] };
    for await (const items of labelledClips(deps, version, wanted)) {
      const frames = await framesOf(deps.bytes, items, { options, features });
      const own = openStats();
      const index = episodes.length;
      const from = total;
      for (const [i, frame] of frames.entries()) {
        const task = frame.task;
        if (!tasks.has(task)) tasks.set(task, tasks.size);
        const numbers = [i / options.fps, i, index, total, tasks.get(task) ?? 0];
        const row = { ...frame, numbers };
        for (const stats of [own, whole]) addTo(stats, row);
        rows.push(row);
        bytes += frame.bytes;
        total += 1;
      }
      const tasksOf = [...new Set(frames.map(({ task }) => task))];
      episodes.push({ index, split, tasks: tasksOf, from, to: total, file, stats: own.all() });
      if (bytes < lerobotDataMb * mb) continue;
      yield await dataFile(file, rows, features);
      [rows, bytes, file] = [[], 0, file + 1];
    }
  }
  if (rows.length > 0) yield await dataFile(file, rows, features);
  if (total === 0) throw nothing();
  yield await episodesFile(episodes);
  yield { name: 'meta/tasks.parquet', content: once(await tasksFile(tasks)) };
  yield { name: 'meta/stats.json', content: json(statsJson(whole.all())) };
  const info = infoOf({ version, options, features, episodes, tasks: tasks.size, total });
  yield { name: 'meta/info.json', content: json(info) };
}

const nothing = (): Fault =>
  new Fault('invalid', 'the version has no classified item in these splits', {
    remedy: 'LeRobot tables are made of classified moments: choose other splits, or coco.',
  });

interface Frame {
  readonly task: string;
  readonly state: readonly number[];
  readonly images: readonly { readonly bytes: Uint8Array; readonly path: string }[];
  readonly pixels: readonly (readonly number[])[];
  readonly bytes: number;
  readonly numbers?: readonly number[];
}

async function framesOf(
  bytes: BundleDeps['bytes'],
  unordered: readonly LabelledItem[],
  of: { readonly options: LerobotOptions; readonly features: Map<string, Feature> },
): Promise<readonly Frame[]> {
  const { options, features } = of;
  const items = unordered.toSorted((a, b) =>
    Number(BigInt(a.range.startNs) - BigInt(b.range.startNs)),
  );
  const [first] = items;
  if (first === undefined) return [];
  const source: ClipSource = { clip: first.clip, sha256: first.clipSha256, bytes: first.bytes };
  const timesNs = items.map(({ range }) => BigInt(range.startNs));
  const topics = [...new Set([...options.signals.map(({ topic }) => topic), ...options.images])];
  const messages = new Map<string, readonly unknown[]>();
  for (const topic of topics)
    messages.set(topic, await messagesAt(bytes, source, { topic, timesNs }));
  const frames: Frame[] = [];
  for (const [i, item] of items.entries()) {
    const at = (topic: string): unknown => demandMessage(messages.get(topic)?.[i], { item, topic });
    const names: string[] = [];
    const state = options.signals.flatMap(({ topic, path }) => {
      const content = frameContent(at(topic), { kind: 'numbers', path });
      const values = content.kind === 'numbers' ? [...content.values] : [];
      names.push(
        ...values.map((_, k) =>
          values.length === 1 ? nameOf(topic, path) : `${nameOf(topic, path)}_${k}`,
        ),
      );
      return values;
    });
    if (names.length > 0) {
      know(features, 'observation.state', { dtype: 'float32', shape: [names.length], names });
    }
    const images: { bytes: Uint8Array; path: string }[] = [];
    const pixels: (readonly number[])[] = [];
    for (const topic of options.images) {
      const picture = await pictureOf(frameContent(at(topic), { kind: 'image' }));
      const { width, height, data } = picture;
      const shape = [height, width, 3];
      const names = ['height', 'width', 'channels'];
      know(features, imageKey(topic), { dtype: 'image', shape, names });
      images.push({ bytes: picture.file, path: `${imageKey(topic)}-${item.clip}-${i}` });
      pixels.push(channelMeans(data));
    }
    const size = images.reduce((sum, image) => sum + image.bytes.length, 40 + 4 * state.length);
    frames.push({ task: item.class ?? 'unlabelled', state, images, pixels, bytes: size });
  }
  return frames;
}

function demandMessage(
  message: unknown,
  { item, topic }: { readonly item: LabelledItem; readonly topic: string },
): unknown {
  if (message !== undefined) return message;
  throw new Fault(
    'invalid',
    `${item.clip} has no message of ${topic} before ${item.range.startNs}`,
    {
      place: topic,
      remedy: 'Choose topics that stand in every clip from its beginning.',
    },
  );
}

function know(features: Map<string, Feature>, key: string, found: Feature): void {
  const before = features.get(key);
  if (before === undefined) features.set(key, found);
  else if (before.shape.join() !== found.shape.join()) {
    throw new Fault(
      'invalid',
      `${key} is ${before.shape.join(' x ')}, then ${found.shape.join(' x ')}`,
      {
        place: key,
        remedy: 'Export clips of robots whose messages have one size.',
      },
    );
  }
}

/** Of a channel, 0 to 1. */
function channelMeans(data: Uint8Array): readonly number[] {
  const sums = [0, 0, 0];
  for (let at = 0; at + 2 < data.length; at += 3) {
    for (let c = 0; c < 3; c += 1) sums[c] = (sums[c] ?? 0) + (data[at + c] ?? 0);
  }
  return sums.map((sum) => sum / 255 / Math.max(1, data.length / 3));
}

const nameOf = (topic: string, path: string): string =>
  `${topic}.${path}`.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_|_$/g, '');

const imageKey = (topic: string): string =>
  `observation.images.${topic.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_|_$/g, '')}`;

const indexNames = ['timestamp', 'frame_index', 'episode_index', 'index', 'task_index'] as const;

function addTo(stats: ReturnType<typeof openStats>, row: Frame): void {
  for (const [i, name] of indexNames.entries()) stats.add(name, [row.numbers?.[i] ?? 0]);
  if (row.state.length > 0) stats.add('observation.state', row.state);
  for (const [i, { path }] of row.images.entries()) {
    stats.add(path.split('-')[0] ?? path, row.pixels[i] ?? []);
  }
}

async function dataFile(
  file: number,
  rows: readonly Frame[],
  features: ReadonlyMap<string, Feature>,
): Promise<BundleFile> {
  const columns: TableColumn[] = [...features].map(([name, { dtype }]) => ({
    name,
    type: dtype === 'image' ? 'image' : 'floats',
  }));
  columns.push(
    ...indexNames.map((name, i) => ({ name, type: i === 0 ? 'float' : 'int64' }) as const),
  );
  const cells = rows.map((row): Cell[] => {
    const pictures = [...row.images];
    const own = [...features.values()].map(
      ({ dtype }): Cell => (dtype === 'image' ? (pictures.shift() ?? '') : row.state),
    );
    const numbers = (row.numbers ?? []).map((value, i) => (i === 0 ? value : BigInt(value)));
    return [...own, ...numbers];
  });
  return { name: `data/${chunkFile(file)}`, content: once(await parquetFile(columns, cells)) };
}

const three = (n: number): string => String(n).padStart(3, '0');

const chunkFile = (file: number): string =>
  `chunk-${three(Math.floor(file / lerobotChunk))}/file-${three(file % lerobotChunk)}.parquet`;

const statNames = ['min', 'max', 'mean', 'std', 'count'] as const;

async function episodesFile(episodes: readonly Episode[]): Promise<BundleFile> {
  const features = [...(episodes[0]?.stats.keys() ?? [])];
  const columns: TableColumn[] = [
    { name: 'episode_index', type: 'int64' },
    { name: 'tasks', type: 'texts' },
    { name: 'length', type: 'int64' },
    { name: 'data/chunk_index', type: 'int64' },
    { name: 'data/file_index', type: 'int64' },
    { name: 'dataset_from_index', type: 'int64' },
    { name: 'dataset_to_index', type: 'int64' },
    ...features.flatMap((name) =>
      statNames.map((stat) => ({ name: `stats/${name}/${stat}`, type: 'doubles' }) as const),
    ),
    { name: 'meta/episodes/chunk_index', type: 'int64' },
    { name: 'meta/episodes/file_index', type: 'int64' },
  ];
  const rows = episodes.map((one): Cell[] => [
    BigInt(one.index),
    one.tasks,
    BigInt(one.to - one.from),
    BigInt(Math.floor(one.file / lerobotChunk)),
    BigInt(one.file % lerobotChunk),
    BigInt(one.from),
    BigInt(one.to),
    ...features.flatMap((name) => {
      const stats = one.stats.get(name);
      return statNames.map((stat): Cell => stats?.[stat] ?? []);
    }),
    0n,
    0n,
  ]);
  const content = once(await parquetFile(columns, rows));
  return { name: `meta/episodes/${chunkFile(0)}`, content };
}

/** The index must be named for pandas: else row numbers become the names of tasks. */
async function tasksFile(tasks: ReadonlyMap<string, number>): Promise<Uint8Array> {
  const columns: TableColumn[] = [
    { name: 'task_index', type: 'int64' },
    { name: 'task', type: 'text' },
  ];
  const rows = [...tasks].map(([task, index]): Cell[] => [BigInt(index), task]);
  return await parquetFile(columns, rows, { pandas: JSON.stringify(pandasOfTasks) });
}

const pandasColumn = (name: string, types: readonly [string, string]) => ({
  name,
  field_name: name,
  pandas_type: types[0],
  numpy_type: types[1],
  metadata: null,
});

const pandasOfTasks = {
  index_columns: ['task'],
  column_indexes: [],
  columns: [
    pandasColumn('task_index', ['int64', 'int64']),
    pandasColumn('task', ['unicode', 'object']),
  ],
  creator: { library: 'fieldloop', version: '1' },
  pandas_version: '2.2.0',
};

function infoOf(of: {
  readonly version: DatasetVersion;
  readonly options: LerobotOptions;
  readonly features: ReadonlyMap<string, Feature>;
  readonly episodes: readonly Episode[];
  readonly tasks: number;
  readonly total: number;
}) {
  const { options, features, episodes, version } = of;
  const splits: Record<string, string> = {};
  for (const split of options.splits.toSorted()) {
    const own = episodes.filter((one) => one.split === split);
    const [first, last] = [own[0], own.at(-1)];
    if (first !== undefined && last !== undefined)
      splits[split] = `${first.index}:${last.index + 1}`;
  }
  const index = (dtype: string): Feature => ({ dtype, shape: [1], names: null });
  return {
    codebase_version: 'v3.0',
    robot_type: options.robot,
    total_episodes: episodes.length,
    total_frames: of.total,
    total_tasks: of.tasks,
    chunks_size: lerobotChunk,
    data_files_size_in_mb: lerobotDataMb,
    video_files_size_in_mb: lerobotVideoMb,
    fps: options.fps,
    splits,
    data_path: 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet',
    video_path: null,
    features: {
      ...Object.fromEntries(features),
      ...Object.fromEntries(
        indexNames.map((name, i) => [name, index(i === 0 ? 'float32' : 'int64')]),
      ),
    },
    fieldloop: { version: version.id, dataset: version.dataset },
  };
}

const statsJson = (stats: ReadonlyMap<string, FeatureStats>) =>
  Object.fromEntries([...stats].map(([name, one]) => [name, { ...one }]));

const json = (value: unknown): AsyncIterable<Uint8Array> =>
  once(Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`, 'utf8'));

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(bytes);
}
