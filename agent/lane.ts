/** One source: its timelines one after another, its state, and what goes wrong with it. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Fault, faultLine, type Json } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import type { ClipAsk } from './clip/ask.ts';
import { heardOf } from './clip/redact-image.ts';
import type { SourceState } from './health/status.ts';
import type { Notice } from './messages.ts';
import { openPromised, type Promised } from './promised.ts';
import { newTally } from './rule/tally.ts';
import { openClockSteps, type Piece } from './source/clock-steps.ts';
import { type Lag, lagReasons, openLag } from './source/lag.ts';
import { openSchemaWatch } from './source/schema-watch.ts';
import type { BlockItem, Session, Source, SourceItem } from './source/source.ts';
import { stableUuid } from './stable-id.ts';
import { Timeline } from './timeline.ts';
import { stateOf } from './timeline-state.ts';
import type { Tally, TimelineDeps, TimelineSettings } from './timeline-types.ts';

export interface LaneSettings extends TimelineSettings {
  /** A live source that says nothing for so long is told of. */
  readonly silentNs: bigint;
  /** Topics that rules and models read. */
  readonly readTopics: ReadonlySet<string>;
}

export class Lane {
  readonly source: Source;
  readonly tally: Tally;
  #settings: LaneSettings;
  #isStale = false;
  readonly #deps: TimelineDeps;
  readonly #promised: Promised;
  #timeline: Timeline | undefined;
  #state: SourceState;
  #epoch = 0;
  /** As the source named it, before any jump of its clock. */
  #session: Session | undefined;
  #restoring: Json | undefined;
  readonly #schemas = openSchemaWatch();
  #steps = openClockSteps();
  #lag: Lag = this.#openLag();
  /** Largest log time of the block that was given on last in time. */
  #fedNs = 0n;
  #workSinceMs: number | undefined;
  /** When a recorder that was followed closed its file; until it opens another, or is told of. */
  #closedMs: number | undefined;

  constructor(source: Source, settings: LaneSettings, deps: TimelineDeps) {
    this.source = source;
    this.#settings = this.#own(settings);
    this.#deps = deps;
    this.#promised = openPromised(source.name, deps.outlet);
    this.#state = { name: source.name, state: 'starting' };
    this.tally = {
      messages: 0,
      bytes: 0,
      lagMs: 0,
      fired: {},
      suppressed: 0,
      topics: {},
      latencies: {},
      ...talliesOf(settings),
    };
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Monotonic time since when one item, or one image of it, is being dealt with. */
  get workSinceMs(): number | undefined {
    return this.#workSinceMs;
  }

  get openClips(): number {
    return this.#timeline?.openClips ?? 0;
  }

  /** Other rules: for timelines to come at once, for the current one before its next block. */
  use(settings: LaneSettings): void {
    this.#settings = this.#own(settings);
    Object.assign(this.tally, talliesOf(settings));
    this.#isStale = true;
  }

  #own(settings: LaneSettings): LaneSettings {
    const { latenessNs = settings.latenessNs } = this.source;
    const { pictures } = settings;
    const heard = pictures && heardOf(pictures, () => this.#goesOnWorking());
    return { ...settings, latenessNs, pictures: heard };
  }

  /** A clip whose images are changed may take minutes; what takes long in one of them hangs. */
  #goesOnWorking(): void {
    if (this.#workSinceMs !== undefined) this.#workSinceMs = this.#deps.clock.monotonicMs();
  }

  /** False when nothing is being read. */
  clipNow(ask: ClipAsk): boolean {
    return this.#timeline?.clipNow(ask) ?? false;
  }

  /** Reads until the source ends or `signal` aborts; open clips are cut either way. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, shed } = this.#deps;
    await this.#promised.tellLost();
    for await (const item of this.source.items(signal)) {
      if (shed?.order.isPaused === true) {
        const goesOn = this.#goesOn(item);
        if (goesOn && isMessages(item)) continue;
        if (!goesOn) await shed.resumed(signal);
        // What has begun is left as any stop leaves it.
        if (signal.aborted && item.kind === 'begin') break;
      }
      const beganMs = clock.monotonicMs();
      this.#workSinceMs = beganMs;
      await this.#take(item);
      this.#workSinceMs = undefined;
      await breathe();
      if (this.#timeline?.session.live !== false || item.kind !== 'block') continue;
      await shed?.rest(clock.monotonicMs() - beganMs, signal);
    }
    if (this.#timeline?.session.resumes === true) await this.#timeline.leave();
    else {
      await this.#feed(this.#steps.end());
      await this.#timeline?.end(true);
    }
    this.#timeline = undefined;
    if (!this.source.finite || signal.aborted) return;
    if (this.#state.state !== 'broken') this.#become('finished');
  }

  /** In a pause what is live goes on without us; a recording waits, as does one with its place. */
  #goesOn(item: SourceItem): boolean {
    if (item.kind !== 'begin') return this.#timeline?.session.live !== false;
    return item.session.live && item.session.resumes !== true;
  }

