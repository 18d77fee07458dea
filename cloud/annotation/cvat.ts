/**
 * CVAT for images 1.1: an `annotations.xml` with an `image` for each picture, `box` and `tag` in it,
 * corners in pixels (docs.cvat.ai, "XML annotation format"). Pure.
 */
import { Fault } from '@fieldloop/core';
import { namedImages } from '../annotation-limits.ts';
import type { Box, LabelValue } from './annotation.ts';
import {
  attributeOf,
  type DroppedCount,
  exactly,
  type Exchanged,
  type ExchangeItem,
  type ImageSize,
  openDropped,
  taskIn,
  upright,
  withAttributes,
  type Written,
} from './interchange.ts';
import type { AttributeDefinition, Attributes, AttributeValue, Ontology } from './ontology.ts';
import { element, type Element, readXml, writeXml } from './xml.ts';

/** `tsk_…/<log time>.jpg`: the same in both directions. */
const imageName = (item: ExchangeItem, atNs: bigint | string): string => `${item.task}/${atNs}.jpg`;

export function writeCvat(
  items: readonly ExchangeItem[],
  { ontology, size }: { readonly ontology: Ontology; readonly size: ImageSize },
): Written {
  const dropped = openDropped();
  const images = items.flatMap((item) => imagesOf(item, dropped));
  const root = element('annotations', {}, [
    element('version', {}, '1.1'),
    element('meta', {}, [
      element('task', {}, [
        element('name', {}, ontology.name),
        element('size', {}, String(images.length)),
        element('mode', {}, 'annotation'),
        element('labels', {}, ontology.classes.map(labelOf)),
      ]),
    ]),
    ...images.map(({ name, inner }, id) => element('image', { id, name, ...size }, inner)),
  ]);
  return {
    content: `<?xml version="1.0" encoding="utf-8"?>\n${writeXml(root)}`,
    dropped: dropped.list(),
  };
}

const labelOf = ({ name, colour, attributes = [] }: Ontology['classes'][number]): Element =>
  element('label', {}, [
    element('name', {}, name),
    ...(colour === undefined ? [] : [element('color', {}, colour)]),
    element('type', {}, 'any'),
    element('attributes', {}, attributes.map(attributeElement)),
  ]);

const inputs: Readonly<Record<AttributeDefinition['kind'], string>> = {
  select: 'select',
  number: 'number',
  boolean: 'checkbox',
  text: 'text',
};

const attributeElement = ({ name, kind, values = [] }: AttributeDefinition): Element =>
  element('attribute', {}, [
    element('name', {}, name),
    element('mutable', {}, 'False'),
    element('input_type', {}, inputs[kind]),
    element('default_value', {}, values[0] ?? ''),
    element('values', {}, values.join('\n')),
  ]);

interface Image {
  readonly name: string;
  readonly inner: readonly Element[];
}

/** One for each moment that was drawn in. */
function imagesOf(item: ExchangeItem, dropped: DroppedCount): readonly Image[] {
  const { value, startNs } = item;
  if (value.class !== undefined) {
    const tag = element(
      'tag',
      { label: value.class, source: 'manual' },
      attributesOf(value.attributes),
    );
    return [{ name: imageName(item, startNs), inner: [tag] }];
  }
  if (value.boxes === undefined) {
    dropped.note(`label of type ${item.type}`);
    return [];
  }
  const moments = Map.groupBy(value.boxes, (box) => box.atNs ?? String(startNs));
  if (moments.size === 0) moments.set(String(startNs), []);
  return [...moments].map(([atNs, boxes]) => ({
    name: imageName(item, atNs),
    inner: boxes.map((box) => boxElement(box, dropped)),
  }));
}

function boxElement(box: Box, dropped: DroppedCount): Element {
  if (box.track !== undefined) dropped.note('track of a box');
  if (box.topic !== undefined) dropped.note('topic of a box');
  if (box.share !== undefined) dropped.note('share of a box');
  return element(
    'box',
    {
      label: box.class,
      source: 'manual',
      occluded: box.occluded === true ? 1 : 0,
      xtl: box.x,
      ytl: box.y,
      xbr: box.x + box.w,
      ybr: box.y + box.h,
      z_order: box.zOrder ?? 0,
    },
    attributesOf(box.attributes),
  );
}

const attributesOf = (attributes: Attributes | undefined): readonly Element[] =>
  Object.entries(attributes ?? {}).map(([name, value]) =>
    element('attribute', { name }, String(value)),
  );

