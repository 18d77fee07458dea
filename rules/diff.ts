/** What changed from one rule set to another in the words of the language, whatever its layout. */
import { canonicalJson, type Json } from '@fieldloop/core';
import type { RuleSet } from './rule-set.ts';

export interface FieldChange {
  /** `limits.cooldown`; empty for the whole part. */
  readonly path: string;
  /** Absent where there was nothing. */
  readonly before?: Json;
  readonly after?: Json;
}

export interface PartChange {
  readonly part: 'signal' | 'model' | 'capture' | 'rule' | 'document';
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly fields: readonly FieldChange[];
}

type JsonMap = Readonly<Record<string, Json>>;

const sections = [
  ['signals', 'signal'],
  ['models', 'model'],
  ['captures', 'capture'],
] as const;

/** In the order of the language; a rule is the same rule when its id is. */
export function ruleSetDiff(before: RuleSet, after: RuleSet): PartChange[] {
  const changes = sections.flatMap(([section, part]) =>
    mapDiff(part, asMap(before.document[section]), asMap(after.document[section])),
  );
  const rules = mapDiff('rule', rulesOf(before), rulesOf(after));
  const rest = fieldsOf(restOf(before), restOf(after));
  const document: PartChange[] =
    rest.length === 0
      ? []
      : [{ part: 'document', name: after.name, change: 'changed', fields: rest }];
  return [...changes, ...rules, ...document];
}

function rulesOf({ document }: RuleSet): JsonMap {
  const rules = Array.isArray(document['rules']) ? (document['rules'] as readonly Json[]) : [];
  return Object.fromEntries(
    rules.map((rule) => {
      const { id, ...rest } = asMap(rule);
      return [typeof id === 'string' ? id : '', rest];
    }),
  );
}

/** The order of the rules, metadata, latched topics. */
function restOf({ document }: RuleSet): Json {
  const { signals: _s, models: _m, captures: _c, rules: _r, ...rest } = document;
  return rest;
}

function mapDiff(part: PartChange['part'], before: JsonMap, after: JsonMap): PartChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): PartChange[] => {
    const [one, other] = [before[name], after[name]];
    if (one === undefined && other !== undefined) {
      return [{ part, name, change: 'added', fields: [{ path: '', after: other }] }];
    }
    if (one !== undefined && other === undefined) {
      return [{ part, name, change: 'removed', fields: [{ path: '', before: one }] }];
    }
    const fields = one === undefined || other === undefined ? [] : fieldsOf(one, other);
    return fields.length === 0 ? [] : [{ part, name, change: 'changed', fields }];
  });
}

/** Fields that differ; maps are looked into, lists are compared whole. */
function fieldsOf(before: Json, after: Json, path = ''): FieldChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (!isMap(before) || !isMap(after)) return [{ path, before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): FieldChange[] => {
    const at = path === '' ? name : `${path}.${name}`;
    const [one, other] = [before[name], after[name]];
    if (one === undefined) return other === undefined ? [] : [{ path: at, after: other }];
    return other === undefined ? [{ path: at, before: one }] : fieldsOf(one, other, at);
  });
}

const isMap = (value: Json): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asMap = (value: Json | undefined): JsonMap =>
  value !== undefined && isMap(value) ? value : {};
