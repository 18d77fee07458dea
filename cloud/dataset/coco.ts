/** Boxes as COCO: pictures cut from the clips, ids in sorted order, so that they are stable. */
import { createHash } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { frameContent, type Split } from '@fieldloop/learning';
import { pictureOf } from '../blob/recordings/image.ts';
import type { BundleDeps, BundleFile } from './bundle.ts';
import { messagesAt } from './clip-frames.ts';
import type { DatasetVersion } from './dataset.ts';
import { type LabelledItem, labelledClips } from './labelled.ts';

interface Box {
  readonly class: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly topic?: string;
  readonly atNs?: string;
  readonly track?: string;
}

interface Picture {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  readonly file_name: string;
  readonly date_captured: string;
  readonly clip: string;
  readonly topic: string;
  readonly at_ns: string;
}

/** One document a split: `annotations/instances_train.json`, beside the pictures. */
export async function* cocoFiles(
  deps: BundleDeps,
  version: DatasetVersion,
  of: { readonly splits: readonly Split[]; readonly classes: readonly string[] },
): AsyncGenerator<BundleFile, void> {
  const categories = of.classes.map((name, i) => ({ id: i + 1, name, supercategory: '' }));
  const idOf = new Map(categories.map(({ id, name }) => [name, id]));
  let pictures = 0;
  let boxes = 0;
  for (const split of of.splits.toSorted()) {
    const images: Picture[] = [];
    const annotations: object[] = [];
    const wanted = { splits: [split], types: ['boxes'] };
    for await (const items of labelledClips(deps, version, wanted)) {
      for (const { moment, own } of momentsOf(items)) {
        const cut = await pictureAt(deps, moment);
        pictures += 1;
        const { bytes, ...picture } = { ...cut, id: pictures };
        images.push(picture);
        for (const box of own) {
          boxes += 1;
          annotations.push({
            id: boxes,
            image_id: pictures,
            category_id: idOf.get(box.class) ?? 0,
            bbox: [box.x, box.y, box.w, box.h],
            area: box.w * box.h,
            iscrowd: 0,
            segmentation: [],
            ...(box.track === undefined ? {} : { track_id: box.track }),
          });
        }
        yield { name: `images/${cut.file_name}`, content: once(bytes) };
      }
    }
    if (images.length === 0) continue;
    const document = {
      info: {
        description: `${version.dataset} ${version.id}`,
        version: String(version.n),
        date_created: new Date(version.createdAt).toISOString().slice(0, 10),
        year: new Date(version.createdAt).getUTCFullYear(),
        contributor: 'fieldloop',
        url: '',
      },
      licenses: version.manifest.licences.map((name, i) => ({ id: i + 1, name, url: '' })),
      images,
      annotations,
      categories,
    };
    const text = `${JSON.stringify(document)}\n`;
    yield { name: `annotations/instances_${split}.json`, content: once(Buffer.from(text, 'utf8')) };
  }
  if (pictures > 0) return;
  throw new Fault('invalid', 'the version has no item of type boxes in these splits', {
    remedy: 'COCO is made of boxes: choose other splits, or lerobot.',
  });
}

interface Moment {
  readonly item: LabelledItem;
  readonly topic: string;
  readonly atNs: string;
}

/** Boxes by the picture that they are in, in the order of time and topic. */
function momentsOf(
  items: readonly LabelledItem[],
): readonly { readonly moment: Moment; readonly own: readonly Box[] }[] {
  const found = new Map<string, { moment: Moment; own: Box[] }>();
  for (const item of items) {
    const { boxes = [] } = (item.body ?? {}) as { readonly boxes?: readonly Box[] };
    const add = (topic: string, atNs: string): Box[] => {
      const key = `${atNs.padStart(20, '0')} ${topic}`;
      const known = found.get(key) ?? { moment: { item, topic, atNs }, own: [] };
      found.set(key, known);
      return known.own;
    };
    // A picture without a box says that there is nothing.
    if (boxes.length === 0) add(item.topic, item.range.startNs);
    for (const box of boxes) add(box.topic ?? item.topic, box.atNs ?? item.range.startNs).push(box);
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

async function pictureAt(deps: BundleDeps, { item, topic, atNs }: Moment) {
  const source = { clip: item.clip, sha256: item.clipSha256, bytes: item.bytes };
  const wanted = { topic, timesNs: [BigInt(atNs)] };
  const [message] = await messagesAt(deps.bytes, source, wanted);
  if (message === undefined) {
    throw new Fault('corrupt', `${item.clip} has no picture of ${topic} at ${atNs}`, {
      place: topic,
      remedy: 'Build a version without this label.',
    });
  }
  const picture = await pictureOf(frameContent(message, { kind: 'image' }));
  const { width, height, file: bytes } = picture;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const ending = bytes[0] === 0x89 ? 'png' : 'jpg';
  return {
    width,
    height,
    file_name: `${item.clip}_${atNs}_${sha256.slice(0, 8)}.${ending}`,
    date_captured: new Date(Number(BigInt(atNs) / 1_000_000n)).toISOString(),
    clip: item.clip,
    topic,
    at_ns: atNs,
    bytes,
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(bytes);
}
