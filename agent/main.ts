/**
 * The agent of one robot: the only place that wires its stations. Main keeps the buffer, the
 * uplink and the local socket; reading, rules and clips run in the data worker, models in another.
 */
import { mkdir } from 'node:fs/promises';
import { type Clock, Fault, type Ids, type Log, type Random, uuidText } from '@fieldloop/core';
import { openArtifacts } from './buffer/artifacts.ts';
import { type AgentBuffer, openBuffer } from './buffer/buffer.ts';
import { type CloudLink, openCloudLink } from './cloud-link.ts';
import { type AgentConfig, readText } from './config.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { openStatusSocket } from './health/socket.ts';
import { type AgentStatus, statusSocketPath } from './health/status.ts';
import type { LeveledLog } from './leveled-log.ts';
import { identityWithinMs, stopWithinMs } from './limits.ts';
import type { DataProgress, DataSettings, FromData, ToData } from './messages.ts';
import { modelsFolder } from './models-chosen.ts';
import { openModelsInUse } from './models-in-use.ts';
import { modelFigures } from './models-report.ts';
import type { ModelsInUse } from './models-types.ts';
import { openReports, type Reports } from './reports.ts';
import { openResults, type Results } from './results.ts';
import { openRulesInUse, type RulesInUse } from './rules-in-use.ts';
import { openThread, type Thread, type ThreadStart } from './thread.ts';
import { type Downloads, openDownloads } from './uplink/downloads.ts';
import { agentVersion } from './version.ts';
import type { EventContext } from './wire-event.ts';

export interface AgentDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  /** Where the level of the log can be changed, and what was complained of. */
  readonly levels?: Pick<LeveledLog, 'setLevel' | 'recent'> | undefined;
  /** The cloud asks this process to end, so that its supervisor starts it again. */
  readonly onRestart?: (() => void) | undefined;
  /** A start that waits for cloud or models waits no longer once this aborts. */
  readonly stopping?: AbortSignal | undefined;
}

export interface Agent {
  status(): AgentStatus;
  /** Stops reading, cuts and seals what is open, closes everything. */
  stop(): Promise<void>;
}

/** Log times before this year mean a clock that nobody set. */
const plausibleClockMs = Date.UTC(2025, 0, 1);

