/** A whole agent in a temporary folder, for tests: configuration, rules, recordings, clips. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, type LogFields, seededRandom } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { type RecordingItem, readRecording } from '@fieldloop/recording';
import { examine } from '@fieldloop/recording/doctor';
import { openFile } from '@fieldloop/recording/file';
import { demand } from './document.ts';
import { parseConfig } from './config.ts';
import type { AgentStatus } from './health/status.ts';
import type { Agent, AgentDeps } from './agent-types.ts';
import { startAgent } from './main.ts';

/** One rule on one number, for tests that are about something else. */
export const plainRules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: local, version: 1}
signals: {vx: {topic: /odom, path: vx, type: double}}
rules:
- {id: fast, when: vx > 1.0, capture: {topics: ["*"], pre: 1s, post: 1s}}
`;

export interface TestHome extends Disposable {
  readonly path: string;
  /** Writes `agent.yaml` (JSON is YAML) and `rules.yaml`, and starts the agent on them. */
  start(plan: AgentPlan, more?: Partial<AgentDeps>): Promise<TestAgent>;
}

interface AgentPlan {
  readonly sources: readonly object[];
  readonly rules: string;
  readonly models?: readonly object[];
  readonly more?: object;
}

interface TestAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly log: readonly string[];
  /** Asks until `is` holds. */
  until(is: (status: AgentStatus) => boolean): Promise<AgentStatus>;
  /** Every clip file of the buffer, read whole; each must be sound by the rules of the format. */
  clips(): Promise<ReadClip[]>;
}

export interface ReadClip {
  readonly path: string;
  readonly manifest: Record<string, unknown>;
  /** Messages by topic. */
  readonly topics: ReadonlyMap<string, number>;
}

export function openHome(): TestHome {
  const path = mkdtempSync(join(tmpdir(), 'fl-agent-'));
  return {
    path,
    start: (plan, more) => startIn(path, plan, more),
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

async function startIn(
  path: string,
  plan: AgentPlan,
  more: Partial<AgentDeps> = {},
): Promise<TestAgent> {
  const document = {
    device: { name: 'amr-017', firmware: '1.4.2' },
    sources: plan.sources,
    models: plan.models ?? [],
    rules: 'rules.yaml',
    buffer: { path: 'state', quota: '1GiB', headroom: '1MiB' },
    log: { level: 'error' },
    ...plan.more,
  };
  const file = join(path, 'agent.yaml');
  writeFileSync(join(path, 'rules.yaml'), plan.rules);
  writeFileSync(file, JSON.stringify(document));
  const config = demand(parseConfig({ text: JSON.stringify(document), file }, {}));
  const lines: string[] = [];
  const log = listLog(lines);
  const deps = { clock: systemClock, ids: systemIds, random: seededRandom(1), log, ...more };
  const agent = await startAgent(config, deps);
  return {
    agent,
    log: lines,
    async until(is) {
      for (;;) {
        const status = agent.status();
        if (is(status)) return status;
        await systemClock.sleep(20);
      }
    },
    clips: () => readClips(join(path, 'state', 'clips')),
    [Symbol.asyncDispose]: () => agent.stop(),
  };
}

function listLog(lines: string[]): Log {
  const note = (phrase: string, fields?: LogFields): void => {
    lines.push(
      `${phrase} ${JSON.stringify(fields ?? {}, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`,
    );
  };
  const log: Log = { error: note, warn: note, info: note, debug: () => {}, child: () => log };
  return log;
}

async function readClips(folder: string): Promise<ReadClip[]> {
  const clips: ReadClip[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.mcap')) clips.push(await readClip(join(folder, name)));
  }
  return clips;
}

async function readClip(path: string): Promise<ReadClip> {
  await using file = await openFile(path);
  const names = new Map<number, string>();
  const topics = new Map<string, number>();
  let manifest: Record<string, unknown> = {};
  const take = (item: RecordingItem): void => {
    if (item.kind === 'channel') names.set(item.channel.id, item.channel.topic);
    if (item.kind === 'metadata' && item.name === 'fieldloop.clip') {
      manifest = JSON.parse(item.metadata.get('manifest') ?? '{}') as Record<string, unknown>;
    }
    if (item.kind !== 'block') return;
    for (const id of item.block.channelIds.subarray(0, item.block.count)) {
      const topic = names.get(id) ?? '';
      topics.set(topic, (topics.get(topic) ?? 0) + 1);
    }
  };
  for await (const item of readRecording(file)) take(item);
  const complaints = await examine(readFileSync(path));
  if (complaints.length > 0) throw new Error(`${path}: ${complaints.join('; ')}`);
  return { path, manifest, topics };
}
