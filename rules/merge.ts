/** Several rule sets as one: what they share must be the same, what they name must be unlike. */
import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import { parseRuleSet } from './document.ts';
import { problemLine } from './problem.ts';
import type { RuleSet } from './rule-set.ts';
import { readYaml, writeYaml } from './yaml-source.ts';

export interface RuleSetText {
  readonly file: string;
  readonly text: string;
}

export interface Merged {
  /** YAML that `parseRuleSet` reads back. */
  readonly text: string;
  readonly ruleSet: RuleSet;
}

type JsonMap = Record<string, Json>;

/** What a rule set is written as. */
export interface RuleSetData {
  apiVersion: 'fieldloop.rules/v1';
  kind: 'RuleSet';
  metadata: JsonMap;
  signals: JsonMap;
  models: JsonMap;
  geofences: JsonMap;
  captures: JsonMap;
  latched: string[];
  /** Absent: no budgets. */
  budgets?: JsonMap;
  rules: JsonMap[];
}

export interface RuleSetMetadata {
  readonly name: string;
  readonly version: number;
  readonly description?: string;
}

/** Fault `conflict` when two sets mean different things by one name. */
export function mergeRuleSets(sets: readonly RuleSetText[], metadata: RuleSetMetadata): Merged {
  const merged = emptyData(metadata);
  const owner = new Map<string, string>();
  for (const { file, text } of sets) {
    const data = dataOf(text);
    for (const section of ['signals', 'models', 'geofences', 'captures'] as const) {
      for (const [name, value] of Object.entries(data[section])) {
        const key = `${section}.${name}`;
        const before = merged[section][name];
        if (before !== undefined && canonicalJson(before) !== canonicalJson(value)) {
          throw conflict(key, owner.get(key) ?? '', file);
        }
        merged[section][name] = value;
        owner.set(key, file);
      }
    }
    if (data.budgets !== undefined) {
      const { budgets } = merged;
      if (budgets !== undefined && canonicalJson(budgets) !== canonicalJson(data.budgets)) {
        throw conflict('budgets', owner.get('budgets') ?? '', file);
      }
      merged.budgets = data.budgets;
      owner.set('budgets', file);
    }
    for (const pattern of data.latched) {
      if (!merged.latched.includes(pattern)) merged.latched.push(pattern);
    }
    for (const rule of data.rules) {
      const key = `rule ${canonicalJson(rule['id'] ?? null)}`;
      const other = owner.get(key);
      if (other !== undefined) throw conflict(key, other, file);
      owner.set(key, file);
      merged.rules.push(rule);
    }
  }
  return finishData(merged, `${metadata.name}.yaml`);
}

function conflict(key: string, one: string, other: string): Fault {
  return new Fault('conflict', `${key} means one thing in ${one} and another in ${other}`, {
    place: other,
    remedy: 'Give one of the two another name.',
  });
}

export function emptyData(metadata: RuleSetMetadata): RuleSetData {
  return {
    apiVersion: 'fieldloop.rules/v1',
    kind: 'RuleSet',
    metadata: { ...metadata },
    signals: {},
    models: {},
    geofences: {},
    captures: {},
    latched: [],
    rules: [],
  };
}

/** The data of a text that is known to be a rule set; sections that are missing are empty. */
export function dataOf(text: string): RuleSetData {
  const data = readYaml(text).data as Partial<RuleSetData>;
  return { ...emptyData({ name: '', version: 1 }), ...data };
}

/** Writes and reads back; a fault here names the first problem. */
export function finishData(data: RuleSetData, file: string): Merged {
  const filled = Object.entries(data).filter(([, value]) => !isEmpty(value as Json));
  const text = writeYaml(Object.fromEntries(filled));
  const { ruleSet, problems } = parseRuleSet(text, file);
  if (ruleSet !== undefined) return { text, ruleSet };
  const [first] = problems;
  throw new Fault('invalid', first === undefined ? file : problemLine(first), {
    place: file,
    remedy: first?.remedy,
  });
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
