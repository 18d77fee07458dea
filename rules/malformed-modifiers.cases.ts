/** Triggers, modifiers and captures with something wrong; `malformed.cases.ts` says how to read them. */
import type { MalformedRules } from './malformed.cases.ts';

const signals = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: bad, version: 1}
signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s, latched: true}
  range: {topic: /scan, path: "ranges[]", type: double, reduce: {fn: min, valid: [0.05, 30.0]}}
  mode: {topic: /mode, path: data, type: string, latched: true}
rules:
`;
/** The rule stands on line 9. */
const withRule = (rule: string): string => `${signals}${rule}\n- {id: s, when: range > 1.0}\n`;

export const malformedModifiers: readonly MalformedRules[] = [
  {
    name: 'two triggers',
    text: withRule('- {id: r, when: vx > 1.0, manual: {}}'),
    expect: ['9:11 trigger'],
  },
  {
    name: 'a sequence of one step',
    text: withRule('- {id: r, sequence: {within: 4s, steps: [vx > 1.0]}}'),
    expect: ['9:41 limit'],
  },
  {
    name: 'a step that can never hold',
    text: withRule('- {id: r, sequence: {within: 4s, steps: [vx > 1.0, range > 40.0]}}'),
    expect: ['9:58 never-true'],
  },
  {
    name: 'every without a time',
    text: withRule('- {id: r, every: {first: 1s}}'),
    expect: ['9:11 trigger'],
  },
  {
    name: 'a period and random moments',
    text: withRule('- {id: r, every: {period: 45m, randomUniform: 45m}}'),
    expect: ['9:32 trigger'],
  },
  {
    name: 'random moments with a first',
    text: withRule('- {id: r, every: {randomUniform: 45m, first: 1s}}'),
    expect: ['9:39 conflict'],
  },
  {
    name: 'random moments less than once a day',
    text: withRule('- {id: r, every: {randomUniform: 48h}}'),
    expect: ['9:34 limit'],
  },
  {
    name: 'a hold of a moment',
    text: withRule('- {id: r, manual: {}, for: 1s, edge: both}'),
    expect: ['9:23 conflict', '9:32 conflict'],
  },
  {
    name: 'a clip that goes on with a moment',
    text: withRule('- {id: r, every: {period: 1m}, capture: {extendWhile: true}}'),
    expect: ['9:42 conflict'],
  },
  {
    name: 'a clip that goes on from its end',
    text: withRule('- {id: r, when: vx > 1.0, edge: falling, capture: {extendWhile: true}}'),
    expect: ['9:52 conflict'],
  },
  {
    name: 'an edge that does not exist',
    text: withRule('- {id: r, when: vx > 1.0, edge: up}'),
    expect: ['9:33 bad-value'],
  },
  {
    name: 'a level without a cooldown',
    text: withRule('- {id: r, when: vx > 1.0, edge: level}'),
    expect: ['9:33 missing-key'],
  },
  {
    name: 'a longest clip that is too short',
    text: withRule('- {id: r, when: vx > 1.0, capture: {pre: 10s, post: 10s, maxDuration: 15s}}'),
    expect: ['9:71 bad-value'],
  },
  {
    name: 'a rate that keeps nothing',
    text: withRule(
      '- {id: r, when: vx > 1.0, capture: {topics: [/odom], downsample: {/odom: 0Hz}}}',
    ),
    expect: ['9:74 bad-value'],
  },
  {
    name: 'a rate without a unit',
    text: withRule('- {id: r, when: vx > 1.0, capture: {downsample: {/odom: 5}}}'),
    expect: ['9:57 wrong-type'],
  },
  {
    name: 'a rate of a topic that is not captured',
    text: withRule(
      '- {id: r, when: vx > 1.0, capture: {topics: [/odom], downsample: {/scan: 5Hz}}}',
    ),
    expect: ['9:74 capture'],
  },
  {
    name: 'a size that is none',
    text: withRule('- {id: r, when: vx > 1.0, capture: {maxBytes: much}}'),
    expect: ['9:47 bad-value'],
  },
  {
    name: 'a limit of zero',
    text: withRule('- {id: r, when: vx > 1.0, limits: {perHour: 0}}'),
    expect: ['9:45 limit'],
  },
  {
    name: 'a key of a limit that does not check',
    text: withRule('- {id: r, when: vx > 1.0, limits: {per: {key: vxx, max: 3, every: 1h}}}'),
    expect: ['9:47 unknown-signal'],
  },
  {
    name: 'a sample without a share',
    text: withRule('- {id: r, when: vx > 1.0, sample: {strategy: random}}'),
    expect: ['9:27 missing-key'],
  },
  {
    name: 'a sample that keeps nothing',
    text: withRule('- {id: r, when: vx > 1.0, sample: {probability: 0}}'),
    expect: ['9:49 bad-value'],
  },
  {
    name: 'novelty without embeddings',
    text: withRule(
      '- {id: r, when: vx > 1.0, sample: {strategy: novelty, embedding: net.embedding, minDistance: 0.2}}',
    ),
    expect: ['9:66 unknown-signal'],
  },
  {
    name: 'novelty without a distance',
    text: withRule('- {id: r, when: vx > 1.0, sample: {strategy: novelty}}'),
    expect: ['9:27 missing-key', '9:27 missing-key'],
  },
  {
    name: 'closeTo without a margin',
    text: withRule(
      '- {id: r, absent: {topic: /odom, for: 1s}, sample: {strategy: closeTo, within: 0.2, minDistance: 1}}',
    ),
    expect: ['9:63 conflict', '9:85 conflict'],
  },
  {
    name: 'a day that does not exist',
    text: withRule('- {id: r, when: vx > 1.0, expires: 2027-02-30}'),
    expect: ['9:36 bad-value'],
  },
  {
    name: 'a scope of one word',
    text: withRule('- {id: r, when: vx > 1.0, scope: orin}'),
    expect: ['9:34 expression'],
  },
  {
    name: 'a scope that does not end',
    text: withRule('- {id: r, when: vx > 1.0, scope: "(hw = orin"}'),
    expect: ['9:35 expression'],
  },
  {
    name: 'a label that does not check',
    text: withRule('- {id: r, when: vx > 1.0, label: {speed: vxx}}'),
    expect: ['9:42 unknown-signal'],
  },
  {
    name: 'a priority that is a text',
    text: withRule('- {id: r, when: vx > 1.0, priority: mode}'),
    expect: ['9:37 type'],
  },
  {
    name: 'a margin where there is none',
    text: withRule('- {id: r, absent: {topic: /odom, for: 1s}, priority: 10.0 * margin()}'),
    expect: ['9:61 type'],
  },
  {
    name: 'a budget that is none',
    text: `${signals.replace('rules:', 'budgets: {day: {clips: 0}, hour: {bytes: some}, reserve: {critical: 120%}}\nrules:')}- {id: r, when: vx > 1.0}\n- {id: s, when: range > 1.0}\n`,
    expect: ['8:24 limit', '8:42 bad-value', '8:69 bad-value'],
  },
  {
    name: 'a budget of no bytes',
    text: `${signals.replace('rules:', 'budgets: {day: {bytes: 0B}, hour: {bytes: 0B}}\nrules:')}- {id: r, when: vx > 1.0}\n- {id: s, when: range > 1.0}\n`,
    expect: ['8:24 budget', '8:43 budget'],
  },
  {
    name: 'closeTo of a condition without numbers',
    text: withRule('- {id: r, when: mode == "A", sample: {strategy: closeTo, within: 1}}'),
    expect: ['9:49 conflict'],
  },
  {
    name: 'numbers above their bound',
    text: withRule(
      '- {id: r, when: vx > 1.0, sample: {probability: 2, minDistance: 3, strategy: novelty}}',
    ),
    expect: ['9:49 limit', '9:65 limit'],
  },
  {
    name: 'every as a duration',
    text: withRule('- {id: r, every: 45m}'),
    expect: ['9:18 wrong-type'],
  },
  {
    name: 'a sequence as a duration',
    text: withRule('- {id: r, sequence: 4s}'),
    expect: ['9:21 wrong-type'],
  },
  {
    name: 'a step in a rule with an unknown key',
    text: withRule(
      '- {id: r, severty: info, sequence: {within: 4s, steps: [vxx > 1.0, vx > 1.0]}, label: {a: zz}, capture: {set: no}}',
    ),
    expect: ['9:11 unknown-key', '9:57 unknown-signal', '9:91 unknown-signal', '9:111 capture'],
  },
  {
    name: 'steps beside a time without a unit',
    text: withRule('- {id: r, sequence: {within: 4, steps: [vxx > 1.0, vx > 1.0]}}'),
    expect: ['9:30 duration', '9:41 unknown-signal'],
  },
  {
    name: 'a sequence without a time',
    text: withRule('- {id: r, sequence: {steps: [vx > 1.0, vx > 2.0]}}'),
    expect: ['9:11 missing-key'],
  },
  {
    name: 'an arm in a rule with an unknown key',
    text: withRule('- {id: r, severty: info, absent: {topic: /odom, for: 1s, arm: vxx > 1.0}}'),
    expect: ['9:11 unknown-key', '9:63 unknown-signal'],
  },
  {
    name: 'a level in a rule with a wrong limit',
    text: withRule('- {id: r, when: vx > 1.0, edge: level, limits: {cooldown: 5, per: {key: zz}}}'),
    expect: ['9:59 duration', '9:62 missing-key', '9:62 missing-key', '9:73 unknown-signal'],
  },
  {
    name: 'a trigger that is misspelt',
    text: withRule('- {id: r, whn: vx > 1.0, for: 1s, limits: {cooldown: 500d}}'),
    expect: ['9:11 unknown-key', '9:54 limit'],
  },
];