  async #take(item: SourceItem): Promise<void> {
    if (this.#isStale) {
      this.#isStale = false;
      await this.#timeline?.use(this.#settings);
    }
    if (item.kind === 'begin' || item.kind === 'end') await this.#feed(this.#steps.end());
    const timeline = this.#timeline;
    if (item.kind !== 'channel') this.#restore();
    switch (item.kind) {
      case 'begin':
        this.#begin(item.session, item.state);
        return;
      case 'channel':
        await this.#channel(item.channel);
        return;
      case 'block':
        await this.#block(item);
        return;
      case 'mark': {
        // A place behind messages that are held would lose them.
        if (timeline === undefined || this.#steps.isHolding) return;
        const { state, from } = await timeline.save({
          laneEpoch: this.#epoch,
          newest: this.#steps.newest,
        });
        await item.save(state, from);
        return;
      }
      case 'dropped':
        this.#countDropped(item.reason, item.count);
        return;
      case 'notice':
        await this.#say({ name: item.name, severity: 'warning', text: item.text });
        return;
      case 'quiet':
        await timeline?.quiet(item.ms);
        await this.#hearSilence(item.ms);
        return;
      case 'end':
        await timeline?.end(false);
        this.#timeline = undefined;
        this.#countLost(timeline?.session);
        await this.#closed(item.fault, timeline?.session);
        return;
      case 'waiting':
        this.#become('waiting', item.reason);
        await this.#hearPause();
    }
  }

