/**
 * What the cloud wants of this robot, and what it is told without asking: commands, desired rules,
 * reports and telemetry. Without a cloud nothing of it happens.
 */
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import type { Command, CommandInputs, Desired } from '@fieldloop/proto';
import { shortStatus } from './agent-status.ts';
import type { AgentBuffer } from './buffer/buffer.ts';
import { systemDisk } from './buffer/disk.ts';
import type { CloudLink } from './cloud-link.ts';
import type { ClipAsk } from './clip/ask.ts';
import { diagnose } from './command/diagnosis.ts';
import { type Answer, type Commands, openCommands } from './command/run.ts';
import type { AgentConfig } from './config.ts';
import type { AgentStatus } from './health/status.ts';
import { type Measured, seriesOf } from './health/telemetry.ts';
import type { LeveledLog } from './leveled-log.ts';
import {
  firstMessageWithinMs,
  firstTelemetryMs,
  lookForMessagesEveryMs,
  reportCountsEveryMs,
  telemetryEveryMs,
} from './limits.ts';
import type { ClipAnswer, DataProgress, ToData } from './messages.ts';
import type { ModelsInUse } from './models-types.ts';
import type { Reports } from './reports.ts';
import type { RulesInUse } from './rules-in-use.ts';
import type { Updates } from './updates.ts';
import { agentVersion } from './version.ts';
import type { WishListener } from './uplink/wishes.ts';

/** What only a person at the robot can say of a clip: when it was, and by which rule. */
export type AskedHere = Pick<ClipAsk, 'atNs' | 'rule'>;

export interface FleetDeps {
  readonly config: AgentConfig;
  readonly buffer: AgentBuffer;
  readonly rules: RulesInUse;
  readonly models: Pick<ModelsInUse, 'take'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly levels?: Pick<LeveledLog, 'setLevel' | 'recent'> | undefined;
  /** Ends this process, so that its supervisor starts it again. */
  readonly onRestart: () => void;
}

/** The rest of the agent, once it runs. */
export interface FleetHost {
  readonly link: Pick<CloudLink, 'measure' | 'status'>;
  readonly reports: Reports;
  readonly updates: Pick<Updates, 'admits' | 'look'>;
  status(): AgentStatus;
  progress(): DataProgress | undefined;
  /** False when there is no data thread now. */
  post(message: ToData): boolean;
}

export interface Fleet extends WishListener {
  /** Everything runs: what waits is carried out. */
  begin(host: FleetHost): void;
  answered(answer: ClipAnswer): void;
  /** A clip around now, or around a log time that the window holds; ends when it is durable. */
  clipNow(id: string, input: CommandInputs['clip_now'], about?: AskedHere): Promise<Answer>;
  pull(id: string, input: CommandInputs['pull']): Promise<Answer>;
  /** Nobody will answer what the data thread was asked. */
  dataDied(why: string): void;
  /** Takes nothing more, and waits for what is being done. */
  stop(): Promise<void>;
}

export function openFleet(deps: FleetDeps): Fleet {
  return new RunningFleet(deps);
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(fault: Fault): void;
}

class RunningFleet implements Fleet {
  readonly #deps: FleetDeps;
  readonly #commands: Commands;
  readonly #stopping = new AbortController();
  readonly #asked = new Map<string, Waiting>();
  #host: FleetHost | undefined;
  /** What the cloud wished for last while the agent started; it says so again if it is lost. */
  #wished: Desired | undefined;
  #beganMs = 0;
  #ticking: Promise<unknown> = Promise.resolve();

