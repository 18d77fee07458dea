/** One declared signal: what its type allows besides topic and path. */
import { asFault, didYouMean } from '@fieldloop/core';
import { parsePath } from '@fieldloop/recording/slots';
import * as limits from './limits.ts';
import { checkTopic } from './read-topics.ts';
import { durationNs, type Report } from './report.ts';
import type { SignalShape } from './schema.ts';
import type { Reduce, Shaping, Signal } from './signal.ts';
import { knownUnits, otherSpellings } from './unit.ts';

type Place = readonly string[];

export function readSignal(name: string, shape: SignalShape, report: Report): Signal {
  const at = ['signals', name];
  const { latched, maxAge, type } = shape;
  if (latched && maxAge !== undefined) {
    const message = 'a latched signal holds until the next message and has no maxAge';
    report.key([...at, 'maxAge'], 'conflict', message, 'Remove one of the two.');
  }
  checkTopic(shape.topic, [...at, 'topic'], report);
  const paths = readPaths(shape, at, report);
  if (type === 'double' || type === 'string' || type === 'bool') checkFold(shape, at, report);
  if (shape.unit !== undefined) checkUnit(shape.unit, [...at, 'unit'], report);
  checkKeys(shape, at, report);
  const least = { least: 1_000_000n };
  const ageNs =
    maxAge === undefined ? undefined : durationNs(maxAge, [...at, 'maxAge'], report, least);
  return {
    name,
    topic: shape.topic,
    path: paths.join(', '),
    paths,
    type,
    unit: shape.unit,
    reduce: shape.reduce && readReduce(shape.reduce, at, report),
    shaping: readShaping(shape, at, report),
    maxItems: shape.maxItems ?? limits.listItemsDefault,
    maxAgeNs: ageNs === undefined ? Number.POSITIVE_INFINITY : Number(ageNs),
    latched,
    folds: new Map(),
    fits: shape.fits ?? [],
  };
}

/** One path, or latitude and longitude. */
function readPaths(shape: SignalShape, at: Place, report: Report): readonly string[] {
  const { path, type } = shape;
  const isPair = typeof path !== 'string';
  if (type === 'geo' && !isPair) {
    const remedy = 'Write path: [latitude, longitude], the fields in degrees.';
    report.value([...at, 'path'], 'type', 'a position has two paths', remedy);
  } else if (type !== 'geo' && isPair) {
    const remedy = 'Write one path, or type: geo.';
    report.value([...at, 'path'], 'type', `a ${type} has one path`, remedy);
  }
  const paths = isPair ? [...path] : [path];
  for (const [i, one] of paths.entries()) {
    const place = isPair ? [...at, 'path', String(i)] : [...at, 'path'];
    const fault = pathFault(one);
    if (fault !== undefined) report.value(place, 'bad-value', fault.message, fault.remedy);
    if (fault !== undefined || (type !== 'list' && type !== 'geo') || !one.includes('[]')) continue;
    const message = `path "${one}" gives the items of a list`;
    const remedy =
      type === 'list' ? `Write ${one.split('[]')[0] ?? one}, the list itself.` : 'Name one item.';
    report.value(place, 'type', message, remedy);
  }
  return paths;
}

/** What is wrong with the text of a path, whatever fields a message has. */
export function pathFault(
  path: string,
): { readonly message: string; readonly remedy: string } | undefined {
  try {
    parsePath(path);
    return undefined;
  } catch (error) {
    const { message, remedy = '' } = asFault(error);
    return { message, remedy };
  }
}

/** A list needs a fold, and only a list has one. */
function checkFold(shape: SignalShape, at: Place, report: Report): void {
  const { path, type, reduce } = shape;
  const isList = typeof path === 'string' && path.includes('[]');
  if (isList && reduce === undefined) {
    const message = `path "${path}" gives a list`;
    const remedy = 'Add reduce: {fn: min}, or name one item, for example ranges[0].';
    report.value([...at, 'path'], 'type', message, remedy);
  }
  if (!isList && reduce !== undefined && typeof path === 'string') {
    const message = `path "${path}" gives one value, there is nothing to reduce`;
    report.key([...at, 'reduce'], 'type', message, 'Write [] after the list, or remove reduce.');
  }
  if (isList && type !== 'double') {
    const message = 'a reduced list is a number';
    report.value([...at, 'type'], 'type', message, 'Write type: double.');
  }
}

/** Keys that say nothing about a signal of this type. */
function checkKeys(shape: SignalShape, at: Place, report: Report): void {
  const { type } = shape;
  const refuse = (key: 'unit' | 'valid' | 'filter' | 'reduce' | 'maxItems'): void => {
    if (shape[key] === undefined) return;
    const code = key === 'unit' ? 'unit' : 'type';
    const message = key === 'maxItems' ? `a ${type} has no items` : `a ${type} has no ${key}`;
    const remedy = key === 'reduce' ? 'Remove it: macros and functions fold lists.' : 'Remove it.';
    report.key([...at, key], code, message, remedy);
  };
  if (type !== 'double') for (const key of ['unit', 'valid', 'filter'] as const) refuse(key);
  if (type === 'geo' || type === 'list') refuse('reduce');
  if (type !== 'list') refuse('maxItems');
}

function readShaping(shape: SignalShape, at: Place, report: Report): Shaping | undefined {
  const { valid, filter } = shape;
  if (shape.type !== 'double' || (valid === undefined && filter === undefined)) return undefined;
  if (valid !== undefined) checkRange(valid, [...at, 'valid'], report);
  return { valid: valid && [valid[0], valid[1]], lowpassHz: filter?.lowpassHz ?? 0 };
}

function readReduce(reduce: NonNullable<SignalShape['reduce']>, at: Place, report: Report): Reduce {
  const { fn, valid } = reduce;
  if (valid !== undefined) checkRange(valid, [...at, 'reduce', 'valid'], report);
  return { fn, valid: valid && [valid[0], valid[1]] };
}

function checkRange(range: readonly [number, number], at: Place, report: Report): void {
  if (range[0] <= range[1]) return;
  const message = `the range [${range.join(', ')}] is empty`;
  report.value(at, 'bad-value', message, 'Write the smaller bound first.');
}

function checkUnit(unit: string, path: Place, report: Report): void {
  if (knownUnits.has(unit)) return;
  const other = Object.hasOwn(otherSpellings, unit) ? otherSpellings[unit] : undefined;
  const hint = other === undefined ? didYouMean(unit, knownUnits) : ` Did you mean "${other}"?`;
  const remedy = `Units are ${[...knownUnits].join(', ')}.`;
  report.value(path, 'unit', `unknown unit "${unit.slice(0, 40)}".${hint}`, remedy);
}
