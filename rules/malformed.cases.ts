/**
 * Rule sets with something wrong, and what is said about each: `line:column code`, in the order of
 * the file. A test runs them and writes docs/reference/bad-input/rules.md from the messages.
 */
export interface MalformedRules {
  readonly name: string;
  readonly text: string;
  readonly expect: readonly string[];
}

const head = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: bad, version: 1}
`;
const signals = `signals:
  vx: {topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s}
  range: {topic: /scan, path: "ranges[]", type: double, unit: m, reduce: {fn: min, valid: [0.05, 30.0]}, maxAge: 300ms}
  mode: {topic: /mode, path: data, type: string, latched: true}
  ok: {topic: /ok, path: data, type: bool, latched: true}
`;
/** The first rule stands on line 9. */
const withRules = (...rules: readonly string[]): string =>
  `${head}${signals}rules:\n${rules.map((rule) => `${rule}\n`).join('')}`;
const when = (text: string): string => withRules(`- {id: r, when: '${text}'}`);
const rule = '- {id: r, when: vx > 1.0}\n';
/** The signal stands on line 5. */
const withSignal = (signal: string): string =>
  `${head}signals:\n  ${signal}\n  vx: {topic: /odom, path: x, type: double}\nrules:\n${rule}`;
/** The section stands on line 4. */
const withSection = (section: string): string => `${head}${section}rules:\n${rule}`;

export const malformedRules: readonly MalformedRules[] = [
  { name: 'an empty file', text: '', expect: ['1:1 yaml'] },
  { name: 'a list', text: '- a\n- b\n', expect: ['1:1 wrong-type'] },
  { name: 'binary', text: '\u0000\u0001\u0002', expect: ['1:1 wrong-type'] },
  { name: 'a quote that does not end', text: `${head}rules: "x\n`, expect: ['5:1 yaml'] },
  { name: 'a tab as indentation', text: `${head}rules:\n\t- a\n`, expect: ['5:1 yaml'] },
  { name: 'two documents', text: `${head}---\n${head}`, expect: ['4:1 yaml'] },
  {
    name: 'an expression that begins with !',
    text: withRules('- {id: r, when: !ok}'),
    expect: ['10:17 yaml'],
  },
  {
    name: 'an expression that begins with a quote',
    text: withRules('- id: r', '  when: "AUTO" == mode'),
    expect: ['11:16 yaml'],
  },
  { name: 'an unresolved alias', text: `${head}rules: *all\n`, expect: ['4:8 yaml'] },
  {
    name: 'aliases that multiply',
    text: `${head}a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n`,
    expect: ['5:8 yaml'],
  },
  { name: 'deep nesting', text: `${head}rules: ${'['.repeat(5_000)}\n`, expect: ['1:1 yaml'] },
  {
    name: 'a key twice',
    text: withRules('- {id: r, when: vx > 1.0, when: vx > 2.0}'),
    expect: ['10:27 duplicate-key'],
  },
  {
    name: 'another version of the language',
    text: `apiVersion: fieldloop.rules/v2\nkind: RuleSet\nmetadata: {name: bad, version: 1}\n${signals}rules:\n${rule}`,
    expect: ['1:13 bad-value'],
  },
  {
    name: 'no metadata',
    text: `apiVersion: fieldloop.rules/v1\nkind: RuleSet\n${signals}rules:\n${rule}`,
    expect: ['1:1 missing-key'],
  },
  {
    name: 'a version that is no number',
    text: `apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: bad, version: one}\n${signals}rules:\n${rule}`,
    expect: ['3:32 wrong-type'],
  },
  { name: 'no rules', text: `${head}${signals}rules: []\n`, expect: ['9:8 limit'] },
  {
    name: 'an unknown key',
    text: withRules('- {id: r, when: vx > 1.0, severty: info}'),
    expect: ['10:27 unknown-key'],
  },
  {
    name: 'a key one level too high',
    text: withRules('- {id: r, when: vx > 1.0, cooldown: 20s}'),
    expect: ['10:27 unknown-key'],
  },
  {
    name: 'a severity that does not exist',
    text: withRules('- {id: r, when: vx > 1.0, severity: warn}'),
    expect: ['10:37 bad-value'],
  },
  {
    name: 'a signal without a path',
    text: withSection('signals: {vx: {topic: /odom, type: double}}\n'),
    expect: ['4:11 missing-key'],
  },
  {
    name: 'a type of another language',
    text: withSection('signals: {vx: {topic: /odom, path: x, type: float64}}\n'),
    expect: ['4:45 bad-value'],
  },
  {
    name: 'the items of a list as a list',
    text: withSignal('dets: {topic: /odom, path: "x[]", type: list}'),
    expect: ['5:30 type'],
  },
  {
    name: 'a position with one path',
    text: withSignal('pos: {topic: /fix, path: x, type: geo}'),
    expect: ['5:28 type'],
  },
  {
    name: 'keys that a type has not',
    text: withSignal(
      'm: {topic: /fix, path: x, type: string, valid: [0, 1], filter: {lowpassHz: 1}, maxItems: 2}',
    ),
    expect: ['5:43 type', '5:58 type', '5:82 type'],
  },
  {
    name: 'a path of three',
    text: withSignal('pos: {topic: /fix, path: [a, b, c], type: geo}'),
    expect: ['5:28 limit'],
  },
  {
    name: 'a filter without a frequency',
    text: withSignal('ax: {topic: /imu, path: x, type: double, filter: {}}'),
    expect: ['5:44 missing-key'],
  },
  {
    name: 'a geofence without a border',
    text: withSection(`${signals}geofences: {dock: {}}\n`),
    expect: ['9:13 geofence'],
  },
  {
    name: 'a geofence of two corners',
    text: withSection(`${signals}geofences: {dock: {polygon: [[1, 2], [2, 3]]}}\n`),
    expect: ['9:29 limit'],
  },
  {
    name: 'longitude before latitude',
    text: withSection(
      `${signals}geofences: {dock: {circle: {center: [152.1, 52.1], radius: 5}}}\n`,
    ),
    expect: ['9:37 geofence'],
  },
  {
    name: 'a geofence that crosses itself',
    text: withSection(`${signals}geofences: {dock: {polygon: [[0, 0], [1, 1], [1, 0], [0, 1]]}}\n`),
    expect: ['9:46 geofence'],
  },
  {
    name: 'an unknown geofence',
    text: `${head}signals: {pos: {topic: /fix, path: [lat, lon], type: geo}}\ngeofences: {dock: {circle: {center: [1, 2], radius: 5}}}\nrules:\n- {id: r, when: 'inside(pos, "dok")'}\n`,
    expect: ['7:30 geofence'],
  },
  {
    name: 'a list without reduce',
    text: withSection('signals: {vx: {topic: /scan, path: "ranges[]", type: double}}\n'),
    expect: ['4:36 type'],
  },
  {
    name: 'an unknown unit',
    text: withSection('signals: {vx: {topic: /odom, path: x, type: double, unit: m/s2}}\n'),
    expect: ['4:59 unit'],
  },
  {
    name: 'a signal name with a dash',
    text: withSection(
      'signals: {v-x: {topic: /odom, path: x, type: double}, vx: {topic: /odom, path: x, type: double}}\n',
    ),
    expect: ['4:11 bad-value'],
  },
  {
    name: 'a signal named like a word of CEL',
    text: withSection(
      'signals: {in: {topic: /odom, path: x, type: double}, vx: {topic: /odom, path: x, type: double}}\n',
    ),
    expect: ['4:11 bad-value'],
  },
  {
    name: 'latched and maxAge',
    text: withSection(
      'signals: {vx: {topic: /odom, path: x, type: double, latched: true, maxAge: 1s}}\n',
    ),
    expect: ['4:68 conflict'],
  },
  {
    name: 'a duration without a unit',
    text: withRules('- {id: r, when: vx > 1.0, for: 5}'),
    expect: ['10:32 duration'],
  },
  {
    name: 'a duration in words',
    text: withRules('- {id: r, when: vx > 1.0, for: long}'),
    expect: ['10:32 duration'],
  },
  {
    name: 'a capture that is too long',
    text: withRules('- {id: r, when: vx > 1.0, capture: {pre: 1h}}'),
    expect: ['10:42 limit'],
  },
  {
    name: 'an unknown capture',
    text: withSection(`${signals}captures: {full: {topics: [/odom]}}\n`).replace(
      'vx > 1.0}',
      'vx > 1.0, capture: {set: ful}}',
    ),
    expect: ['11:42 capture'],
  },
  {
    name: 'captures in a circle',
    text: withSection(
      `${signals}captures: {a: {topics: [/odom], extends: b}, b: {topics: [/scan], extends: a}}\n`,
    ),
    expect: ['9:42 capture', '9:76 capture'],
  },
  {
    name: 'a rule without a trigger',
    text: withRules('- {id: r, why: no trigger}'),
    expect: ['10:3 trigger'],
  },
  {
    name: 'a rule with two triggers',
    text: withRules('- {id: r, when: vx > 1.0, absent: {topic: /scan, for: 1s}}'),
    expect: ['10:11 trigger'],
  },
  {
    name: 'two rules of one name',
    text: withRules('- {id: r, when: vx > 1.0}', '- {id: r, when: vx > 2.0}'),
    expect: ['11:8 duplicate-id'],
  },
  { name: 'an unknown signal', text: when('vxx > 0.5'), expect: ['10:18 unknown-signal'] },
  {
    name: 'an unknown signal in a folded block',
    text: withRules('- id: r', '  when: >-', '    vx > 0.5 &&', '    rnge < 1.0'),
    expect: ['13:5 unknown-signal'],
  },
  {
    name: 'several problems in one expression',
    text: when('vxx > 0.5 && mode > 1.0 && abs(vx, 1.0) > 0.0'),
    expect: ['10:18 unknown-signal', '10:36 type', '10:45 type'],
  },
  {
    name: 'a score that a model does not give',
    text: withSection(`${signals}models: {net: {ref: net, input: {topic: /camera}}}\n`).replace(
      'vx > 1.0',
      'net.sureness > 0.5',
    ),
    expect: ['11:17 unknown-signal'],
  },
  { name: 'a single =', text: when('vx = 0.5'), expect: ['10:21 expression'] },
  { name: 'and in words', text: when('vx > 0.5 and ok'), expect: ['10:27 expression'] },
  {
    name: 'an expression that ends early',
    text: when('vx > (0.5 + '),
    expect: ['10:23 expression'],
  },
  { name: 'a number where a condition is needed', text: when('vx + 1.0'), expect: ['10:18 type'] },
  { name: 'a text compared with a number', text: when('mode == 1'), expect: ['10:23 type'] },
  {
    name: 'metres compared with metres a second',
    text: when('vx > range'),
    expect: ['10:21 unit'],
  },
  {
    name: 'the arguments of ttc swapped',
    text: when('ttc(vx, range) < 1.0'),
    expect: ['10:22 unit'],
  },
  {
    name: 'an unknown function',
    text: when('maxx(vx, "2s") > 1.0'),
    expect: ['10:18 unknown-function'],
  },
  {
    name: 'a margin in a condition',
    text: when('margin() > 1.0'),
    expect: ['10:18 type'],
  },
  {
    name: 'half of a character',
    text: when('mode == "\ud800"'),
    expect: ['10:27 expression'],
  },
  { name: 'a macro of constants', text: when('[1.0].exists(x, x > vx)'), expect: ['10:18 type'] },
  { name: 'a macro of a number', text: when('vx.exists(x, x > 1.0)'), expect: ['10:18 type'] },
  {
    name: 'a macro that reads another signal',
    text: `${head}signals:\n  dets: {topic: /d, path: d, type: list}\n  vx: {topic: /odom, path: x, type: double}\nrules:\n- {id: r, when: 'dets.exists(d, d.x > vx)'}\n`,
    expect: ['8:39 not-supported'],
  },
  {
    name: 'budgets and limits that are never reached',
    text: `${head}signals:\n  vx: {topic: /odom, path: x, type: double}\nbudgets: {day: {clips: 20}, hour: {clips: 30}}\nrules:\n- {id: r, when: vx > 1.0, limits: {cooldown: 1m, perHour: 90}}\n- {id: e, every: {period: 1m}}\n`,
    expect: ['6:43 budget', '8:59 budget', '9:18 budget'],
  },
  {
    name: 'a clearWhen that holds only with its condition',
    text: `${head}signals:\n  vx: {topic: /odom, path: x, type: double}\nrules:\n- {id: r, when: vx > 1.0, clearWhen: vx > 2.0}\n`,
    expect: ['7:41 never-true'],
  },
  {
    name: 'a window that is no duration',
    text: when('max(vx, 2.0) > 1.0'),
    expect: ['10:26 type'],
  },
  {
    name: 'a window that is too long',
    text: when('max(vx, "48h") > 1.0'),
    expect: ['10:26 limit'],
  },
  {
    name: 'a quantile above 1',
    text: when('p(vx, 95.0, "2s") > 1.0'),
    expect: ['10:24 bad-value'],
  },
  {
    name: 'a pattern that needs backtracking',
    text: when('mode.matches("(a)\\\\1")'),
    expect: ['10:31 pattern'],
  },
  { name: 'a pattern from a signal', text: when('mode.matches(mode)'), expect: ['10:31 pattern'] },
  {
    name: 'a condition outside the valid range',
    text: when('range > 50.0'),
    expect: ['10:24 never-true'],
  },
  {
    name: 'conditions that exclude each other',
    text: withRules("- {id: r, when: vx > 1.0, clearWhen: 'vx > 2.0 && vx < 1.0'}"),
    expect: ['10:54 never-true'],
  },
  {
    name: 'an expression nested too deeply',
    text: when(`${'abs('.repeat(40)}vx${')'.repeat(40)} > 0.0`),
    expect: ['10:142 limit'],
  },
  {
    name: 'too many open brackets',
    text: when(`${'('.repeat(500)}vx > 0.0${')'.repeat(500)}`),
    expect: ['10:82 limit'],
  },
  {
    name: 'an expression that is too long',
    text: when(`vx > 0.0${' '.repeat(2_100)}`),
    expect: ['10:17 limit'],
  },
  {
    name: 'for on a momentary condition',
    text: withRules('- {id: r, when: changed(mode) && vx > range / 1.0, for: 1s}'),
    expect: ['10:57 hold', '10:57 hold'],
  },
  {
    name: 'for longer than maxAge',
    text: withRules('- {id: r, when: range < vx / 1.0, for: 1s}'),
    expect: ['10:40 hold'],
  },
  {
    name: 'for longer than the maxAge of a model',
    text: `${head}models: {net: {ref: net, input: {topic: /camera}, every: 1s, maxAge: 300ms}}\nrules:\n- {id: r, when: net.entropy > 0.5, for: 5s}\n`,
    expect: ['6:41 hold'],
  },
  {
    name: 'a signal that no rule reads',
    text: withSection(
      'signals: {vx: {topic: /odom, path: x, type: double}, vy: {topic: /odom, path: y, type: double}}\n',
    ),
    expect: ['4:58 unused'],
  },
];
