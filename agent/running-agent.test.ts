/**
 * Goal: what a person asks of an agent that runs holds whole or not at all.
 * Method: a real agent in a temporary folder, whose configuration is read again.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AgentConfig, parseConfig } from './config.ts';
import { demand } from './document.ts';
import { writeRecording } from './source/testing.ts';
import { openHome, plainRules } from './testing.ts';

const sources = [{ name: 'main', file: 'a.mcap', speed: 'max' }];

test('a reload that cannot be read as a whole changes nothing', async () => {
  using home = openHome();
  const file = join(home.path, 'agent.yaml');
  await writeRecording(join(home.path, 'a.mcap'), [{ topic: '/odom', atNs: 1n, value: { vx: 0 } }]);
  const readConfig = (): AgentConfig => {
    const buffer = { path: 'state', quota: '3GiB', headroom: '1MiB' };
    const document = { device: { name: 'amr-017' }, sources, rules: 'rules.yaml', buffer };
    const text = JSON.stringify({ ...document, log: { level: 'debug' } });
    return demand(parseConfig({ text, file }, {}));
  };
  const levels: string[] = [];
  const setLevel = (level: string): void => void levels.push(level);
  const nothing = { recent: () => [], lines: () => [], keep: () => undefined };
  const more = { readConfig, levels: { ...nothing, setLevel } };
  await using running = await home.start({ sources, rules: plainRules }, more);
  const { quotaBytes } = running.agent.status().caps;
  writeFileSync(join(home.path, 'rules.yaml'), 'this: is no rule set');
  expect(() => running.agent.reload()).toThrow(/apiVersion/);
  expect(running.agent.status().caps.quotaBytes).toBe(quotaBytes);
  expect(levels).toEqual([]);
  writeFileSync(join(home.path, 'rules.yaml'), plainRules.replace('version: 1', 'version: 2'));
  expect(running.agent.reload()).toMatchObject({
    changed: expect.arrayContaining(['log.level', 'buffer.quota', 'rules']),
  });
  expect(running.agent.status()).toMatchObject({
    caps: { quotaBytes: 3 * 2 ** 30 },
    rules: { version: 2 },
  });
  expect(levels).toEqual(['debug']);
});