  constructor(deps: FleetDeps) {
    this.#deps = deps;
    const { buffer, clock, log, config } = deps;
    this.#commands = openCommands({
      shelf: buffer.commands,
      clock,
      log: log.child('command'),
      actions: {
        ping: () => this.#ping(),
        pull: (id, input) => this.pull(id, input),
        clipNow: (id, input) => this.clipNow(id, input),
        restart: () => deps.onRestart(),
        refresh: (section) => this.#running().reports.again(section),
        setLogLevel: (level) => {
          deps.levels?.setLevel(level);
          this.#host?.post({ kind: 'logLevel', level });
          log.info('the level of the log is another now', { level });
        },
        diagnose: async () =>
          await diagnose({
            folder: config.buffer.path,
            now: () => clock.now(),
            status: () => shortStatus(this.#running().status()),
            complaints: () => deps.levels?.recent() ?? [],
          }),
      },
    });
    deps.rules.onChange(() => this.#rulesChanged());
  }

  command(command: Command): void {
    this.#commands.take(command);
  }

  desired(desired: Desired): void {
    if (this.#host === undefined) this.#wished = desired;
    else if (this.#host.updates.admits(desired)) this.#follow(desired);
  }

  begin(host: FleetHost): void {
    this.#host = host;
    this.#beganMs = this.#deps.clock.monotonicMs();
    this.#commands.resume();
    const wished = this.#wished;
    this.#wished = undefined;
    if (wished !== undefined) this.#try('a wish was not taken', () => this.desired(wished));
    if (this.#deps.config.cloud === undefined) return;
    this.#ticking = Promise.all([this.#measure(host), this.#reportCounts(host)]);
  }

  answered({ id, clipId, sizeBytes, why = 'the clip was not cut', remedy }: ClipAnswer): void {
    const waiting = this.#asked.get(id);
    this.#asked.delete(id);
    if (clipId !== undefined) {
      waiting?.resolve({ clip: clipId, ...(sizeBytes === undefined ? {} : { sizeBytes }) });
      return;
    }
    const none = new Fault('not_found', `no clip was cut: ${why}`, { remedy });
    waiting?.reject(remedy === undefined ? noClip(why) : none);
  }

  dataDied(why: string): void {
    this.#try('the rules were not judged', () => this.#deps.rules.died(why));
    for (const waiting of this.#asked.values()) waiting.reject(noClip(why));
    this.#asked.clear();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#deps.rules.stop();
    for (const waiting of this.#asked.values()) waiting.reject(noClip('the agent stops'));
    this.#asked.clear();
    await this.#commands.settled();
    await this.#ticking;
  }

  #follow(desired: Desired): void {
    this.#deps.rules.take(desired);
    this.#deps.models.take(desired);
  }

  #running(): FleetHost {
    if (this.#host !== undefined) return this.#host;
    throw new Fault('unavailable', 'the agent is starting', { remedy: 'Ask again in a moment.' });
  }

  #ping(): Answer {
    const { uptimeS } = this.#running().status();
    return { agentVersion, uptimeS, unixMs: this.#deps.clock.now() };
  }

  async pull(id: string, input: CommandInputs['pull']): Promise<Answer> {
    // It reads and cuts recordings, which main does for nothing else.
    const { pullClip } = await import('./command/pull.ts');
    return await pullClip(this.#deps.buffer, id, input);
  }

  async clipNow(
    id: string,
    input: CommandInputs['clip_now'],
    about: AskedHere = {},
  ): Promise<Answer> {
    const { preS, postS, topics, reason, severity = 'warning' } = input;
    const host = this.#running();
    await this.#firstMessage(host);
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
    });
    const [preNs, postNs] = [nsOf(preS), nsOf(postS)];
    const ask = { id, preNs, postNs, topics, reason, severity, ...about };
    if (!host.post({ kind: 'clipNow', ask })) {
      this.answered({ id, why: 'nothing reads the sources of this robot now' });
    }
    return await answer;
  }

  /** A robot that just came back reads nothing yet: what waited for it waits a little longer. */
  async #firstMessage(host: FleetHost): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopping;
    const untilMs = this.#beganMs + firstMessageWithinMs;
    while (clock.monotonicMs() < untilMs && (host.progress()?.source.messages ?? 0) === 0) {
      await clock.sleep(lookForMessagesEveryMs, signal).catch(() => undefined);
      if (signal.aborted) throw noClip('the agent stops');
    }
  }

  #rulesChanged(): void {
    this.#host?.post({ kind: 'rules', rules: this.#deps.rules.given });
    // It goes again each minute.
    this.#try('the rules were not reported', () => this.#host?.reports.rules());
    this.#host?.updates.look();
  }

  /** A disk that refuses must neither end the agent nor leave something half done. */
  #try(phrase: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#deps.log.error(phrase, { error: asFault(error) });
    }
  }

  /** Counts go only while somebody hears them: they would fill the buffer of a robot offline. */
  async #reportCounts(host: FleetHost): Promise<void> {
    await this.#every(reportCountsEveryMs, reportCountsEveryMs, () => {
      if (!host.link.status().connected) return;
      host.reports.rules();
      host.reports.models();
    });
  }

  async #measure(host: FleetHost): Promise<void> {
    // A disk that cannot be read now may be later.
    let before = await this.#measured(host).catch(() => undefined);
    await this.#every(firstTelemetryMs, telemetryEveryMs, async () => {
      const now = await this.#measured(host);
      if (before !== undefined) host.link.measure(seriesOf(now, before));
      before = now;
    });
  }

  async #every(firstMs: number, everyMs: number, act: () => Promise<void> | void): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#stopping;
    await clock.sleep(firstMs, signal).catch(() => undefined);
    while (!signal.aborted) {
      try {
        await act();
      } catch (error) {
        log.warn('what this robot says of itself was left out once', { error: asFault(error) });
      }
      await clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }

  async #measured(host: FleetHost): Promise<Measured> {
    const { buffer, clock, config } = this.#deps;
    const { bytes: diskFreeBytes } = await systemDisk.free(config.buffer.path);
    const counts = buffer.counts();
    const { user, system } = process.cpuUsage();
    return {
      rssBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      diskFreeBytes,
      bufferBytes: counts.bytes,
      bytesByClass: buffer.bytesByClass(),
      backlogRows: counts.rows.events + counts.rows.manifests + counts.rows.reported,
      ...figuresOf(host.status()),
      atMs: clock.monotonicMs(),
    };
  }
}

