/**
 * Goal: a robot speaks to its own cloud and to nobody else; ONNX Runtime's telemetry stays off.
 * Method: a process that loads a model, in a home of its own, where that telemetry would leave its
 * device id and its queue.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFolder } from '@fieldloop/sim';
import { expect, test } from 'vitest';
import { root } from './scene.ts';
import { busyRules } from './rules.ts';

test('an agent that loads a model leaves nothing in the home of its user', () => {
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  const work = mkdtempSync(join(tmpdir(), 'work-'));
  try {
    writeFileSync(join(work, 'rules.yaml'), busyRules);
    const config = {
      device: { name: 'amr-quiet' },
      sources: [{ name: 'main', folder: work, glob: '*.mcap' }],
      models: [{ id: 'classifier', path: modelFolder }],
      rules: join(work, 'rules.yaml'),
      buffer: { path: join(work, 'state'), quota: '1GiB', headroom: '0B' },
    };
    writeFileSync(join(work, 'agent.yaml'), JSON.stringify(config));
    const launcher = join(root, 'agent/bin/fieldloop-agent.mjs');
    const { ORT_DISABLE_TELEMETRY: _unset, ...env } = process.env;
    const output = execFileSync(
      process.execPath,
      [launcher, 'check', '--config', join(work, 'agent.yaml')],
      { encoding: 'utf8', env: { ...env, HOME: home } },
    );
    expect(output).toContain('classifier');
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
    rmSync(work, { recursive: true });
  }
});