/** Everything runs when it resolves; a Fault says what in the configuration does not. */
export async function startAgent(config: AgentConfig, deps: AgentDeps): Promise<Agent> {
  const rulesText = readText(config.rules);
  await makeFolder(config.buffer.path);
  await using opened = new AsyncDisposableStack();
  let agent: RunningAgent | undefined;
  const socketPath = statusSocketPath(config.buffer.path);
  opened.use(await openStatusSocket(socketPath, () => agent?.status()));
  const buffer = opened.use(
    await openBuffer({
      dir: config.buffer.path,
      quotaBytes: config.buffer.quotaBytes,
      headroomBytes: config.buffer.headroomBytes,
      reserve: config.buffer.reserve,
      ...deps,
    }),
  );
  const own = { text: rulesText, file: config.rules };
  const rules = openRulesInUse(own, { ...deps, buffer, log: deps.log.child('rules') });
  const { models, downloads } = await openModels(config, deps);
  const onRestart = deps.onRestart ?? (() => undefined);
  const fleet = openFleet({ ...deps, config, buffer, rules, models, onRestart });
  const agentText = `fieldloop-agent ${agentVersion}`;
  const link = opened.use(
    openCloudLink(config, { ...deps, buffer, agent: agentText, wishes: fleet, downloads }),
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
  const models = await openModelsInUse({ ...deps, own: config.models, dir, shelf, soakMs, log });
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

interface Parts {
  readonly config: AgentConfig;
  readonly rules: RulesInUse;
  readonly models: ModelsInUse;
  readonly downloads: Downloads;
  readonly fleet: Fleet;
  readonly buffer: AgentBuffer;
  readonly link: CloudLink;
}

class RunningAgent implements Agent {
  readonly #parts: Parts;
  readonly #deps: AgentDeps;
  readonly #opened: AsyncDisposableStack;
  readonly #startMs: number;
  readonly #sessionId: string;
  readonly #device: string;
  readonly #results: Results;
  readonly #reports: Reports;
  #data: Thread<ToData> | undefined;
  #threadsOff: string[] = [];
  #progress: DataProgress | undefined;
  #stopped: () => void = () => {};
  #isStopped = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: Parts, deps: AgentDeps, opened: AsyncDisposableStack) {
    this.#parts = parts;
    this.#deps = deps;
    this.#opened = opened;
    this.#startMs = deps.clock.monotonicMs();
    this.#sessionId = uuidText(deps.ids.uuid());
    this.#device = parts.link.device ?? parts.config.device.name;
    this.#results = openResults({
      buffer: parts.buffer,
      clock: deps.clock,
      log: deps.log,
      context: () => this.#context(),
      onAnswer: (answer) => parts.fleet.answered(answer),
    });
    this.#reports = openReports({
      ...parts,
      clock: deps.clock,
      progress: () => this.#progress,
    });
  }

  async begin(): Promise<void> {
    const { config, link, fleet, rules } = this.#parts;
    const name = link.device;
    if (name !== undefined && name !== config.device.name) {
      const device = config.device.name;
      this.#deps.log.warn('the certificate names another device; its name is used', {
        device,
        name,
      });
    }
    await this.#beginModels();
    this.#reports.all();
    this.#data = openThread<ToData, FromData>(
      {
        name: 'data',
        entry: new URL('./data-worker.ts', import.meta.url),
        start: () => this.#dataStart(),
        onMessage: (message, reply) => this.#heard(message, reply),
        onDeath: (death) => this.#died(death),
      },
      this.#deps,
    );
    fleet.begin({
      link,
      reports: this.#reports,
      status: () => this.status(),
      progress: () => this.#progress,
      post: (message) => this.#data?.post(message),
    });
    this.#deps.log.info('the agent runs', {
      device: this.#device,
      rules: `${rules.ruleSet.name}@${rules.ruleSet.version}`,
      sources: config.sources.map(({ name }) => name),
    });
  }

  status(): AgentStatus {
    const { config, buffer, link } = this.#parts;
    const { ruleSet } = this.#parts.rules;
    const progress = this.#progress;
    const counts = buffer.counts();
    const uplink = link.status();
    const { sealed, offered, uploading } = counts.clips;
    const hasAll = config.cloud === undefined || sealed + offered + uploading === 0;
    const isQuiet = this.#results.waiting === 0 && (progress?.openClips ?? 0) === 0;
    const { lastClip } = this.#results;
    return {
      device: this.#device,
      agentVersion,
      uptimeS: Math.round((this.#deps.clock.monotonicMs() - this.#startMs) / 1000),
      source: progress?.source ?? { messages: 0, bytes: 0, lagMs: 0, broken: 0, each: [] },
      score: progress?.score ?? { count: 0, skipped: 0, faults: 0 },
      rules: {
        set: ruleSet.name,
        version: ruleSet.version,
        digest: ruleSet.digest,
        fired: progress?.fired ?? {},
        suppressed: progress?.suppressed ?? 0,
      },
      models: modelFigures(this.#parts.models, progress),
      clips: {
        cut: progress?.clipsCut ?? 0,
        sealed: counts.ever.sealed,
        acknowledged: counts.ever.acknowledged,
        bytes: counts.bytes,
      },
      uplink,
      ...(lastClip === undefined ? {} : { lastClip }),
      degraded: this.#degraded(counts.degraded),
      idle: progress?.idle === true && isQuiet && hasAll && uplink.uploading === 0,
      finished: progress?.sourcesFinished === true && isQuiet && hasAll,
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { clock, log } = this.#deps;
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    this.#data?.post({ kind: 'stop' });
    if (!this.#isStopped && this.#data !== undefined) {
      const inTime = await within(stopWithinMs, stopped, { clock });
      if (!inTime) log.warn('open clips were not cut in time; they are left out');
    }
    await this.#data?.terminate();
    await this.#parts.models.stop();
    await this.#parts.downloads.close();
    await this.#results.settled();
    await this.#parts.fleet.stop();
    await this.#opened[Symbol.asyncDispose]();
    log.info('the agent stopped');
  }

  #degraded(buffer: string | undefined): string[] {
    const { link } = this.#parts;
    const names = [link.device, this.#device];
    const renamed =
      names[0] === undefined || names[0] === names[1]
        ? undefined
        : `clips carry the name ${names[1]} until the agent is started again as ${names[0]}`;
    const all = [
      ...this.#threadsOff,
      ...this.#parts.models.degraded,
      ...(this.#progress?.degraded ?? []),
      buffer,
      link.degraded,
      renamed,
    ];
    return all.filter((why) => why !== undefined);
  }

  #heard(message: FromData, reply: (message: ToData) => void): void {
    if (message.kind === 'progress') this.#progress = message.progress;
    else if (message.kind === 'modelOff') this.#parts.models.off(message.model, message.why);
    else if (message.kind === 'stopped') {
      this.#isStopped = true;
      this.#stopped();
    } else this.#results.take(message, reply);
  }

  #died(death: { readonly why: string; readonly gaveUp: boolean }): void {
    const text = death.gaveUp
      ? `the data thread failed again and again and stays off: ${death.why}`
      : `the data thread failed and starts again: ${death.why}`;
    if (death.gaveUp) this.#threadsOff.push(text);
    // Nobody answers any more: a stop that waits goes on, and so does a start.
    this.#parts.fleet.dataDied(text);
    this.#stopped();
    this.#results.tell({ name: 'data_thread_failed', severity: 'warning', text });
  }

  /** Ends when the models of the start are loaded; what the cloud wants comes later. */
  async #beginModels(): Promise<void> {
    const { models, downloads } = this.#parts;
    await models.begin({
      want: (refs) => downloads.want(refs),
      onWays: ({ port, ...ways }) =>
        this.#data?.post({ kind: 'scoring', port, ...ways }, port === undefined ? [] : [port]),
      onShadowWays: ({ port, models: shadows }) =>
        this.#data?.post(
          { kind: 'shadowScoring', port, models: shadows },
          port === undefined ? [] : [port],
        ),
      onChange: () => this.#reports.models(),
      tell: (text) => this.#results.tell({ name: 'model_off', severity: 'warning', text }),
    });
  }

  #dataStart(): ThreadStart {
    const { config, rules, buffer, models } = this.#parts;
    const ways = models.ways();
    const shadow = models.shadowWays();
    const data: DataSettings = {
      device: this.#device,
      firmware: config.device.firmware,
      agentVersion,
      logLevel: config.log.level,
      sources: config.sources,
      rules: rules.active,
      shadow: rules.shadow,
      window: config.window,
      clipNs: config.limits.clipNs,
      silentNs: config.limits.silentNs,
      partPath: buffer.partPath('{clip}'),
      models: ways.models,
      scoringPort: ways.port,
      shadowModels: shadow.models,
      shadowPort: shadow.port,
    };
    return { data, transfer: [ways.port, shadow.port].filter((port) => port !== undefined) };
  }

  #context(): EventContext {
    const { ids, clock } = this.#deps;
    const nowMs = clock.now();
    return {
      id: uuidText(ids.uuid()),
      nowNs: BigInt(Math.round(nowMs)) * 1_000_000n,
      sessionId: this.#sessionId,
      synced: nowMs > plausibleClockMs,
    };
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o750 });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Fault('unavailable', `the folder of the buffer cannot be made (${code})`, {
      place: path,
      remedy: 'Let buffer.path in agent.yaml be a folder that this user may write to.',
      cause: error,
    });
  }
}

/** True when `work` ended within `ms` and before a stop was asked for. */
async function within(
  ms: number,
  work: Promise<unknown>,
  deps: Pick<AgentDeps, 'clock' | 'stopping'>,
): Promise<boolean> {
  const waiting = new AbortController();
  const signals = [waiting.signal, ...(deps.stopping === undefined ? [] : [deps.stopping])];
  const timer = deps.clock.sleep(ms, AbortSignal.any(signals)).then(
    () => false,
    () => false,
  );
  const inTime = await Promise.race([work.then(() => true), timer]);
  waiting.abort();
  return inTime;
}
