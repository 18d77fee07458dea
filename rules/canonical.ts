/** The canonical document, whose digest names a rule set: defaults filled, one spelling each. */
import { formatDurationNs, type Json, parseDurationNs, parseSize } from '@fieldloop/core';
import { onOneLine } from './cel/lexical.ts';
import type { Rule } from './rule-set.ts';
import type { RuleShape } from './rule-schema.ts';
import { usualMoreAge } from './limits.ts';
import type { ModelShape, RuleSetShape } from './schema.ts';
import { durationPattern } from './schema-parts.ts';

/** The document with all defaults and one spelling of each duration and expression. */
export function canonicalDocument(
  shape: RuleSetShape,
  rules: readonly Rule[],
): { readonly [key: string]: Json } {
  const filled = {
    ...shape,
    models: Object.fromEntries(Object.entries(shape.models).map(filledModel)),
    rules: shape.rules.map((rule, i) => filledRule(rule, rules[i])),
  };
  return normal(filled as unknown as Json, '') as { readonly [key: string]: Json };
}

/**
 * Keys without a default in the shape: of those that every rule had from the first version of the
 * language on, the default is written; of later ones it is left out, so that digests stay.
 */
function filledRule(shape: RuleShape, rule: Rule | undefined): unknown {
  const { edge, keep, shadow, bypassBudget, every, sample, capture, ...rest } = shape;
  return {
    ...rest,
    priority: rule?.priorityTerm?.text ?? rule?.priority,
    limits: { cooldown: '0s', ...shape.limits },
    capture: filledCapture(capture ?? { pre: '10s', post: '5s' }),
    tags: shape.tags ?? [],
    ...(every && { every: every.period === undefined ? every : { first: every.period, ...every } }),
    ...(sample && { sample: sample.strategy === 'random' ? without(sample, 'strategy') : sample }),
    ...(edge === 'rising' ? {} : { edge }),
    ...(rule?.keepNs === 0 ? {} : { keep }),
    ...(shadow === true ? { shadow } : {}),
    ...(bypassBudget === true ? { bypassBudget } : {}),
    ...(rule?.expiresNs === undefined ? {} : { expires: momentText(rule.expiresNs) }),
    ...(rule === undefined || rule.label.length === 0
      ? {}
      : { label: Object.fromEntries(rule.label.map(({ name, term }) => [name, term.text])) }),
  };
}

/** Of further inputs there is only what they change; how old they may be is said with them. */
function filledModel([id, { input, ...rest }]: [string, ModelShape]): [string, unknown] {
  const { topic, more = {}, maxAge = usualMoreAge } = input;
  const isFed = Object.keys(more).length > 0;
  return [id, { ...rest, input: isFed ? { topic, more, maxAge } : { topic } }];
}

function filledCapture(capture: NonNullable<RuleShape['capture']>): unknown {
  return capture.extendWhile === false ? without(capture, 'extendWhile') : capture;
}

function without<T extends object>(of: T, key: keyof T): Partial<T> {
  const { [key]: _, ...rest } = of;
  return rest as Partial<T>;
}

function momentText(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}

type Spelling = (text: string) => string;

const duration: Spelling = (text) =>
  durationPattern.test(text) ? formatDurationNs(parseDurationNs(text)) : text;
const size: Spelling = (text) => `${parseSize(text)}B`;

const spellings: Readonly<Record<string, Spelling>> = {
  when: onOneLine,
  clearWhen: onOneLine,
  arm: onOneLine,
  steps: onOneLine,
  key: onOneLine,
  maxAge: duration,
  every: duration,
  deadline: duration,
  for: duration,
  keep: duration,
  window: duration,
  within: duration,
  period: duration,
  randomUniform: duration,
  first: duration,
  cooldown: duration,
  pre: duration,
  post: duration,
  maxDuration: duration,
  maxBytes: size,
  bytes: size,
  downsample: (text) => `${Number.parseFloat(text)}Hz`,
  critical: (text) => `${Number.parseFloat(text)}%`,
};

/** Maps whose keys the author chose: what is in them is spelled by the name of the map. */
const named = new Set(['downsample', 'label', 'input.more']);

function normal(value: Json, key: string): Json {
  if (typeof value === 'string') {
    return Object.hasOwn(spellings, key) ? (spellings[key]?.(value) ?? value) : value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => normal(item, key));
  const members = Object.entries(value as { readonly [key: string]: Json | undefined });
  const keyOf = (name: string): string => {
    if (named.has(key)) return key;
    return key === 'input' && name === 'more' ? 'input.more' : name;
  };
  return Object.fromEntries(
    members.flatMap(([name, member]) =>
      member === undefined ? [] : [[name, normal(member, keyOf(name))]],
    ),
  );
}
