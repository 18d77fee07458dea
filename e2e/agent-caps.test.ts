/**
 * Goal: an agent keeps within its caps on a machine that others burn, gives up in the order that is
 * written down and tells of it, and critical moments have their clips all the same.
 * Method: the real process under `limits` that it cannot keep otherwise, a real burner beside it, a
 * live robot of the simulator; figures of the kernel and what the local socket answers, counted.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { serveFleet } from '@fieldloop/sim';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawScenarios } from './drawn.cases.ts';
import { type Robot, startRobot, writeDrive } from './fault-robot.ts';

const patience = { timeout: 90_000 };

drawScenarios(1);

let folder = '';
let fleet: Awaited<ReturnType<typeof serveFleet>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fl-caps-'));
  fleet = await serveFleet({ robots: 1, seed: 3, speed: 1, clock: systemClock, log: silentLog });
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Another program that wants a whole core, until it is disposed of. */
function burn(): Disposable {
  const burner = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  return { [Symbol.dispose]: () => void burner.kill('SIGKILL') };
}

const rules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: caps, version: 1}
rules:
- {id: critical, severity: critical, every: {period: 1s}, capture: CAPTURE}
- {id: warning, severity: warning, every: {period: 1700ms}, capture: CAPTURE}
- {id: info, severity: info, every: {period: 1300ms}, capture: CAPTURE}
`.replaceAll('CAPTURE', '{topics: [/odom], pre: 100ms, post: 50ms}');

const start = (name: string, limits: Readonly<Record<string, string>>): Robot => {
  const sources = [{ name: 'main', sim: fleet.robots[0]?.url ?? '' }];
  const state = join(folder, `${name}-state`);
  return startRobot({ folder, name, state, rules, config: { sources, limits } });
};

/** Seconds of all cores that the kernel counted for the process. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Clips that it holds, by the rule that cut them. */
function clipsOf(robot: Robot): Readonly<Record<string, number>> {
  const listed = JSON.parse(robot.say('clips', 'list', '--limit', '500', '--json')) as readonly {
    readonly rule: string;
  }[];
  const counts: Record<string, number> = {};
  for (const { rule } of listed) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}

describe.concurrent('caps', () => {
  test(
    'memory over its cap: four steps in their order, and critical clips go on',
    patience,
    async () => {
      await using robot = start('memory', { memory: '40MiB' });
      const steps: string[] = [];
      const full = await robot.until(({ machine }) => {
        for (const step of machine.shed) if (!steps.includes(step)) steps.push(step);
        return steps.includes('info');
      });
      expect(steps.slice(0, 4)).toEqual(['models', 'downsample', 'baseline', 'info']);
      expect(full.degraded.join('\n')).toMatch(/info moments .* limits\.memory is 40/);
      const before = clipsOf(robot);
      const { fired } = full.rules;
      const later = await robot.until(
        ({ rules: now }) => (now.fired['critical'] ?? 0) >= (fired['critical'] ?? 0) + 4,
      );
      // The last of them is still open.
      await robot.until(({ clips }) => clips.sealed >= (before['critical'] ?? 0) + 2);
      expect(later.rules.fired['info']).toBeGreaterThan(fired['info'] ?? 0);
      expect(later.rules.reasons['overload']).toBeGreaterThan(0);
      const after = clipsOf(robot);
      expect(after['critical']).toBeGreaterThan(before['critical'] ?? 0);
      expect(after['info'] ?? 0).toBeLessThanOrEqual((before['info'] ?? 0) + 1);
      expect(robot.say('status')).toMatch(/^given up +models, downsample, baseline, info/m);
      expect(robot.say('logs', '--level', 'warn')).toContain('something is given up');
    },
  );

  test(
    'processor over its cap under a burner: a recording is read at the cap',
    patience,
    async () => {
      using _ = burn();
      // A recording gives its reader all it can take: only the cap holds it back.
      const state = join(folder, 'cpu-state');
      const file = join(folder, 'long.mcap');
      await writeDrive(file, 1_200);
      const cap = 0.1;
      const config = {
        sources: [{ name: 'main', file, speed: 'max' }],
        limits: { cpu: `${cap * 100}%` },
      };
      await using robot = startRobot({ folder, name: 'cpu', state, rules, config });
      const shed = await robot.until(({ machine }) => machine.shed.includes('models'));
      expect(shed.degraded.join('\n')).toMatch(/of a core, limits\.cpu is 10 %/);
      const began = { cpu: cpuSeconds(robot.running.pid), ms: systemClock.monotonicMs() };
      const later = await robot.until(
        ({ uptimeS, clips, source }) =>
          uptimeS >= shed.uptimeS + 15 &&
          clips.sealed > shed.clips.sealed &&
          source.messages > shed.source.messages,
      );
      const seconds = (systemClock.monotonicMs() - began.ms) / 1_000;
      const share = (cpuSeconds(robot.running.pid) - began.cpu) / seconds;
      expect(share).toBeLessThan(cap * 2);
      expect(later.machine.duty).toBeLessThan(0.5);
      expect(later.source.each[0]?.state).toBe('reading');
      expect(clipsOf(robot)['critical']).toBeGreaterThan(0);
    },
  );
});
