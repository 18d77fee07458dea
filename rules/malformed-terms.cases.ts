/**
 * Topics, paths, units and holds with something wrong, and holds with nothing wrong;
 * `malformed.cases.ts` says how to read them.
 */
import type { MalformedRules } from './malformed.cases.ts';

const head = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: bad, version: 1}
signals:
  vx: {topic: /odom, path: x, type: double, unit: m/s, latched: true}
  range: {topic: /scan, path: x, type: double, unit: m, latched: true}
  mode: {topic: /mode, path: data, type: string, latched: true}
  y: {topic: /y, path: x, type: double, latched: true}
  z: {topic: /z, path: x, type: double, maxAge: 1s}
`;
/** The rule stands on line 11. */
const withRule = (rule: string): string => `${head}rules:\n${rule}\n- {id: s, when: z > 1.0}\n`;
const when = (text: string): string => withRule(`- {id: r, when: '${text}'}`);
/** The section stands on line 10. */
const withSection = (section: string): string =>
  `${head}${section}\nrules:\n- {id: s, when: z > 1.0}\n`;
const withPath = (path: string): string =>
  withRule('- {id: r, when: y > 1.0}').replace('/y, path: x', `/y, path: "${path}"`);

export const malformedTerms: readonly MalformedRules[] = [
  {
    name: 'branches of two units',
    text: when('(y > 0.0 ? vx : range) > 1.0'),
    expect: ['11:19 unit'],
  },
  {
    name: 'a choice in metres a second compared with metres',
    text: when('(y > 0.0 ? vx : 0.0) > range'),
    expect: ['11:39 unit'],
  },
  ...['a..b[', 'a[-1]', 'a[', '.a', 'a.', '$foo', 'a.$bytes'].map((path) => ({
    name: `the path ${path}`,
    text: withPath(path),
    expect: ['8:24 bad-value'],
  })),
  {
    name: 'a signal of many topics',
    text: withRule('- {id: r, when: y > 1.0}').replace('topic: /y', 'topic: /y*'),
    expect: ['8:14 bad-value'],
  },
  {
    name: 'a model of many topics',
    text: withSection('models: {net: {ref: net, input: {topic: "/**/image"}}}'),
    expect: ['10:41 bad-value'],
  },
  {
    name: 'a further input of many topics',
    text: withSection('models: {net: {ref: net, input: {topic: /a, more: {s: "/**/b"}}}}'),
    expect: ['10:55 bad-value'],
  },
  {
    name: 'the age of further inputs, and there are none',
    text: withSection('models: {net: {ref: net, input: {topic: /a, maxAge: 1s}}}'),
    expect: ['10:53 conflict'],
  },
  {
    name: 'a model of too many inputs',
    text: withSection(
      `models: {net: {ref: net, input: {topic: /a, more: {${'abcdefgh'.replace(/./g, '$&: /b, ')}}}}}`,
    ),
    expect: ['10:45 limit'],
  },
  {
    name: 'a silence of many topics',
    text: withRule('- {id: r, absent: {topic: "/scan*", for: 1s}}'),
    expect: ['11:27 bad-value'],
  },
  {
    name: 'a button of many topics',
    text: withRule('- {id: r, manual: {topic: /**}}'),
    expect: ['11:27 bad-value'],
  },
  {
    name: 'the age of many topics',
    text: when('age("/**/scan") > duration("1s")'),
    expect: ['11:22 bad-value'],
  },
  {
    name: 'wildcards inside a name',
    text: withRule(
      '- {id: r, when: y > 1.0, capture: {topics: [/cam*, "/**/image"], downsample: {/tf*: 1Hz}}}',
    ),
    expect: ['11:45 bad-value', '11:79 bad-value'],
  },
  {
    name: 'wildcards inside a name of a declared capture',
    text: withSection('captures: {c: {topics: [/a/*b], downsample: {/a/b*: 1Hz}}}'),
    expect: ['10:25 bad-value', '10:46 bad-value'],
  },
  {
    name: 'latched topics with a wildcard inside a name',
    text: withSection('latched: [/tf*, "/**/camera_info"]'),
    expect: ['10:11 bad-value'],
  },
  {
    name: 'one part where every topic is meant',
    text: withSection('latched: ["*"]'),
    expect: ['10:11 bad-value'],
  },
  { name: 'a sum that folds no list', text: when('sum(y) > 1.0'), expect: ['11:18 type'] },
  { name: 'a macro as a function', text: when('exists(y) > 1.0'), expect: ['11:18 type'] },
  { name: 'a choice of numbers', text: when('y > 1.0 ? 1 : 0'), expect: ['11:18 type'] },
  { name: 'the rest of a division', text: when('y % 2.0 > 1.0'), expect: ['11:20 not-supported'] },
  {
    name: 'a hold of an age in a window that is too short',
    text: withRule(`- {id: r, when: 'once(z > 1.0, "2s")', for: 5s}`),
    expect: ['11:45 hold'],
  },
  {
    name: 'a hold of a moment beside a window',
    text: withRule(`- {id: r, when: 'changed(mode) && once(y > 1.0, "2s")', for: 1s}`),
    expect: ['11:62 hold'],
  },
];

/** Rules without anything to say about them. */
export const soundHolds: readonly string[] = [
  `- {id: r, when: 'once(z > 1.0, "10s")', for: 5s}`,
  `- {id: r, when: 'count(changed(mode), "1m") > 1.0', for: 1s}`,
  `- {id: r, when: 'once(changed(mode), "1s")', for: 1s}`,
  `- {id: r, when: 'changed(mode) || y > 1.0', for: 1s}`,
  '- {id: r, every: {period: 45m}, for: 0ms}',
  '- {id: r, when: y > 1.0, capture: {topics: ["*", "/**", "/*/image", "/a/**/b"]}}',
].map(withRule);
