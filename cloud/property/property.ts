/**
 * What is known of a device beside its messages, and when it held: a value of a key holds over
 * half-open intervals of wall time that never overlap, so that "which firmware at that moment" has
 * one answer.
 */
import { didYouMean, Fault, type Json } from '@fieldloop/core';
import { maxPropertyText } from '../device-limits.ts';

export type PropertyValue = string | number | boolean;
export const propertyKinds = ['string', 'number', 'boolean'] as const;
export type PropertyKind = (typeof propertyKinds)[number];

/** `operator`, or the section of the robot's report that says it. */
export type PropertySource = 'operator' | 'agent' | 'firmware' | 'models' | 'rules';

export interface PropertyDefinition {
  readonly id: string;
  readonly name: string;
  readonly kind: PropertyKind;
  readonly unit?: string;
  /** The values that may be given; absent: any of the kind. */
  readonly allowed?: readonly PropertyValue[];
  readonly description?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface PropertyInterval {
  /** Unix milliseconds, inclusive. */
  readonly from: number;
  /** Exclusive; absent while it holds. */
  readonly to?: number;
  readonly value: PropertyValue;
  readonly source: PropertySource;
}

/** From `at` on the key has this value, until the next change known; no value: it has none. */
export interface PropertyWrite {
  readonly at: number;
  readonly value: PropertyValue | undefined;
  readonly source: PropertySource;
}

/** Keys that Fieldloop gives a meaning; the others are defined by people. */
export const builtInKeys = ['site', 'firmware', 'agent', 'rules', 'ruleSet'] as const;

/** A name that a person may define: no dot, so that it meets none of `models.<id>`. */
export const propertyNamePattern = /^[a-z][A-Za-z0-9_]{0,39}$/;

export const propertyKindOf = (value: PropertyValue): PropertyKind => typeof value as PropertyKind;

/** The value that holds at an instant. `intervals` are in order and do not overlap. */
export function valueAt(
  intervals: readonly PropertyInterval[],
  at: number,
): PropertyInterval | undefined {
  return intervals.find(({ from, to }) => from <= at && (to === undefined || at < to));
}

/**
 * The intervals after a write. Equal neighbours are one interval; a write at the instant of a
 * change replaces what began there; a write before a change that is known ends at that change.
 */
export function withWrite(
  intervals: readonly PropertyInterval[],
  write: PropertyWrite,
): readonly PropertyInterval[] {
  const { at, value, source } = write;
  if (valueAt(intervals, at)?.value === value) return intervals;
  const next = intervals.flatMap(({ from, to }) => [from, ...(to === undefined ? [] : [to])]);
  const end = next.filter((change) => change > at).reduce<number | undefined>(least, undefined);
  const before = intervals
    .filter(({ from }) => from < at)
    .map((one) => (one.to === undefined || one.to > at ? { ...one, to: at } : one));
  const after = intervals.filter(({ from }) => from > at);
  const fresh =
    value === undefined
      ? []
      : [{ from: at, ...(end === undefined ? {} : { to: end }), value, source }];
  return joined([...before, ...fresh, ...after]);
}

const least = (a: number | undefined, b: number): number => (a === undefined || b < a ? b : a);

/** Neighbours that touch and say the same become one; who said it first stays. */
function joined(intervals: readonly PropertyInterval[]): readonly PropertyInterval[] {
  const out: PropertyInterval[] = [];
  for (const one of intervals) {
    const last = out.at(-1);
    if (last !== undefined && last.to === one.from && last.value === one.value) {
      const { to: _to, ...start } = last;
      out[out.length - 1] = { ...start, ...(one.to === undefined ? {} : { to: one.to }) };
    } else {
      out.push(one);
    }
  }
  return out;
}

/** The keys that a reported section speaks of, with what it says. Unknown sections say nothing. */
export function reportedProperties(
  section: string,
  document: Json,
): Readonly<Record<string, PropertyValue>> | undefined {
  const said = isObject(document) ? document : {};
  switch (section) {
    case 'agent':
      return {
        ...ownProperties(said['properties']),
        ...text('agent', said['version']),
        ...text('site', said['site']),
      };
    case 'firmware':
      return text('firmware', said['version']);
    case 'rules':
      return { ...text('rules', said['digest']), ...ruleSetName(said) };
    case 'models':
      return Object.fromEntries(list(said['models']).flatMap(model));
    default:
      return undefined;
  }
}

type JsonObject = { readonly [key: string]: Json | undefined };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** What a robot says at more length than a person may is no property. */
const text = (key: string, value: Json | undefined): Record<string, PropertyValue> =>
  typeof value === 'string' && value !== '' && isValue(value) ? { [key]: value } : {};

/** Older agents say `name`, newer ones `set`. */
function ruleSetName(said: JsonObject): Record<string, PropertyValue> {
  const name = said['set'] ?? said['name'];
  const version = said['version'];
  if (typeof name !== 'string' || typeof version !== 'number') return {};
  return text('ruleSet', `${name}@${version}`);
}

function model(one: Json): readonly (readonly [string, PropertyValue])[] {
  if (!isObject(one)) return [];
  const { id, sha256 } = one;
  if (typeof id !== 'string' || typeof sha256 !== 'string') return [];
  return isValue(id) && isValue(sha256) ? [[`models.${id}`, sha256]] : [];
}

/** What agent.yaml says beside name and site; a built-in key is not for it to set. */
function ownProperties(said: Json | undefined): Record<string, PropertyValue> {
  if (!isObject(said)) return {};
  const entries = Object.entries(said).flatMap(([key, value]) =>
    propertyNamePattern.test(key) && !isBuiltIn(key) && isValue(value)
      ? [[key, value] as const]
      : [],
  );
  return Object.fromEntries(entries);
}

const isValue = (value: Json | undefined): value is PropertyValue =>
  typeof value === 'string'
    ? value.length <= maxPropertyText
    : typeof value === 'number' || typeof value === 'boolean';

export const isBuiltIn = (key: string): boolean => builtInKeys.some((one) => one === key);

/** Fault `invalid` unless the value is one that the definition allows. */
export function checkProperty(
  definitions: readonly PropertyDefinition[],
  key: string,
  value: PropertyValue,
): void {
  const place = `/body/properties/${key}`;
  const definition = definitions.find(({ name }) => name === key);
  if (definition === undefined) {
    const known = definitions.map(({ name }) => name);
    throw new Fault('invalid', `the property "${key}" is not defined.${didYouMean(key, known)}`, {
      place,
      remedy: 'Define it first with POST /v1/propertyDefinitions.',
    });
  }
  const { kind, allowed } = definition;
  if (propertyKindOf(value) !== kind) {
    throw new Fault('invalid', `the property "${key}" is a ${kind}`, {
      place,
      remedy: `Give it a ${kind}, or change its definition.`,
    });
  }
  if (allowed === undefined || allowed.includes(value)) return;
  throw new Fault('invalid', `"${String(value)}" is not a value of the property "${key}"`, {
    place,
    remedy: `Give one of ${allowed.map(String).join(', ')}.`,
  });
}

/** Fault `invalid` when a definition contradicts itself or takes a name that has a meaning. */
export function checkDefinition(
  definition: Pick<PropertyDefinition, 'name' | 'kind'> & {
    readonly allowed?: readonly PropertyValue[] | undefined;
  },
): void {
  const { name, kind, allowed } = definition;
  if (isBuiltIn(name)) {
    throw new Fault('invalid', `"${name}" has a meaning of its own`, {
      place: '/body/name',
      remedy: 'Choose another name; built in are site, firmware, agent, rules and ruleSet.',
    });
  }
  const odd = allowed?.findIndex((value) => propertyKindOf(value) !== kind) ?? -1;
  if (odd >= 0) {
    throw new Fault('invalid', `"${String(allowed?.[odd])}" is not a ${kind}`, {
      place: `/body/allowed/${odd}`,
      remedy: `Allowed values of this property are of the kind ${kind}.`,
    });
  }
}
