/**
 * Label Studio's JSON: a list of tasks, each with `data`, `annotations` and their `result`. Places
 * are percents of `original_width` and `original_height` (labelstud.io, "Task format"). Pure.
 */
import { Fault } from '@fieldloop/core';
import { z } from '../http/openapi.ts';
import type { Box, LabelValue, Segment } from './annotation.ts';
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
import type { Attributes, AttributeValue, Ontology } from './ontology.ts';
import type { TaskType } from './task.ts';

const resultSchema = z.looseObject({
  id: z.string().optional(),
  from_name: z.string().optional(),
  type: z.string(),
  original_width: z.number().optional(),
  original_height: z.number().optional(),
  image_rotation: z.number().optional(),
  // A relation between two regions has none.
  value: z.looseObject({}).default({}),
});

const fileSchema = z.array(
  z.looseObject({
    data: z.looseObject({}),
    annotations: z
      .array(
        z.looseObject({
          completed_by: z.union([z.number(), z.string(), z.looseObject({})]).nullish(),
          was_cancelled: z.boolean().optional(),
          lead_time: z.number().nullish(),
          result: z.array(resultSchema),
        }),
      )
      .optional(),
    predictions: z.array(z.unknown()).optional(),
    drafts: z.array(z.unknown()).optional(),
  }),
);

type Result = z.infer<typeof resultSchema>;

export function writeLabelStudio(
  items: readonly ExchangeItem[],
  { size }: { readonly size: ImageSize },
): Written {
  const dropped = openDropped();
  const tasks = items.map((item, i) => ({
    id: i + 1,
    data: { task: item.task, type: item.type, startNs: String(item.startNs) },
    annotations: [
      {
        ...(item.annotator === undefined ? {} : { completed_by: item.annotator }),
        was_cancelled: false,
        ...(item.seconds === undefined ? {} : { lead_time: item.seconds }),
        result: resultsOf(item, { size, dropped }),
      },
    ],
    predictions: [],
  }));
  return { content: `${JSON.stringify(tasks, null, 2)}\n`, dropped: dropped.list() };
}

interface Writing {
  readonly size: ImageSize;
  readonly dropped: DroppedCount;
}

function resultsOf(item: ExchangeItem, { size, dropped }: Writing): readonly object[] {
  const { value, startNs } = item;
  if (value.class !== undefined) {
    const choice = { from_name: 'class', to_name: 'clip', type: 'choices' };
    return [
      { id: 'class', ...choice, value: { choices: [value.class] } },
      ...attributeResults('class', value.attributes),
    ];
  }
  if (value.text !== undefined) {
    const area = { id: 'text', from_name: 'text', to_name: 'clip', type: 'textarea' };
    return [{ ...area, value: { text: [value.text] } }];
  }
  const boxes = (value.boxes ?? []).flatMap((box, i) => boxResults(box, { i, size, dropped }));
  const segments = (value.segments ?? []).flatMap((segment, i) => {
    if (segment.share !== undefined) dropped.note('share of a segment');
    const id = `segment-${i}`;
    const seconds = (ns: string): number => Number(BigInt(ns) - startNs) / 1e9;
    const shown = {
      start: seconds(segment.startNs),
      end: seconds(segment.endNs),
      instant: false,
      timeserieslabels: [segment.class],
    };
    const series = { from_name: 'label', to_name: 'clip', type: 'timeserieslabels' };
    return [{ id, ...series, value: shown }, ...attributeResults(id, segment.attributes)];
  });
  return [...boxes, ...segments];
}

function boxResults(
  box: Box,
  { i, size, dropped }: Writing & { readonly i: number },
): readonly object[] {
  for (const name of ['track', 'topic', 'share', 'occluded', 'zOrder'] as const) {
    if (box[name] !== undefined) dropped.note(`${name} of a box`);
  }
  const id = `box-${i}`;
  return [
    {
      id,
      from_name: 'label',
      to_name: 'clip',
      type: 'rectanglelabels',
      original_width: size.width,
      original_height: size.height,
      image_rotation: 0,
      ...(box.atNs === undefined ? {} : { meta: { atNs: box.atNs } }),
      value: {
        x: (box.x / size.width) * 100,
        y: (box.y / size.height) * 100,
        width: (box.w / size.width) * 100,
        height: (box.h / size.height) * 100,
        rotation: 0,
        rectanglelabels: [box.class],
      },
    },
    ...attributeResults(id, box.attributes),
  ];
}

