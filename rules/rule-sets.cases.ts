/** Random rule sets over every trigger and modifier, for properties that hold for all of them. */
import fc from 'fast-check';
import { parseRuleSet } from './document.ts';
import { problemLine } from './problem.ts';
import type { RuleSet } from './rule-set.ts';

const head = `
apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: drawn, version: 1}
signals:
  x: {topic: /x, path: data, type: double, maxAge: 250ms}
  y: {topic: /y, path: data, type: double}
  mode: {topic: /mode, path: data, type: string, latched: true}
  slow: {topic: /x, path: data, type: double, valid: [0.5, 4.5], filter: {lowpassHz: 2}}
  pos: {topic: /y, path: [data, data], type: geo, maxAge: 600ms}
  all: {topic: /other, path: data, type: list, maxItems: 4, maxAge: 700ms}
geofences: {near: {circle: {center: [2, 2], radius: 200000}}}
models: {net: {ref: net, input: {topic: /camera}, maxAge: 400ms}}
captures:
  base: {topics: [/x], downsample: {/x: 5Hz}}
  more: {extends: base, topics: [/y], maxBytes: 1MiB}
`;

const condition = fc.constantFrom(
  'x > 2.0',
  'y < 3.0 && x > 1.0',
  'x > 3.0 || y > 4.0',
  'mode == "B"',
  'changed(mode)',
  'held(x > 0.5, "150ms")',
  'max(x, "300ms") - y > 1.0',
  'age("/x") > duration("100ms")',
  'net.entropy > 0.5',
  '!(x < 3.0)',
  'slow > 2.5',
  'inside(pos, "near")',
  'all.exists(d, d.a > 1.0)',
);
const time = fc.constantFrom('50ms', '120ms', '300ms', '700ms');
const turn = fc.constantFrom('120ms', '300ms', '700ms');
/** There in `weight` of four cases. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4 - weight, arbitrary: fc.constant(undefined) }, { weight, arbitrary });

/** What holds may be held, kept, cleared and gone on with; what fires at a moment may not. */
const holding = fc.record({
  trigger: fc.oneof(
    condition.map((when) => ({ when })),
    fc.record({
      absent: fc.record({
        topic: fc.constantFrom('/x', '/y'),
        for: time,
        minHz: maybe(fc.constant(6), 1),
        window: fc.constant('500ms'),
        arm: maybe(condition, 1),
      }),
    }),
  ),
  more: fc.record({
    keep: maybe(time),
    edge: maybe(fc.constantFrom('rising', 'falling', 'both', 'level')),
    clearWhen: maybe(condition, 1),
  }),
  hold: maybe(time),
  extendWhile: fc.boolean(),
});
const momentary = fc.oneof(
  fc
    .record({ within: time, steps: fc.array(condition, { minLength: 2, maxLength: 4 }) })
    .map((sequence) => ({ sequence })),
  fc.record({ every: fc.record({ period: turn, first: maybe(time) }), when: maybe(condition) }),
  fc.record({
    every: fc.record({ randomUniform: turn, seed: maybe(fc.constantFrom('a', 'b')) }),
    when: maybe(condition),
  }),
  fc.constantFrom({ manual: { topic: '/other' } }, { manual: {} }),
);

const limit = fc.record({
  cooldown: maybe(time),
  perMinute: maybe(fc.integer({ min: 1, max: 5 })),
  perHour: maybe(fc.integer({ min: 1, max: 9 }), 1),
  per: maybe(
    fc.record({
      key: fc.constantFrom('mode', 'floor(x)', 'x > 2.0'),
      max: fc.integer({ min: 1, max: 2 }),
      every: time,
    }),
  ),
});
/** What is near the threshold is drawn more often: many rules have none. */
const sample = fc.oneof(
  fc.constantFrom({ probability: 0.5 }, { probability: 0.8, seed: 'b' }),
  fc.constant({ strategy: 'novelty', embedding: 'net.embedding', minDistance: 0.3 }),
  fc.constant({
    strategy: 'novelty',
    embedding: 'net.embedding',
    minDistance: 0.1,
    probability: 0.5,
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      strategy: fc.constant('closeTo'),
      within: fc.constantFrom(0.5, 1, 2),
      probability: fc.constantFrom(0, 0.5),
    }),
  },
);

