/**
 * The agent of one robot: the only place that wires its stations. Main keeps the buffer, the
 * uplink and the local socket; reading, rules and clips run in the data worker, models in another.
 */
import { asFault, Fault } from '@fieldloop/core';
import type { Agent, AgentDeps } from './agent-types.ts';
import { openArtifacts } from './buffer/artifacts.ts';
import { openBuffer } from './buffer/buffer.ts';
import { unknownClock } from './clip/clock.ts';
import { openCloudLink } from './cloud-link.ts';
import { type AgentConfig, readText } from './config.ts';
import { openFleet } from './fleet.ts';
import { type LocalRequest, openLocalSocket } from './health/socket.ts';
import { statusSocketPath } from './health/status.ts';
import { demandRules } from './demand-rules.ts';
import { identityWithinMs } from './limits.ts';
import { makeFolder } from './make-folder.ts';
import { modelsFolder } from './models-chosen.ts';
import { openModelsInUse } from './models-in-use.ts';
import type { ModelsInUse } from './models-types.ts';
import { openRulesInUse, type OwnRules } from './rules-in-use.ts';
import { RunningAgent } from './running-agent.ts';
import { type Downloads, openDownloads } from './uplink/downloads.ts';
import { agentVersion } from './version.ts';
import { within } from './within.ts';

/** Everything runs when it resolves; a Fault says what in the configuration does not. */
export async function startAgent(config: AgentConfig, deps: AgentDeps): Promise<Agent> {
  const own = ownRules(config, deps);
  await makeHome(config.buffer.path);
  await using opened = new AsyncDisposableStack();
  let agent: RunningAgent | undefined;
  const socketPath = statusSocketPath(config.buffer.path);
  const host = {
    status: () => agent?.status(),
    act: async (request: LocalRequest) => {
      if (agent === undefined) throw starting();
      return await agent.act(request);
    },
  };
  opened.use(await openLocalSocket(socketPath, host));
  const buffer = opened.use(
    await openBuffer({
      dir: config.buffer.path,
      quotaBytes: config.buffer.quotaBytes,
      headroomBytes: config.buffer.headroomBytes,
      reserve: config.buffer.reserve,
      ...deps,
    }),
  );
  const rules = openRulesInUse(own, { ...deps, buffer, log: deps.log.child('rules') });
  const { models, downloads } = await openModels(config, deps);
  const onRestart = deps.onRestart ?? (() => undefined);
  const fleet = openFleet({ ...deps, config, buffer, rules, models, onRestart });
  const agentText = `fieldloop-agent ${agentVersion}`;
  const link = opened.use(
    openCloudLink(config, {
      ...deps,
      buffer,
      agent: agentText,
      clockState: () => agent?.clockState ?? unknownClock,
      wishes: fleet,
      downloads,
    }),
  );
  await within(identityWithinMs, link.settled, deps);
  const parts = { config, rules, models, downloads, fleet, buffer, link };
  agent = new RunningAgent(parts, deps, opened.move());
  try {
    await agent.begin();
    return agent;
  } catch (error) {
    await agent.stop();
    throw error;
  }
}

/** What comes down tells the models, whose wishes tell what is to come down. */
async function openModels(
  config: AgentConfig,
  deps: AgentDeps,
): Promise<{ readonly models: ModelsInUse; readonly downloads: Downloads }> {
  const dir = modelsFolder(config.buffer.path);
  const { headroomBytes } = config.buffer;
  const shelf = await openArtifacts({ dir, headroomBytes });
  const { soakMs } = config.limits;
  const log = deps.log.child('models');
  const { models: own, scoring: engine } = config;
  const models = await openModelsInUse({ ...deps, own, engine, dir, shelf, soakMs, log });
  const downloads = openDownloads({
    ...deps,
    shelf,
    log: deps.log.child('downloads'),
    bytesPerSecond: config.uplink.downloadBytesPerSecond,
    onStored: () => models.arrived(),
    onFault: (ref, why) => models.missing(ref, why),
  });
  return { models, downloads };
}

async function makeHome(path: string): Promise<void> {
  try {
    await makeFolder(path, 0o750);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Fault('unavailable', `the folder of the buffer cannot be made (${code})`, {
      place: path,
      remedy: 'Let buffer.path in agent.yaml be a folder that this user may write to.',
      cause: error,
    });
  }
}

/** In safe mode rules that cannot be read are no reason not to start: they may be its cause. */
function ownRules(config: AgentConfig, { isSafe }: AgentDeps): OwnRules {
  const file = config.rules;
  if (isSafe !== true) return { text: readText(file), file };
  try {
    const text = readText(file);
    demandRules(text, file);
    return { text, file };
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return { text: restingRules, file };
  }
}

const restingRules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: safe-mode, version: 1}
signals: {none: {topic: /fieldloop/none, path: x, type: double}}
rules:
- {id: never, when: none > 1.0, capture: {topics: [/fieldloop/none], pre: 1s, post: 1s}}
`;

const starting = (): Fault =>
  new Fault('unavailable', 'the agent is starting', { remedy: 'Ask again in a moment.' });
