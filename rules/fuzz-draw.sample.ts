/** What the fuzz target of this room draws: documents, expressions, messages and numbers. */
import type { Random } from '@fieldloop/core';
import { mutateText } from '@fieldloop/core/fuzz';
import type { RuleSet } from './rule-set.ts';
import type { TestMessage } from './test-blocks.ts';

export function oneOf<T>(all: readonly T[], random: Random): T {
  const one = all[random.integer(all.length)];
  if (one === undefined) throw new RangeError('nothing to choose from');
  return one;
}

const base = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: fuzz, version: 3}
signals:
  vx: {topic: /odom, path: v, type: double, unit: m/s, maxAge: 1s, filter: {lowpassHz: 5}}
  range: {topic: /scan, path: "ranges[]", type: double, unit: m, reduce: {fn: min, valid: [0.05, 30.0]}}
  mode: {topic: /mode, path: data, type: string, latched: true}
  ok: {topic: /ok, path: data, type: bool}
  pos: {topic: /fix, path: [lat, lon], type: geo}
  dets: {topic: /dets, path: items, type: list, maxItems: 8}
models: {net: {ref: net, input: {topic: /camera}, every: 200ms}}
geofences:
  dock: {polygon: [[52.0, 4.0], [52.0, 4.1], [52.1, 4.1]]}
  yard: {circle: {center: [52.0, 4.2], radius: 100}}
captures:
  nav: {topics: [/odom, /scan], downsample: {/scan: 5Hz}}
  full: {extends: nav, topics: [/fix]}
latched: [/tf_static, "/**/camera_info"]
budgets: {day: {clips: 20, bytes: 4GiB}, hour: {clips: 3}, reserve: {critical: 25%}}
rules:
- id: near
  severity: critical
  when: vx > 0.5 && ttc(range, vx) < 1.2 && !inside(pos, "dock")
  for: 150ms
  keep: 50ms
  clearWhen: ttc(range, vx) > 2.5
  capture: {set: full, pre: 15s, post: 10s, extendWhile: true, maxDuration: 60s}
  priority: 100.0 + 40.0 * margin()
  limits: {cooldown: 2s, perHour: 20, per: {key: 'geohash(pos, 7)', max: 3, every: 24h}}
  label: {phase: mode, speed: vx}