/** Faults: `invalid` for what is no such file; images of no task of ours are listed as dropped. */
export function readCvat(
  content: string,
  ontologyOf: (task: string) => Ontology | undefined,
): Exchanged {
  const root = readXml(content, '/body/content');
  if (root.name !== 'annotations') throw wrong(`the root is <${root.name}>`);
  const version = root.children.find(({ name }) => name === 'version')?.text.trim();
  if (version !== '1.1') throw wrong(`the version is ${version ?? 'missing'}`);
  const dropped = openDropped();
  if (root.children.some(({ name }) => name === 'track')) throw wrong('it has tracks of a video');
  const tasks = new Map<string, ReadTask>();
  let strangers = 0;
  for (const image of root.children.filter(({ name }) => name === 'image')) {
    const name = image.attributes['name'] ?? '';
    const task = taskIn(name);
    const atNs = /\/(\d{1,19})\.\w+$/.exec(name)?.[1];
    if (task === undefined || atNs === undefined) {
      strangers += 1;
      const isNamed = strangers <= namedImages;
      dropped.note(
        isNamed ? `image "${name.slice(0, 64)}" of no task` : 'further image of no task',
      );
      continue;
    }
    const known = tasks.get(task) ?? {
      place: `image ${name}`,
      classes: [],
      boxes: [],
      other: [],
      atNs: BigInt(atNs),
    };
    tasks.set(task, known);
    readImage(image, known, { atNs, ontology: ontologyOf(task), dropped });
  }
  return { items: [...tasks].map((of) => itemOf(of, dropped)), dropped: dropped.list() };
}

interface ReadTask {
  readonly place: string;
  readonly classes: LabelValue[];
  readonly boxes: Box[];
  /** Shapes that are no boxes. */
  readonly other: string[];
  readonly atNs: bigint;
}

interface ReadingImage {
  readonly atNs: string;
  readonly ontology: Ontology | undefined;
  readonly dropped: DroppedCount;
}

function readImage(image: Element, known: ReadTask, of: ReadingImage): void {
  for (const child of image.children) {
    const { source = 'manual' } = child.attributes;
    const attributes = readAttributes(child, of);
    if (child.name !== 'box' && child.name !== 'tag') {
      known.other.push(child.name);
      of.dropped.note(child.name);
      continue;
    }
    // Who checked what a machine drew says so with their answer; that a machine drew it is lost.
    if (source !== 'manual') of.dropped.note(`source ${source.slice(0, 32)} of a ${child.name}`);
    if (child.name === 'box') known.boxes.push(readBox(child, { ...of, attributes }));
    else {
      const name = child.attributes['label'] ?? '';
      known.classes.push({ class: name, ...withAttributes(attributes) });
    }
  }
}

/** What one task is said to show. An image with nothing in it says that nothing is there. */
function itemOf([task, read]: readonly [string, ReadTask], dropped: DroppedCount): ExchangeItem {
  const { place, classes, boxes, other, atNs } = read;
  const at = { task, place, startNs: atNs };
  const [first] = classes;
  if (boxes.length > 0 || first === undefined) {
    if (first !== undefined) dropped.note('tag of an image with boxes');
    const isLost = boxes.length === 0 && other.length > 0;
    const problem = isLost ? `what is drawn there is no box but a ${other[0]}` : undefined;
    return { ...at, type: 'boxes', value: { boxes }, problem };
  }
  const names = [...new Set(classes.map((one) => one.class ?? ''))];
  const problem = names.length > 1 ? `it is tagged ${names.join(' and ')}` : undefined;
  return { ...at, type: 'classification', value: first, problem };
}

const wrong = (why: string): Fault =>
  new Fault('invalid', `this is no file of CVAT for images 1.1: ${why}`, {
    place: '/body/content',
    remedy: 'Export the task from CVAT as "CVAT for images 1.1" and send its annotations.xml.',
  });

function readAttributes(
  of: Element,
  { ontology }: { readonly ontology: Ontology | undefined },
): Record<string, AttributeValue> {
  const name = of.attributes['label'] ?? '';
  return Object.fromEntries(
    of.children
      .filter((child) => child.name === 'attribute')
      .map((child) => {
        const attribute = child.attributes['name'] ?? '';
        const value = attributeOf(ontology, { class: name, name: attribute, text: child.text });
        return [attribute, value];
      }),
  );
}

function readBox(
  { attributes: said }: Element,
  of: { readonly atNs: string; readonly attributes: Attributes; readonly dropped: DroppedCount },
): Box {
  const number = (name: string): number => Number(said[name] ?? Number.NaN);
  const [x, y] = [number('xtl'), number('ytl')];
  const zOrder = Number(said['z_order'] ?? 0);
  if (said['group_id'] !== undefined) of.dropped.note('group of a box');
  const edges = { x, y, w: exactly(number('xbr') - x), h: exactly(number('ybr') - y) };
  const degrees = Number(said['rotation'] ?? 0);
  if (degrees !== 0) of.dropped.note('rotation of a box: the upright one around it is taken');
  return {
    class: said['label'] ?? '',
    ...(degrees === 0 ? edges : upright(edges, { degrees, about: 'centre' })),
    atNs: of.atNs,
    ...(said['occluded'] === '1' ? { occluded: true } : {}),
    ...(zOrder === 0 ? {} : { zOrder }),
    ...withAttributes(of.attributes),
  };
}
