/**
 * Labels in the words of other tools. A format reads and writes the same neutral items; what it has
 * no words for is listed, by name and count, and never lost silently. Pure.
 */
import type { Rectangle } from '@fieldloop/learning';
import type { LabelValue } from './annotation.ts';
import type { AttributeDefinition, Attributes, AttributeValue, Ontology } from './ontology.ts';
import type { TaskType } from './task.ts';

export const exchangeFormats = ['cvat', 'label_studio'] as const;
export type ExchangeFormat = (typeof exchangeFormats)[number];

export interface ExchangeItem {
  /** `tsk_…`: what the other tool was given as the name. */
  readonly task: string;
  /** Where it stands in the file, for problems. */
  readonly place: string;
  readonly type: TaskType;
  readonly startNs: bigint;
  readonly value: LabelValue;
  /** Of the other tool, where it says so. */
  readonly annotator?: string | undefined;
  readonly seconds?: number | undefined;
  /** Why it is no answer that could be counted; the value is what could be read. */
  readonly problem?: string | undefined;
}

/** What the other side has no words for: `polygon`, 3. */
export interface Dropped {
  readonly what: string;
  readonly n: number;
}

export interface Exchanged {
  readonly items: readonly ExchangeItem[];
  readonly dropped: readonly Dropped[];
}

export interface Written {
  readonly content: string;
  readonly dropped: readonly Dropped[];
}

/** Of the images that boxes are drawn in: other tools want to know, and percents need it. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Counts what is left out, in the order of the names. */
export function openDropped() {
  const counts = new Map<string, number>();
  return {
    note: (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1),
    list: (): readonly Dropped[] =>
      [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, n]) => ({ what, n })),
  };
}

export type DroppedCount = ReturnType<typeof openDropped>;

/** The id of the task inside of a name such as `tsk_01J…/12.jpg`. */
export const taskIn = (name: string): string | undefined => /tsk_[0-9A-Z]{26}/.exec(name)?.[0];

/** As the ontology has it: other tools keep everything as text. */
export function attributeOf(
  ontology: Ontology | undefined,
  of: { readonly class: string; readonly name: string; readonly text: string },
): AttributeValue {
  const definition = definitionOf(ontology, of);
  if (definition?.kind === 'boolean' && /^(true|false)$/i.test(of.text)) {
    return of.text.toLowerCase() === 'true';
  }
  if (definition?.kind === 'number' && of.text.trim() !== '' && Number.isFinite(Number(of.text))) {
    return Number(of.text);
  }
  return of.text;
}

const definitionOf = (
  ontology: Ontology | undefined,
  of: { readonly class: string; readonly name: string },
): AttributeDefinition | undefined =>
  ontology?.classes
    .find(({ name }) => name === of.class)
    ?.attributes?.find(({ name }) => name === of.name);

export const withAttributes = (attributes: Attributes): { readonly attributes?: Attributes } =>
  Object.keys(attributes).length === 0 ? {} : { attributes };

/** Degrees clockwise about its centre, or about its corner of least x and y. */
export interface Turn {
  readonly degrees: number;
  readonly about: 'centre' | 'corner';
}

/** The upright box around a turned one: we have no turned boxes. */
export function upright({ x, y, w, h }: Rectangle, { degrees, about }: Turn): Rectangle {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [px, py] = about === 'centre' ? [x + w / 2, y + h / 2] : [x, y];
  const corners = [
    [x, y],
    [x + w, y],
    [x, y + h],
    [x + w, y + h],
  ].map(([cx = 0, cy = 0]) => [
    px + (cx - px) * cos - (cy - py) * sin,
    py + (cx - px) * sin + (cy - py) * cos,
  ]);
  const xs = corners.map(([cx = 0]) => cx);
  const ys = corners.map(([, cy = 0]) => cy);
  // What reaches over the edge of the image is not in it.
  const [left, top] = [Math.max(0, Math.min(...xs)), Math.max(0, Math.min(...ys))];
  return {
    x: exactly(left),
    y: exactly(top),
    w: exactly(Math.max(...xs) - left),
    h: exactly(Math.max(...ys) - top),
  };
}

/** To a millionth: what sums and percents lose on the way is no other place. */
export const exactly = (pixels: number): number => Math.round(pixels * 1e6) / 1e6;