/** What is said of a region has its id. */
const attributeResults = (id: string, attributes: Attributes | undefined): readonly object[] =>
  Object.entries(attributes ?? {}).map(([name, value]) => ({
    id,
    from_name: name,
    to_name: 'clip',
    ...(typeof value === 'number'
      ? { type: 'number', value: { number: value } }
      : { type: 'choices', value: { choices: [String(value)] } }),
  }));

/** Fault `invalid` for what is no such file; tasks that are none of ours are listed as dropped. */
export function readLabelStudio(
  content: string,
  ontologyOf: (task: string) => Ontology | undefined,
): Exchanged {
  const file = fileOf(content);
  const dropped = openDropped();
  const items = file.flatMap((entry, i): ExchangeItem[] => {
    const { data, annotations = [], predictions = [], drafts = [] } = entry;
    const task = taskIn(JSON.stringify(data));
    if (task === undefined) {
      dropped.note('task of somebody else');
      return [];
    }
    for (const _ of predictions) dropped.note('prediction');
    for (const _ of drafts) dropped.note('draft');
    if (annotations.length === 0) dropped.note('task without annotations');
    const startNs = nsOf(data['startNs']);
    return annotations.flatMap((annotation, n): ExchangeItem[] => {
      if (annotation.was_cancelled === true) {
        dropped.note('skipped annotation');
        return [];
      }
      const reading = { startNs, ontology: ontologyOf(task), dropped };
      const { type, value, problem } = valueOf(annotation.result, reading, data['type']);
      const annotator = whoOf(annotation.completed_by);
      return [
        {
          task,
          place: `/${i}/annotations/${n}`,
          type,
          startNs,
          value,
          problem,
          ...(annotator === undefined ? {} : { annotator }),
          ...(typeof annotation.lead_time === 'number' ? { seconds: annotation.lead_time } : {}),
        },
      ];
    });
  });
  return { items, dropped: dropped.list() };
}

/** A number, a mail address, or a person with either. */
function whoOf(who: unknown): string | undefined {
  if (typeof who === 'number' || typeof who === 'string') return String(who).slice(0, 64);
  if (typeof who !== 'object' || who === null) return undefined;
  const { email, id } = who as { readonly email?: unknown; readonly id?: unknown };
  return whoOf(email ?? id);
}

function fileOf(content: string): z.infer<typeof fileSchema> {
  // Some editors put a mark of its byte order before a file.
  const text = content.replace(/^\ufeff/, '');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw noExport('/body/content', error);
  }
  const found = fileSchema.safeParse(json);
  if (found.success) return found.data;
  const path = found.error.issues[0]?.path ?? [];
  throw noExport(['/body/content', ...path.map(String)].join('/'), found.error);
}

const noExport = (place: string, cause: unknown): Fault =>
  new Fault('invalid', 'this is no JSON export of Label Studio', {
    place,
    remedy: 'Export the project from Label Studio as JSON, not as JSON-MIN.',
    cause,
  });

const nsOf = (value: unknown): bigint =>
  typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : 0n;

interface Reading {
  readonly startNs: bigint;
  readonly ontology: Ontology | undefined;
  readonly dropped: DroppedCount;
}

interface Read {
  readonly type: TaskType;
  readonly value: LabelValue;
  readonly problem?: string | undefined;
}

const regionTypes: ReadonlySet<string> = new Set(['rectanglelabels', 'timeserieslabels']);

