/** What every end-to-end test needs: a temporary folder, a cloud, and whatever it starts ended. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentPlan, type AgentProcess, resumeAgent, startAgent } from './agent-process.ts';
import { agentProgram } from './agent-program.ts';
import {
  type CloudApi,
  cloudApi,
  type CloudProcess,
  samePorts,
  startCloud,
} from './cloud-process.ts';
import type { Running } from './process.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Scene extends AsyncDisposable {
  readonly folder: string;
  cloud: CloudProcess;
  readonly api: CloudApi;
  /** SIGKILL and start again at the same addresses. */
  restartCloud(): Promise<void>;
  /** With a token that was made before. */
  start(plan: AgentPlan): Promise<AgentProcess>;
  enrolAndStart(plan: Omit<AgentPlan, 'claimToken'>): Promise<AgentProcess>;
  restartAgent(agent: AgentProcess): Promise<AgentProcess>;
  /** Ends it with the scene. */
  keep(running: Running): Running;
}

export async function openScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'fl-'));
  const started: Running[] = [];
  const keep = (running: Running): Running => {
    started.push(running);
    return running;
  };
  const cloud = await startCloud(root, folder);
  keep(cloud.running);
  const program = await agentProgram();
  const scene: Scene = {
    folder,
    cloud,
    api: cloudApi(cloud),
    keep,
    async restartCloud() {
      await scene.cloud.running.kill();
      scene.cloud = await startCloud(root, folder, samePorts(cloud.urls));
      keep(scene.cloud.running);
    },
    async start(plan) {
      const agent = await startAgent(root, folder, { program, ...plan });
      keep(agent.running);
      return agent;
    },
    async enrolAndStart(plan) {
      const claimToken = await scene.api.createClaimToken(plan.name);
      return await scene.start({ ...plan, claimToken });
    },
    async restartAgent(agent) {
      await agent.running.kill();
      const again = resumeAgent(root, folder, agent.name, program);
      keep(again.running);
      return again;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(started.toReversed().map((running) => running.stop(5_000)));
      if (existsSync(folder)) rmSync(folder, { recursive: true });
    },
  };
  return scene;
}
