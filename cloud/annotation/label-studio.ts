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
  value: z.looseObject({}),
});

const fileSchema = z.array(
  z.looseObject({
    data: z.looseObject({}),
    annotations: z
      .array(
        z.looseObject({
          completed_by: z.union([z.number(), z.string(), z.looseObject({})]).optional(),
          was_cancelled: z.boolean().optional(),
          lead_time: z.number().nullish(),
          result: z.array(resultSchema),
        }),
      )
      .optional(),
    predictions: z.array(z.unknown()).optional(),
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
  const items = file.flatMap(({ data, annotations = [], predictions = [] }, i): ExchangeItem[] => {
    const task = taskIn(JSON.stringify(data));
    if (task === undefined) {
      dropped.note('task of somebody else');
      return [];
    }
    for (const _ of predictions) dropped.note('prediction');
    const startNs = nsOf(data['startNs']);
    return annotations.flatMap((annotation, n): ExchangeItem[] => {
      if (annotation.was_cancelled === true) {
        dropped.note('skipped annotation');
        return [];
      }
      const reading = { startNs, ontology: ontologyOf(task), dropped };
      const { type, value } = valueOf(annotation.result, reading, data['type']);
      const who = annotation.completed_by;
      const annotator = typeof who === 'object' ? undefined : who;
      return [
        {
          task,
          place: `/${i}/annotations/${n}`,
          type,
          startNs,
          value,
          ...(annotator === undefined ? {} : { annotator: String(annotator) }),
          ...(typeof annotation.lead_time === 'number' ? { seconds: annotation.lead_time } : {}),
        },
      ];
    });
  });
  return { items, dropped: dropped.list() };
}

function fileOf(content: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(content));
  } catch (error) {
    throw new Fault('invalid', 'this is no JSON export of Label Studio', {
      place: '/body/content',
      remedy: 'Export the project from Label Studio as JSON, not as JSON-MIN.',
      cause: error,
    });
  }
}

const nsOf = (value: unknown): bigint =>
  typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : 0n;

interface Reading {
  readonly startNs: bigint;
  readonly ontology: Ontology | undefined;
  readonly dropped: DroppedCount;
}

/** Regions first, then what is said of each by its id. */
function valueOf(
  results: readonly Result[],
  reading: Reading,
  asked: unknown,
): { readonly type: TaskType; readonly value: LabelValue } {
  const { dropped } = reading;
  const classed = results.find(
    ({ type, from_name }) => type === 'choices' && from_name === 'class',
  );
  const text = results.find(({ type }) => type === 'textarea');
  if (classed !== undefined) {
    const name = firstOf(classed.value['choices']);
    const attributes = attributesFor(classed, results, { ...reading, class: name });
    return { type: 'classification', value: { class: name, ...withAttributes(attributes) } };
  }
  if (text !== undefined) return { type: 'text', value: { text: firstOf(text.value['text']) } };
  const boxes: Box[] = [];
  const segments: Segment[] = [];
  const regions = new Set<string | undefined>();
  for (const result of results) {
    if (result.type === 'rectanglelabels') boxes.push(boxOf(result, results, reading));
    else if (result.type === 'timeserieslabels') segments.push(segmentOf(result, results, reading));
    else continue;
    regions.add(result.id);
  }
  for (const { type, id } of results) {
    const isRegion = type === 'rectanglelabels' || type === 'timeserieslabels';
    if (!isRegion && !regions.has(id)) dropped.note(type);
  }
  if (segments.length > 0 || asked === 'segments') return { type: 'segments', value: { segments } };
  return { type: 'boxes', value: { boxes } };
}

function boxOf(result: Result, all: readonly Result[], reading: Reading): Box {
  const { value } = result;
  const part = (name: string, of: number | undefined): number =>
    exactly((Number(value[name] ?? Number.NaN) * (of ?? Number.NaN)) / 100);
  const name = firstOf(value['rectanglelabels']);
  if (Number(value['rotation'] ?? 0) !== 0) reading.dropped.note('rotation of a box');
  const { atNs } = (result['meta'] ?? {}) as { readonly atNs?: unknown };
  return {
    class: name,
    x: part('x', result.original_width),
    y: part('y', result.original_height),
    w: part('width', result.original_width),
    h: part('height', result.original_height),
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
