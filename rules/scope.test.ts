/**
 * Goal: a scope means on a robot what docs/reference/q.md says.
 * Method: queries over a few properties, what passes, and what is refused where.
 */
import { expect, test } from 'vitest';
import { openEngine } from './engine.ts';
import { isInScope, parseScope, type Properties } from './scope.ts';
import { blockOf, channelsOf, every, originNs } from './test-blocks.ts';
import { ruleSetOf } from './try-rules.cases.ts';
import { firesOf } from './verdict.ts';

const device: Properties = { hw: 'orin-nx', site: 'hall-2', wheels: 4, simulated: false };

const passes = (text: string): boolean => {
  const { scope, problem } = parseScope(text);
  if (scope === undefined) throw new Error(problem?.message);
  return isInScope(scope, device);
};

test.each([
  'hw = orin-nx',
  'hw:orin*',
  'device.properties.hw = orin-nx',
  'properties.hw = orin-nx site = hall-2',
  'hw in (agx, orin-nx)',
  'hw != agx',
  'hw:*',
  'wheels > 3 and wheels <= 4',
  'wheels = 4.0',
  'wheels: 2..5',
  'simulated = false',
  'not payload:*',
  'hw = agx or (site:HALL* and -simulated = true)',
])('%s: yes', (text) => {
  expect(passes(text)).toBe(true);
});

test.each([
  'hw = agx',
  'hw = "orin*"',
  'payload = pallet',
  'payload != pallet',
  'wheels > 4',
  'wheels: 2..4',
  'simulated > 0',
  'not hw = orin-nx',
])('%s: no', (text) => {
  expect(passes(text)).toBe(false);
});

test.each([
  ['orin', 0, '"orin" names no property'],
  ['hw = orin and yes', 14, '"yes" names no property'],
  ['hw =', 4, 'a value is expected here'],
])('%s is refused', (text, at, message) => {
  expect(parseScope(text)).toMatchObject({ problem: { at, message } });
});

test('another property after a restart: the scope is looked at anew, either way', () => {
  const set = ruleSetOf("- {id: r, when: 'x > 1.0', scope: hw = orin}");
  const open = (hw: string) => openEngine(set, { device: 'a', properties: { hw } });
  const isOff = (before: string, after: string): boolean => {
    const engine = open(after);
    engine.restore(open(before).checkpoint());
    return engine.counters().rules['r']?.off !== undefined;
  };
  expect([isOff('orin', 'agx'), isOff('agx', 'orin'), isOff('agx', 'agx')]).toEqual([
    true,
    false,
    true,
  ]);
});

test('a rule that comes into scope by a restart begins there; one that leaves it is silent', () => {
  const set = ruleSetOf(
    '- {id: gone, absent: {topic: /y, for: 1s}, scope: hw = orin}\n' +
      '- {id: turn, every: {period: 1s}, capture: {pre: 1s}, scope: hw = orin}',
  );
  const messages = every('/x', { toMs: 6_000, periodMs: 100 }, () => 1);
  const channels = channelsOf(messages);
  const fired = (before: string, after: string): string[] => {
    const first = openEngine(set, { device: 'a', properties: { hw: before } });
    const second = openEngine(set, { device: 'a', properties: { hw: after } });
    for (const channel of channels) for (const one of [first, second]) one.channel(0, channel);
    first.block(0, blockOf(messages.slice(0, 30), channels));
    second.restore(first.checkpoint());
    const outputs = [...second.block(0, blockOf(messages.slice(30), channels)), ...second.flush()];
    return firesOf(outputs).map(({ ruleId, atNs }) => `${ruleId}@${Number(atNs - originNs) / 1e6}`);
  };
  // The watermark stands at 2,700 ms.
  expect(fired('agx', 'orin')).toEqual(['gone@3700', 'turn@3700', 'turn@4700', 'turn@5700']);
  expect(fired('orin', 'agx')).toEqual([]);
});