/** What fires without a condition of its own has no margin that could be close. */
const withoutMargin = (drawn: object | undefined): object | undefined =>
  drawn !== undefined && 'within' in drawn ? undefined : drawn;

const modifiers = fc.record({
  severity: fc.constantFrom('critical', 'warning', 'info'),
  limits: maybe(limit),
  sample: maybe(sample),
  shadow: maybe(fc.boolean(), 1),
  bypassBudget: maybe(fc.boolean(), 1),
  // The recording begins at 2023-11-14T22:13:20Z.
  expires: maybe(fc.constantFrom('2023-11-14T22:13:22Z', '2023-11-15', '2023-11-14'), 1),
  scope: maybe(fc.constantFrom('hw = orin', 'not hw = orin', 'site:h*'), 1),
  label: maybe(fc.constant({ phase: 'mode', speed: 'x * 2.0' })),
  priority: maybe(fc.constantFrom(7, '10.0 + y', '100.0 * x'), 1),
});
const capture = fc.record({
  set: maybe(fc.constantFrom('base', 'more')),
  pre: fc.constantFrom('0s', '200ms', '1s'),
  post: fc.constantFrom('0s', '100ms', '2s'),
  maxDuration: maybe(fc.constantFrom('3s', '5s')),
});

const rule = fc.oneof(
  fc.record({ of: holding, modifiers, capture }).map(({ of, modifiers: own, capture: taken }) => {
    const { edge } = of.more;
    const extendWhile = of.extendWhile && (edge === undefined || edge === 'rising');
    const limits = edge === 'level' ? { ...own.limits, cooldown: '300ms' } : own.limits;
    const isWhen = 'when' in of.trigger;
    const priority = isWhen && own.priority === 7 ? '10.0 * margin()' : own.priority;
    return {
      ...of.trigger,
      ...of.more,
      ...(isWhen && of.hold !== undefined ? { for: of.hold } : {}),
      ...own,
      limits,
      priority,
      sample: isWhen ? own.sample : withoutMargin(own.sample),
      capture: { ...taken, extendWhile },
    };
  }),
  fc
    .record({ of: momentary, modifiers, capture })
    .map(({ of, modifiers: own, capture: taken }) => ({
      ...of,
      ...own,
      sample: withoutMargin(own.sample),
      capture: taken,
    })),
);

const budget = fc.record({
  clips: maybe(fc.integer({ min: 1, max: 6 })),
  bytes: maybe(fc.constantFrom('200B', '2kB')),
});
const budgets = fc.record({
  day: maybe(budget),
  hour: maybe(budget),
  reserve: maybe(fc.constant({ critical: '25%' })),
});

/** Sound rule sets of 1 to 6 rules; their rules are called r0, r1, … */
export const ruleSets: fc.Arbitrary<RuleSet> = fc
  .record({ rules: fc.array(rule, { minLength: 1, maxLength: 6 }), budgets: maybe(budgets, 1) })
  .map(({ rules, budgets: bounds }) => {
    const named = rules.map((one, i) => ({ id: `r${i}`, ...one }));
    const data = bounds === undefined ? { rules: named } : { budgets: bounds, rules: named };
    // JSON is YAML; its braces close what the head leaves open.
    const text = `${head}${Object.entries(data)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join('\n')}\n`;
    const { ruleSet, problems } = parseRuleSet(text, 'drawn.yaml');
    if (ruleSet === undefined) throw new Error(`${problems.map(problemLine).join('\n')}\n${text}`);
    return ruleSet;
  });