  /** A timeline that goes on is the one of its last epoch. */
  #begin(session: Session, state: Json | undefined): void {
    this.#epoch = state === undefined ? 0 : (stateOf(state)?.laneEpoch ?? 0);
    this.#session = session;
    this.#timeline = this.#open(session);
    this.#restoring = state;
    this.#schemas.clear();
    this.#steps = openClockSteps();
    this.#lag = this.#openLag();
    this.#fedNs = 0n;
    this.#closedMs = undefined;
    this.#become('reading');
  }

  #open(session: Session): Timeline {
    const id = stableUuid(0, ['epoch', session.id, String(this.#epoch)]);
    const own = this.#epoch === 0 ? session : { ...session, id };
    return new Timeline(own, this.#settings, this.#dependencies());
  }

  #openLag(): Lag {
    return openLag((topic) => this.#settings.readTopics.has(topic));
  }

  /** Once the channels are known again, and before anything else. */
  #restore(): void {
    const state = this.#restoring;
    this.#restoring = undefined;
    if (state === undefined) return;
    this.#timeline?.restore(state);
    this.#steps.restore(stateOf(state)?.newest ?? []);
  }

  async #channel(channel: Channel): Promise<void> {
    this.#timeline?.channel(channel);
    this.#lag.channel(channel);
    this.#steps.channel(channel);
    const changed = this.#schemas.take(channel);
    // What an earlier process told is not told again.
    if (changed === undefined || this.#restoring !== undefined) return;
    await this.#say({ name: 'schema_changed', severity: 'warning', text: changed });
  }

  async #block(item: BlockItem): Promise<void> {
    if (this.#state.state === 'silent') this.#become('reading');
    if (item.isWarm === true) await this.#timeline?.context(item);
    else await this.#feed(this.#steps.take(item));
  }

  async #feed(pieces: readonly Piece[]): Promise<void> {
    for (const { block, file, at, isBack, isBehind = false } of pieces) {
      if (isBack) await this.#nextEpoch(block);
      // How late it is says nothing of how far reading is behind.
      const isLate = block.lastNs < this.#fedNs - clockJumpNs && !isBack;
      // Whoever stands at the end of what there is begins anew, as the lag does.
      if (!isLate || !isBehind) this.#fedNs = block.lastNs;
      const isLive = this.#timeline?.session.live === true && !(isLate && isBehind);
      const kept = isLive ? await this.#inTime(block, isBehind) : block;
      // What waited to be read, or came late, is old for that reason alone.
      if (isLive && !isLate && !isBehind) {
        this.tally.clockOffsetMs = clockOffsetMs(this.#deps.clock.now(), block);
      }
      if (kept === undefined) continue;
      await this.#timeline?.block(kept, { file: kept === block ? file : undefined, at });
    }
  }

  /** What is left of a block when the source cannot keep up. */
  async #inTime(block: MessageBlock, isBehind: boolean): Promise<MessageBlock | undefined> {
    const lag = this.#lag;
    const lagMs = lag.lagMs(this.#deps.clock.monotonicMs(), block, isBehind);
    this.tally.lagMs = lagMs;
    const before = lag.level;
    // Whoever stands at the end of what there is lags behind nothing.
    const { block: kept, dropped } = lag.take(block, isBehind ? lagMs : 0);
    if (dropped > 0) this.#countDropped(lagReasons[lag.level], dropped);
    if (lag.level > before) {
      const what = lag.level === 1 ? 'topics that no rule reads' : 'whole blocks';
      const text = `source ${this.source.name} is ${Math.round(lagMs / 1000)} s behind and gives up ${what}`;
      await this.#say({ name: 'source_lagging', severity: 'warning', text, atNs: block.lastNs });
    }
    return kept;
  }

  /** A recorder that ends its file is no connection. */
  #countLost(session: Session | undefined): void {
    if (session?.live !== true || session.resumes === true) return;
    this.tally.reconnects = (this.tally.reconnects ?? 0) + 1;
  }

  #countDropped(reason: string, count: number): void {
    const counts = (this.tally.dropped ??= {});
    counts[reason] = (counts[reason] ?? 0) + count;
  }

  #dependencies(): TimelineDeps & { tally: Tally } {
    return { ...this.#deps, promised: this.#promised, tally: this.tally };
  }

  #become(state: SourceState['state'], reason?: string): void {
    const recording = this.#timeline?.session.recording ?? this.#state.recording;
    this.#state = {
      name: this.source.name,
      state,
      ...(recording === undefined ? {} : { recording }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  /**
   * A clock that jumped back begins a new timeline, on the same channels. It is no lag: the pace
   * begins anew with the epoch.
   */
  async #nextEpoch(block: MessageBlock): Promise<void> {
    const timeline = this.#timeline;
    if (timeline === undefined) return;
    const { newestNs } = timeline;
    // After a restart the window may hold nothing of the time before.
    const by = newestNs === undefined ? '' : ` by ${Number(newestNs - block.firstNs) / 1e9} s`;
    const said = await timeline.latched();
    await timeline.end(false);
    const { session } = timeline;
    await this.#say({
      name: 'clock_jump',
      severity: 'warning',
      text: `log time jumped back${by}; a new session begins`,
      atNs: block.firstNs,
      sessionId: session.id,
    });
    this.#epoch += 1;
    const next = this.#open(this.#session ?? session);
    for (const channel of timeline.given) next.channel(channel);
    // Before all that may still come of this clock.
    next.inherit(said, block.firstNs - clockJumpNs - 1n);
    next.follow(timeline);
    this.#timeline = next;
    this.#lag = this.#openLag();
    for (const channel of timeline.channels) this.#lag.channel(channel);
  }

  async #hearSilence(ms: number): Promise<void> {
    if (
      this.#state.state === 'silent' ||
      BigInt(Math.floor(ms)) * 1_000_000n < this.#settings.silentNs
    ) {
      return;
    }
    const text = `source ${this.source.name} is connected and says nothing for ${Math.round(ms / 1000)} s`;
    this.#become('silent', text);
    await this.#say({ name: 'source_silent', severity: 'warning', text });
  }

  /** A recorder that closes its file and opens no other says nothing, either. */
  async #hearPause(): Promise<void> {
    if (this.#closedMs === undefined) return;
    const ms = Math.floor(this.#deps.clock.monotonicMs() - this.#closedMs);
    if (BigInt(ms) * 1_000_000n < this.#settings.silentNs) return;
    this.#closedMs = undefined;
    const text = `the recorder of source ${this.source.name} closed its recording ${Math.round(ms / 1000)} s ago and began no other`;
    await this.#say({ name: 'source_silent', severity: 'warning', text });
  }

  /** A finished recording that breaks is told of, whatever stood before the damage was used. */
  async #closed(fault: Fault | undefined, session: Session | undefined): Promise<void> {
    if (fault === undefined) {
      if (session?.live !== true) return;
      // A recorder that ended its file is no loss.
      if (session.resumes === true) {
        this.#closedMs = this.#deps.clock.monotonicMs();
        return;
      }
      const text = `source ${this.source.name} lost its connection to ${session.recording}`;
      await this.#say({ name: 'source_lost', severity: 'warning', text });
      return;
    }
    this.#become('broken', faultLine(fault));
    this.#deps.log.warn('a recording could not be read to its end', { error: fault });
    await this.#say({
      name: 'recording_broken',
      severity: 'warning',
      text: faultLine(fault),
      sessionId: session?.id,
    });
  }

  async #say(notice: Notice): Promise<void> {
    this.#deps.log.warn(notice.name, { text: notice.text });
    await this.#deps.outlet.notice(notice);
  }
}

/** As manifests of clips give it: negative when log times are ahead of the clock. */
const clockOffsetMs = (nowMs: number, { lastNs }: MessageBlock): number =>
  Math.round(nowMs - Number(lastNs) / 1e6);

/** Those of an earlier process belong to its open clips. */
const isMessages = (item: SourceItem): boolean =>
  item.kind === 'quiet' || (item.kind === 'block' && item.isWarm !== true);

const talliesOf = ({ ruleSet, shadow }: LaneSettings): Pick<Tally, 'rules' | 'shadow'> => ({
  rules: newTally(ruleSet.digest),
  shadow: shadow && newTally(shadow.digest),
});