/** What `status` shows of the machine and the rules, for telemetry. */
const figuresOf = ({ source, score, rules, machine, clips, uplink }: AgentStatus) => ({
  lagMs: source.lagMs,
  clockOffsetMs: source.clockOffsetMs,
  sourceReconnects: source.reconnects,
  topics: machine.topics,
  topicBytes: machine.topicBytes,
  scoreP50: machine.scoreP50Ms,
  scoreP99: machine.scoreP99Ms,
  scoresSkipped: score.skipped,
  scoreFaults: score.faults,
  scoresUnfed: score.unfed,
  fired: rules.fired,
  suppressed: rules.suppressed,
  evaluations: rules.evaluations,
  unknown: rules.unknown,
  conditions: rules.conditions,
  decodeFaults: rules.faults,
  reasons: rules.reasons,
  dropped: machine.dropped,
  windowSeconds: machine.windowS,
  clips: uplink.backlogClips + uplink.refusedClips,
  clipsByState: clips.held,
  evicted: clips.evicted,
  backlogClips: uplink.backlogClips,
  backlogSeconds: uplink.backlogS,
  bytesSent: uplink.bytesSent,
  reconnects: uplink.reconnects,
  allowance: uplink.allowance,
  gapP99Ms: machine.gapP99Ms,
  shedSteps: machine.shed.length,
  temperatureC: machine.temperatureC,
  battery: machine.battery,
});

const nsOf = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));

const noClip = (why: string): Fault =>
  new Fault('unavailable', `no clip was cut: ${why}`, {
    remedy: 'Look at the status of the robot; ask again when its sources are read.',
  });
