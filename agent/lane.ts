/** One source: its timelines one after another, its state, and what goes wrong with it. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Fault, faultLine } from '@fieldloop/core';
import type { MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import type { ClipAsk } from './clip/ask.ts';
import type { SourceState } from './health/status.ts';
import type { Notice } from './messages.ts';
import { newTally } from './rule/tally.ts';
import type { Session, Source, SourceItem } from './source/source.ts';
import { stableUuid } from './stable-id.ts';
import { Timeline } from './timeline.ts';
import type { Tally, TimelineDeps, TimelineSettings } from './timeline-types.ts';

export interface LaneSettings extends TimelineSettings {
  /** A live source that says nothing for so long is told of. */
  readonly silentNs: bigint;
}

export class Lane {
  readonly source: Source;
  readonly tally: Tally;
  #settings: LaneSettings;
  #isStale = false;
  readonly #deps: TimelineDeps;
  #timeline: Timeline | undefined;
  #state: SourceState;
  #broken = 0;
  #epoch = 0;
  #workSinceMs: number | undefined;

  constructor(source: Source, settings: LaneSettings, deps: TimelineDeps) {
    this.source = source;
    this.#settings = settings;
    this.#deps = deps;
    this.#state = { name: source.name, state: 'starting' };
    this.tally = {
      messages: 0,
      bytes: 0,
      lagMs: 0,
      clipsCut: 0,
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

  /** Monotonic time since when one item is being dealt with. */
  get workSinceMs(): number | undefined {
    return this.#workSinceMs;
  }

  get broken(): number {
    return this.#broken;
  }

  get openClips(): number {
    return this.#timeline?.openClips ?? 0;
  }

  /** Other rules: for timelines to come at once, for the current one before its next block. */
  use(settings: LaneSettings): void {
    this.#settings = settings;
    Object.assign(this.tally, talliesOf(settings));
    this.#isStale = true;
  }

  /** False when nothing is being read. */
  clipNow(ask: ClipAsk): boolean {
    return this.#timeline?.clipNow(ask) ?? false;
  }

  /** Reads until the source ends or `signal` aborts; open clips are cut either way. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, shed } = this.#deps;
    for await (const item of this.source.items(signal)) {
      const isPaused = shed?.order.isPaused === true;
      // What is live goes on without us; a recording waits.
      if (isPaused && this.#timeline?.session.live === true && isMessages(item)) continue;
      if (isPaused && this.#timeline?.session.live !== true) await shed?.resumed(signal);
      const beganMs = clock.monotonicMs();
      this.#workSinceMs = beganMs;
      await this.#take(item);
      this.#workSinceMs = undefined;
      await breathe();
      if (this.#timeline?.session.live !== false || item.kind !== 'block') continue;
      await shed?.rest(clock.monotonicMs() - beganMs, signal);
    }
    await this.#timeline?.end(true);
    this.#timeline = undefined;
    if (!this.source.finite || signal.aborted) return;
    if (this.#state.state !== 'broken') this.#become('finished');
  }

  async #take(item: SourceItem): Promise<void> {
    if (this.#isStale) {
      this.#isStale = false;
      await this.#timeline?.use(this.#settings);
    }
    const timeline = this.#timeline;
    switch (item.kind) {
      case 'begin':
        this.#timeline = new Timeline(item.session, this.#settings, this.#dependencies());
        this.#epoch = 0;
        this.#become('reading');
        return;
      case 'channel':
        timeline?.channel(item.channel);
        return;
      case 'block':
        if (this.#state.state === 'silent') this.#become('reading');
        await (await this.#sameEpoch(item.block))?.block(item.block);
        return;
      case 'quiet':
        await timeline?.quiet(item.ms);
        await this.#hearSilence(item.ms);
        return;
      case 'end':
        await timeline?.end(false);
        this.#timeline = undefined;
        await this.#closed(item.fault, timeline?.session);
        return;
      case 'waiting':
        this.#become('waiting', item.reason);
    }
  }

  #dependencies(): TimelineDeps & { tally: Tally } {
    return { ...this.#deps, tally: this.tally };
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

  /** A clock that jumped back begins a new timeline, on the same channels. */
  async #sameEpoch(block: MessageBlock): Promise<Timeline | undefined> {
    const timeline = this.#timeline;
    const newestNs = timeline?.newestNs;
    if (timeline === undefined || newestNs === undefined) return timeline;
    if (block.lastNs >= newestNs - clockJumpNs) return timeline;
    await timeline.end(false);
    const { session } = timeline;
    await this.#say({
      name: 'clock_jump',
      severity: 'warning',
      text: `log time jumped back by ${Number(newestNs - block.firstNs) / 1e9} s; a new session begins`,
      atNs: block.firstNs,
      sessionId: session.id,
    });
    this.#epoch += 1;
    const id = stableUuid(0, ['epoch', session.id, String(this.#epoch)]);
    const next = new Timeline({ ...session, id }, this.#settings, this.#dependencies());
    for (const channel of timeline.channels) next.channel(channel);
    this.#timeline = next;
    return next;
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

  /** A finished recording that breaks is told of, whatever stood before the damage was used. */
  async #closed(fault: Fault | undefined, session: Session | undefined): Promise<void> {
    if (fault === undefined) {
      if (session?.live !== true) return;
      const text = `source ${this.source.name} lost its connection to ${session.recording}`;
      await this.#say({ name: 'source_lost', severity: 'warning', text });
      return;
    }
    this.#broken += 1;
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

const isMessages = ({ kind }: SourceItem): boolean => kind === 'block' || kind === 'quiet';

const talliesOf = ({ ruleSet, shadow }: LaneSettings): Pick<Tally, 'rules' | 'shadow'> => ({
  rules: newTally(ruleSet.digest),
  shadow: shadow && newTally(shadow.digest),
});
