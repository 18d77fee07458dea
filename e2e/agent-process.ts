/** One robot's agent as its own process, with a configuration written for it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type AgentStatus, readStatus, statusSocketPath } from '@fieldloop/agent';
import { type Running, startProgram } from './process.ts';

export interface AgentPlan {
  readonly name: string;
  readonly claimToken: string;
  /** Members of one entry of `sources` in agent.yaml, such as `{ file: 'a.mcap', speed: 'max' }`. */
  readonly source: Readonly<Record<string, string | number>>;
  readonly rules: string;
  readonly models?: readonly { readonly id: string; readonly path: string }[];
  readonly windowSeconds?: number;
  readonly downloadKbps?: number;
  /** How long models of the cloud are watched, such as `5s`. */
  readonly soak?: string;
  /** What `node` runs instead of the sources. */
  readonly program?: string;
}

export interface AgentProcess {
  readonly name: string;
  readonly running: Running;
  readonly folder: string;
  readonly configFile: string;
  /** Undefined until the agent answers. */
  status(): Promise<AgentStatus | undefined>;
}

/** Writes `agent.yaml` under `folder/NAME` and starts the agent there. */
export async function startAgent(
  root: string,
  folder: string,
  plan: AgentPlan,
): Promise<AgentProcess> {
  const home = join(folder, plan.name);
  await mkdir(home, { recursive: true });
  const configFile = join(home, 'agent.yaml');
  const config = {
    device: { name: plan.name, site: 'demo', firmware: '1.0.0' },
    cloud: { claimToken: plan.claimToken },
    sources: [{ name: 'main', ...plan.source }],
    models: plan.models ?? [],
    rules: plan.rules,
    window: { seconds: plan.windowSeconds ?? 30, memory: '64MiB' },
    buffer: { path: join(home, 'state'), quota: '1GiB', headroom: '64MiB' },
    // A site on one machine comes back in seconds, not in the minutes that spare a fleet's broker.
    uplink: {
      reconnectMost: '2s',
      ...(plan.downloadKbps === undefined ? {} : { downloadKbps: plan.downloadKbps }),
    },
    limits: plan.soak === undefined ? {} : { soak: plan.soak },
    log: { level: 'info' },
  };
  // JSON is YAML, and quoting is then nobody's worry.
  await writeFile(configFile, `${JSON.stringify(config, undefined, 2)}\n`);
  return resumeAgent(root, folder, plan.name, plan.program);
}

/** Starts the agent again on the configuration and state that it left. */
export function resumeAgent(
  root: string,
  folder: string,
  name: string,
  program = join(root, 'agent/bin/fieldloop-agent.mjs'),
): AgentProcess {
  const home = join(folder, name);
  const configFile = join(home, 'agent.yaml');
  const running = startProgram({
    name,
    args: [program, 'run', '--config', configFile],
    cwd: root,
    logFile: join(home, 'agent.log'),
  });
  return {
    name,
    running,
    folder: home,
    configFile,
    async status() {
      try {
        return await readStatus(statusSocketPath(join(home, 'state')));
      } catch {
        // No socket yet, or the agent is just being restarted: the caller asks again.
        return undefined;
      }
    },
  };
}

/** What a stopped agent knows of every clip that it ever sealed. */
export interface ClipLedger {
  /** SHA-256 of clips that it still holds. */
  readonly held: readonly string[];
  /** Clips that it let go of: `deleted` once the cloud held them, or why else. */
  readonly gone: readonly { readonly sha256: string; readonly fate: string }[];
  /** Rows that the cloud has not stored. */
  readonly unsentRows: number;
}

export function clipLedger(agent: Pick<AgentProcess, 'folder'>): ClipLedger {
  const db = new DatabaseSync(join(agent.folder, 'state', 'buffer.db'), { readOnly: true });
  const all = <T>(sql: string): T[] => db.prepare(sql).all() as unknown as T[];
  try {
    return {
      held: all<{ sha256: string }>('SELECT sha256 FROM clip').map(({ sha256 }) => sha256),
      gone: all('SELECT sha256, fate FROM tombstone'),
      unsentRows: all<{ n: number }>('SELECT count(*) AS n FROM lane_row')[0]?.n ?? 0,
    };
  } finally {
    db.close();
  }
}