/** Regions first, then what is said of each by its id. */
function valueOf(results: readonly Result[], reading: Reading, asked: unknown): Read {
  const { dropped } = reading;
  const regions = results.filter(({ type }) => regionTypes.has(type));
  const ids = new Set(regions.map(({ id }) => id));
  const text = results.find(({ type }) => type === 'textarea');
  const classed = classOf(results, ids);
  if (classed !== undefined && regions.length === 0) {
    const name = firstOf(classed.value['choices']);
    const attributes = attributesFor(classed, results, { ...reading, class: name });
    const problem = severalIn(classed.value['choices']);
    const value = { class: name, ...withAttributes(attributes) };
    return { type: 'classification', value, problem };
  }
  if (text !== undefined && regions.length === 0) {
    return { type: 'text', value: { text: firstOf(text.value['text']) } };
  }
  const others = results.filter(({ type, id }) => !regionTypes.has(type) && !ids.has(id));
  for (const { type } of others) dropped.note(type);
  const shape = others.find(({ type }) => type !== 'choices' && type !== 'relation');
  const lost =
    regions.length === 0 && shape !== undefined
      ? `what is drawn there is no box and no segment but ${shape.type}`
      : undefined;
  const problem = lost ?? firstProblem(regions);
  const segments = regions.filter(({ type }) => type === 'timeserieslabels');
  if (segments.length > 0 || asked === 'segments') {
    const value = { segments: segments.map((one) => segmentOf(one, results, reading)) };
    return { type: 'segments', value, problem };
  }
  const value = { boxes: regions.map((one) => boxOf(one, results, reading)) };
  return { type: 'boxes', value, problem };
}

/** The choice of the whole task: ours is named `class`; of another project the only one. */
function classOf(
  results: readonly Result[],
  regions: ReadonlySet<string | undefined>,
): Result | undefined {
  const whole = results.filter(({ type, id }) => type === 'choices' && !regions.has(id));
  const own = whole.find(({ from_name }) => from_name === 'class');
  return own ?? (whole.length === 1 ? whole[0] : undefined);
}

const severalIn = (list: unknown): string | undefined =>
  Array.isArray(list) && list.length > 1 ? `it is called ${list.join(' and ')}` : undefined;

/** What would put a box somewhere else, or make its class a guess. */
function firstProblem(regions: readonly Result[]): string | undefined {
  for (const { type, value, image_rotation: turned = 0, ...of } of regions) {
    const several = severalIn(value[type]);
    if (several !== undefined) return several;
    if (type !== 'rectanglelabels') continue;
    if (turned !== 0) return `its image was turned by ${turned} degrees`;
    if (of.original_width === undefined || of.original_height === undefined) {
      return 'original_width and original_height of a box are missing';
    }
  }
  return undefined;
}

function boxOf(result: Result, all: readonly Result[], reading: Reading): Box {
  const { value } = result;
  const part = (name: string, of: number | undefined): number =>
    exactly((Number(value[name] ?? Number.NaN) * (of ?? Number.NaN)) / 100);
  const name = firstOf(value['rectanglelabels']);
  const edges = {
    x: part('x', result.original_width),
    y: part('y', result.original_height),
    w: part('width', result.original_width),
    h: part('height', result.original_height),
  };
  const degrees = Number(value['rotation'] ?? 0);
  if (degrees !== 0) reading.dropped.note('rotation of a box: the upright one around it is taken');
  const { atNs } = (result['meta'] ?? {}) as { readonly atNs?: unknown };
  return {
    class: name,
    ...(degrees === 0 ? edges : upright(edges, { degrees, about: 'corner' })),
    ...(typeof atNs === 'string' && /^\d{1,19}$/.test(atNs) ? { atNs } : {}),
    ...withAttributes(attributesFor(result, all, { ...reading, class: name })),
  };
}

function segmentOf(result: Result, all: readonly Result[], reading: Reading): Segment {
  const { value } = result;
  const ns = (seconds: unknown): string =>
    String(reading.startNs + BigInt(Math.round(Number(seconds ?? 0) * 1e9)));
  const name = firstOf(value['timeserieslabels']);
  return {
    class: name,
    startNs: ns(value['start']),
    endNs: ns(value['end']),
    ...withAttributes(attributesFor(result, all, { ...reading, class: name })),
  };
}

function attributesFor(
  region: Result,
  all: readonly Result[],
  of: Reading & { readonly class: string },
): Record<string, AttributeValue> {
  const found = all.filter((one) => one !== region && one.id !== undefined && one.id === region.id);
  return Object.fromEntries(
    found.flatMap((one): [string, AttributeValue][] => {
      const name = one.from_name ?? '';
      if (one.type === 'number') return [[name, Number(one.value['number'])]];
      if (one.type !== 'choices') return [];
      const said = firstOf(one.value['choices']);
      return [[name, attributeOf(of.ontology, { class: of.class, name, text: said })]];
    }),
  );
}

const firstOf = (list: unknown): string =>
  Array.isArray(list) && typeof list[0] === 'string' ? list[0] : '';