- {id: take, when: 'changed(mode) && prev(mode) == "AUTO"', sample: {probability: 0.5}, bypassBudget: true}
- {id: past, when: 'held(ok, "1s") || max(vx, "2s") > 1.0 || p(vx, 0.9, "1s") < 0.1', edge: both}
- {id: gone, absent: {topic: /scan, for: 500ms, minHz: 6, window: 1s, arm: age("/odom") < duration("1s")}}
- {id: order, sequence: {within: 4s, steps: ['dets.exists(d, d.score > 0.5)', 'drop(vx, "800ms") > 0.6']}}
- {id: often, every: {period: 1s, first: 0s}, when: ok, class: baseline, shadow: true}
- {id: seldom, every: {randomUniform: 1h}, expires: 2030-01-01}
- {id: button, manual: {topic: /button}, tags: [person]}
- {id: unsure, when: 'net.entropy > 0.6', edge: level, limits: {cooldown: 1s}}
`;

/** Pieces of the language, to be put in wherever they fit or not. */
const words = [
  'vx',
  'range',
  'mode',
  'ok',
  'pos',
  'dets',
  'net.entropy',
  'd.score',
  '1.0',
  '0',
  '-1',
  '"AUTO"',
  '&&',
  '||',
  '!',
  '>',
  '==',
  '!=',
  '+',
  '/',
  '?',
  ':',
  '(',
  ')',
  '[',
  ']',
  ', ',
  '"2s"',
  '"0s"',
  'max(',
  'prev(',
  'changed(',
  'held(',
  'inside(',
  'dist(',
  'geohash(pos, 7)',
  'dets.exists(d, ',
  'dets.filter(d, d.a > 1.0).',
  'size(',
  'least(',
  'margin()',
  'now()',
  'duration("1s")',
  'in [1.0]',
  'when: ',
  'for: 1s',
  'every: ',
  'absent: ',
  'type: list',
  'type: geo',
  'maxAge: 1ns',
  '1e300',
  'limits: {perDay: 1}',
  'sample: {strategy: novelty}',
  'polygon: ',
  'filter: {}',
  '{',
  '}',
  '\n- ',
] as const;

export function drawDocument(random: Random): string {
  if (random.integer(3) > 0) return mutateText(base, random, words);
  const key = oneOf(['when', 'clearWhen', 'priority'], random);
  const beside = key === 'when' ? '' : ', when: vx > 1.0';
  const rule = `- {id: drawn, ${key}: ${JSON.stringify(drawExpression(random))}${beside}}\n`;
  return base + rule;
}

export function drawExpression(random: Random): string {
  const text = drawTruth(random, 4);
  return random.integer(3) === 0 ? mutateText(text, random, words) : text;
}

function drawTruth(random: Random, depth: number): string {
  if (depth === 0)
    return oneOf(['ok', 'vx > 0.5', 'mode == "AUTO"', 'inside(pos, "dock")'], random);
  const truth = (): string => drawTruth(random, depth - 1);
  const number = (): string => drawNumber(random, depth - 1);
  switch (random.integer(11)) {
    case 0:
      return `(${truth()}) && (${truth()})`;
    case 1:
      return `(${truth()}) || (${truth()})`;
    case 2:
      return `!(${truth()})`;
    case 3:
      return `${number()} ${oneOf(['<', '<=', '>', '>=', '==', '!='], random)} ${number()}`;
    case 4:
      return `${oneOf(['held', 'once'], random)}(${truth()}, "${random.integer(5)}00ms")`;
    case 5:
      return `${oneOf(['rise', 'fall', 'changed'], random)}(${truth()})`;
    case 6:
      return `(${truth()} ? ${truth()} : ${truth()})`;
    case 7:
      return `dets.${oneOf(['exists', 'all', 'exists_one'], random)}(d, ${drawItem(random, 2)})`;
    case 8:
      return `mode.${oneOf(['startsWith', 'contains', 'matches'], random)}("A${random.integer(9)}")`;
    case 9:
      return `geohash(${drawPlace(random)}, ${random.integer(14)}) == "u15"`;
    default:
      return `${number()} in [0.0, 1.0]`;
  }
}

function drawNumber(random: Random, depth: number): string {
  if (depth <= 0) return oneOf(['vx', 'range', '1.0', '-2.5', 'net.margin', 'now()'], random);
  const number = (): string => drawNumber(random, depth - 1);
  switch (random.integer(9)) {
    case 0:
    case 1:
      return `(${number()} ${oneOf(['+', '-', '*', '/'], random)} ${number()})`;
    case 2:
      return `${oneOf(['min', 'max', 'avg', 'drop', 'zscore'], random)}(${number()}, "1s")`;
    case 3:
      return `p(${number()}, ${random.next()}, "2s")`;
    case 4:
      return `${oneOf(['abs', 'sqrt', 'floor', '-'], random)}(${number()})`;
    case 5:
      return `dist(${drawPlace(random)}, ${drawPlace(random)})`;
    case 6:
      return `${oneOf(['least', 'greatest', 'sum'], random)}(dets.map(d, ${drawItem(random, 1)}, d.a))`;
    case 7:
      return `size(dets.filter(d, ${drawItem(random, 1)}))`;
    default:
      return `prev(${number()})`;
  }
}

const drawPlace = (random: Random): string =>
  oneOf(['pos', 'prev(pos)', 'geo(52.0, 4.0)', 'geo(vx, range)', '(ok ? pos : prev(pos))'], random);

function drawItem(random: Random, depth: number): string {
  if (depth === 0) return oneOf(['d.a > 0.5', 'd.s == "x"', 'd.f', 'd.b.c <= d.a'], random);
  const item = (): string => drawItem(random, depth - 1);
  return oneOf(
    [`(${item()}) && (${item()})`, `(${item()}) || (${item()})`, `!(${item()})`],
    random,
  );
}

const sharpDoubles = [
  0,
  -0,
  1,
  -1,
  0.5,
  52.05,
  4.05,
  1e308,
  5e-324,
  Number.NaN,
  Infinity,
  -Infinity,
];

export const drawDouble = (random: Random): number =>
  random.integer(2) === 0 ? oneOf(sharpDoubles, random) : random.normal() * 10;

/** Messages of the topics that the rules read, with values of every kind at the wanted paths. */
export function drawMessages(ruleSet: RuleSet, random: Random): TestMessage[] {
  const topics = [...new Set([...ruleSet.signals.map(({ topic }) => topic), '/scan', '/other'])];
  let ms = 0;
  return Array.from({ length: 40 }, () => {
    ms += random.integer(200);
    const topic = oneOf(topics, random);
    const value: Record<string, unknown> = {};
    for (const signal of ruleSet.signals) {
      if (signal.topic !== topic) continue;
      for (const path of signal.paths) {
        const isList = signal.type === 'list' || path.includes('[]');
        const name = path.split(/[.[]/)[0] ?? '';
        if (name !== '__proto__') value[name] = isList ? drawList(random) : drawValue(random);
      }
    }
    const late = random.integer(12) === 0 ? random.integer(400) : 0;
    return { topic, ms: Math.max(0, ms - late), value };
  });
}

const drawList = (random: Random): unknown[] =>
  Array.from({ length: random.integer(10) }, () =>
    random.integer(4) === 0
      ? drawValue(random)
      : { score: random.next(), a: drawValue(random), s: 'x', f: true, b: { c: 1 } },
  );

function drawValue(random: Random): unknown {
  const number = random.normal() * 3;
  return oneOf<unknown>(
    [number, number, random.next(), 'AUTO', 'MANUAL', true, false, null],
    random,
  );
}
