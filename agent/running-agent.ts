/** An agent from its first thread to its last: what its parts tell each other while it runs. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Json, uuidText } from '@fieldloop/core';
import { statusLine, statusOf } from './agent-status.ts';
import type { Agent, AgentDeps } from './agent-types.ts';
import type { AgentBuffer } from './buffer/buffer.ts';
import type { ClockState } from './clip/clock.ts';
import type { CloudLink } from './cloud-link.ts';
import { type AgentConfig, readText } from './config.ts';
import type { Fleet } from './fleet.ts';
import { type Governor, openGovernor } from './governor.ts';
import { type ClockSync, openClockSync } from './health/clock-sync.ts';
import { openNotify } from './health/notify.ts';
import type { LocalRequest } from './health/socket.ts';
import type { AgentStatus } from './health/status.ts';
import { dataSilentMs, loopResolutionMs, safeModeMs, stopWithinMs } from './limits.ts';
import { carryOut } from './local.ts';
import type { DataProgress, DataSettings, FromData, ToData } from './messages.ts';
import type { ModelsInUse, ScoringWays } from './models-types.ts';
import { openPausing, type Pausing } from './pausing.ts';
import { openPulse, type Pulse, type Signs } from './pulse.ts';
import { planReload } from './reload.ts';
import { openReports, type Reports } from './reports.ts';
import { openResults, type Results } from './results.ts';
import type { RulesInUse } from './rules-in-use.ts';
import type { ShedOrder } from './shed.ts';
import { isStream } from './source-config.ts';
import { openThread, portsOf, type Thread, type ThreadStart, workerEntry } from './thread.ts';
import { demandsOf } from './topic-demands.ts';
import { openUpdates, runningNow, type Updates } from './updates.ts';
import type { Downloads } from './uplink/downloads.ts';
import { agentVersion } from './version.ts';
import type { EventContext } from './wire-event.ts';
import { within } from './within.ts';

export interface Parts {
  readonly config: AgentConfig;
  readonly rules: RulesInUse;
  readonly models: ModelsInUse;
  readonly downloads: Downloads;
  readonly fleet: Fleet;
  readonly buffer: AgentBuffer;
  readonly link: CloudLink;
}

export class RunningAgent implements Agent {
  readonly #parts: Parts;
  readonly #deps: AgentDeps;
  readonly #opened: AsyncDisposableStack;
  readonly #startMs: number;
  readonly #sessionId: string;
  readonly #device: string;
  readonly #results: Results;
  readonly #reports: Reports;
  readonly #governor: Governor;
  readonly #pausing: Pausing;
  readonly #clockSync: ClockSync;
  readonly #updates: Updates;
  readonly #loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  #config: AgentConfig;
  #pulse: Pulse | undefined;
  #data: Thread<ToData> | undefined;
  #threadsOff: string[] = [];
  #progress: DataProgress | undefined;
  #stopped: () => void = () => {};
  #isStopped = false;
  #stopping: Promise<void> | undefined;
  readonly #ending = new AbortController();

  constructor(parts: Parts, deps: AgentDeps, opened: AsyncDisposableStack) {
    this.#parts = parts;
    this.#deps = deps;
    this.#opened = opened;
    this.#config = parts.config;
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
    this.#governor = openGovernor({
      config: () => this.#config,
      buffer: parts.buffer,
      clock: deps.governorClock ?? deps.clock,
      log: deps.log.child('governor'),
      queueShare: () => this.#progress?.queueShare ?? 0,
      tell: (notice) => this.#results.tell(notice),
      order: () => this.#order(),
    });
    this.#pausing = openPausing({
      ...deps,
      clips: parts.buffer.clips,
      tell: (notice) => this.#results.tell(notice),
      onChange: () => this.#order(),
    });
    this.#clockSync = openClockSync({
      clock: deps.clock,
      onChange: (state) => this.#data?.post({ kind: 'clock', state }),
    });
    this.#updates = openUpdates({
      ...parts,
      clock: deps.clock,
      log: deps.log,
      running: () => runningNow(parts),
      follow: (desired) => parts.fleet.desired(desired),
    });
  }

  async begin(): Promise<void> {
    const { config, link, fleet, rules } = this.#parts;
    const { log, isSafe = false } = this.#deps;
    this.#loop.enable();
    this.#pausing.begin();
    const name = link.device;
    if (name !== undefined && name !== config.device.name) {
      const device = config.device.name;
      log.warn('the certificate names another device; its name is used', { device, name });
    }
    if (isSafe) this.#beginSafely();
    else await this.#beginStations();
    fleet.begin({
      link,
      reports: this.#reports,
      updates: this.#updates,
      status: () => this.status(),
      progress: () => this.#progress,
      post: (message) => this.#data?.post(message) ?? false,
    });
    this.#updates.look();
    this.#pulse = openPulse({
      notify: this.#deps.notify ?? openNotify({}, { log }),
      clock: this.#deps.clock,
      log,
      signs: () => this.#signs(),
      statusLine: () => statusLine(this.status()),
    });
    this.#loop.reset();
    log.info('the agent runs', {
      device: this.#device,
      rules: `${rules.ruleSet.name}@${rules.ruleSet.version}`,
      sources: config.sources.map(({ name: source }) => source),
      isSafe,
    });
  }

  get clockState(): ClockState {
    return this.#clockSync.state;
  }

  status(): AgentStatus {
    return statusOf({
      ...this.#parts,
      config: this.#config,
      device: this.#device,
      uptimeS: Math.round((this.#deps.clock.monotonicMs() - this.#startMs) / 1000),
      nowMs: this.#deps.clock.now(),
      results: this.#results,
      governor: this.#governor,
      clock: this.#clockSync.state,
      progress: this.#progress,
      degraded: this.#degraded(),
      // What the monitor itself waits between two looks is no gap.
      gapP99Ms: Math.max(0, this.#loop.percentile(99) / 1e6 - loopResolutionMs),
      isPaused: this.#pausing.isPaused,
      isHeld: this.#updates.told().heldSinceMs !== undefined,
    });
  }

  act(request: LocalRequest): Promise<Json> {
    const { buffer, fleet, rules } = this.#parts;
    return carryOut(request, {
      ...this.#deps,
      buffer,
      updates: this.#updates,
      demands: () => demandsOf(rules.ruleSet),
      clipNow: async (id, input, atNs) => await fleet.clipNow(id, input, atNs),
      pull: async (id, input) => await fleet.pull(id, input),
      pause: (seconds) => this.#pausing.pause(seconds),
      resume: () => this.#pausing.resume(),
      reload: () => this.reload(),
    });
  }

  reload(): Json {
    const { readConfig, levels, log } = this.#deps;
    const { buffer, rules } = this.#parts;
    if (readConfig === undefined) return { changed: [], restart: [] };
    const { config, changed, restart } = planReload(this.#config, readConfig());
    // The last that may fail: from here on all of it holds.
    const all = [...changed, ...(rules.reload(readText(config.rules)) ? ['rules'] : [])];
    this.#config = config;
    this.#parts.link.obey(config.uplink);
    levels?.setLevel(config.log.level);
    this.#data?.post({ kind: 'logLevel', level: config.log.level });
    buffer.resize(config.buffer).catch((error: unknown) => {
      log.warn('the buffer could not be made to fit its new limits', { error });
    });
    if (restart.length > 0) log.warn('restart needed for a part of the configuration', { restart });
    log.info('the configuration was read again', { changed: all, restart });
    return { changed: all, restart: [...restart] };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { clock, log, notify } = this.#deps;
    const told = notify?.stopping();
    this.#ending.abort();
    await this.#pulse?.close();
    await this.#governor.close();
    this.#pausing.close();
    await this.#clockSync[Symbol.asyncDispose]();
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
    this.#loop.disable();
    await told;
    log.info('the agent stopped');
  }

  /** A stream that nobody reads is gone; files wait, so that all of them is scored. */
  async #beginStations(): Promise<void> {
    const isNow = this.#config.sources.every(isStream);
    if (isNow) this.#openData();
    await this.#beginModels();
    if (isNow) this.#score(this.#parts.models.ways());
    else this.#openData();
    this.#reports.all();
  }

  #openData(): void {
    this.#data = openThread<ToData, FromData>(
      {
        name: 'data',
        entry: this.#deps.dataEntry ?? workerEntry('data-worker'),
        silentMs: () => dataSilentMs,
        start: () => this.#dataStart(),
        onMessage: (message, reply) => this.#heard(message, reply),
        onDeath: (death) => this.#died(death),
      },
      this.#deps,
    );
  }

  /** The least that can be taken back from afar; a whole start is tried again after a while. */
  #beginSafely(): void {
    const { clock, log, onRestart } = this.#deps;
    const minutes = Math.round(safeModeMs / 60_000);
    const text = `safe mode after starts that failed: nothing is read or scored, only uplink and updates work; a whole start is tried again in ${minutes} min`;
    this.#threadsOff.push(text);
    log.error('the agent runs in safe mode', { text });
    this.#results.tell({ name: 'safe_mode', severity: 'critical', text });
    clock.sleep(safeModeMs, this.#ending.signal).then(
      () => onRestart?.(),
      () => undefined,
    );
  }

  #signs(): Signs {
    const still = this.#progress?.still ?? [];
    return {
      // Main speaks for itself: this runs on it. Scoring has a watch of its own (scoringSilentMs),
      // longer than the manager's: a model that takes its time must not end the recording.
      ...(this.#data === undefined ? {} : { data: this.#data.heardMs }),
      ...Object.fromEntries(still.map((name) => [`source ${name}`, 0])),
    };
  }

  #shedOrder(): ShedOrder {
    return { ...this.#governor.order, isPaused: this.#pausing.isPaused };
  }

  #order(): void {
    this.#data?.post({ kind: 'shed', order: this.#shedOrder() });
  }

  #degraded(): string[] {
    const { link, buffer } = this.#parts;
    const { device = this.#device } = link;
    const renamed = `clips carry the name ${this.#device} until it is started again as ${device}`;
    const all = [
      ...this.#threadsOff,
      ...this.#parts.models.degraded,
      ...(this.#progress?.degraded ?? []),
      ...this.#governor.degraded,
      buffer.degraded,
      link.degraded,
      device === this.#device ? undefined : renamed,
    ];
    return all.filter((why) => why !== undefined);
  }

  #heard(message: FromData, reply: (message: ToData) => void): void {
    if (message.kind === 'progress') this.#progress = message.progress;
    else if (message.kind === 'modelOff') this.#parts.models.off(message.model, message.why);
    else if (message.kind === 'line') this.#deps.levels?.keep(message.line);
    else if (message.kind === 'stopped') {
      this.#isStopped = true;
      this.#stopped();
    } else {
      // Whatever it told last, it has worked since.
      if (this.#progress?.idle === true) this.#progress = { ...this.#progress, idle: false };
      this.#results.take(message, reply);
    }
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
      onWays: (ways) => this.#score(ways),
      onShadowWays: ({ port, models: shadows }) =>
        this.#data?.post({ kind: 'shadowScoring', port, models: shadows }, portsOf(port)),
      onChange: () => {
        this.#reports.models();
        this.#updates.look();
      },
      tell: (text) => this.#results.tell({ name: 'model_off', severity: 'warning', text }),
    });
  }

  #score({ port, ...ways }: ScoringWays): void {
    this.#data?.post({ kind: 'scoring', port, ...ways }, portsOf(port));
  }

  #dataStart(): ThreadStart {
    const { config, rules, buffer, models } = this.#parts;
    const ways = models.ways();
    const shadow = models.shadowWays();
    const data: DataSettings = {
      device: this.#device,
      firmware: config.device.firmware,
      agentVersion,
      logLevel: this.#config.log.level,
      isQuiet: this.#deps.isQuiet,
      sources: config.sources,
      rules: rules.given,
      window: config.window,
      spool: config.spool,
      redaction: config.redaction,
      clipNs: config.limits.clipNs,
      about: config.device,
      silentNs: config.limits.silentNs,
      partPath: buffer.partPath('{clip}'),
      models: ways.models,
      scoringPort: ways.port,
      shadowModels: shadow.models,
      shadowPort: shadow.port,
      shed: this.#shedOrder(),
      clock: this.#clockSync.state,
    };
    return { data, transfer: portsOf(ways.port, shadow.port) };
  }

  #context(): EventContext {
    const { clock, ids } = this.#deps;
    return {
      id: uuidText(ids.uuid()),
      nowNs: BigInt(Math.round(clock.now())) * 1_000_000n,
      sessionId: this.#sessionId,
      synced: this.#clockSync.state.synced,
    };
  }
}
