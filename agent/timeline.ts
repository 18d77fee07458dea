/**
 * One timeline's way through the stations: window, scorer, rules, clips. A block is handled in one
 * go; whatever takes longer (a clip, main's credit) is waited for between blocks.
 */
import { isDeepStrictEqual } from 'node:util';
import { asFault, type Json } from '@fieldloop/core';
import type { Channel, LatchedMessage, MessageBlock } from '@fieldloop/recording';
import { type Engine, type EngineCounters, openEngine, topicFits } from '@fieldloop/rules';
import type { ClipAsk } from './clip/ask.ts';
import { ledgerEveryMs, latenessNs as usualLatenessNs } from './limits.ts';
import { openShadow, type Shadow } from './rule/shadow.ts';
import { addCounts, type RuleTally } from './rule/tally.ts';
import { openHeldScores } from './score/held.ts';
import type { ScoreRecord } from './score/scoring.ts';
import { openTap, type Tap } from './score/tap.ts';
import { liveBlocks } from './source/live-block.ts';
import { sliceOf } from './source/pace.ts';
import type { Session } from './source/source.ts';
import { bytesWithin } from './window/bytes.ts';
import { type BlockOrigin, type FirstMessage, firstOf } from './window/entry.ts';
import { type LatchedSaid, openWindow, type Window } from './window/window.ts';
import { Clipping } from './timeline-clips.ts';
import { stateJson, stateOf, type TimelineState, windowState } from './timeline-state.ts';
import { noteLatency, type Tally, type TimelineDeps } from './timeline-types.ts';
import { type TimelineSettings, TopicCounts } from './timeline-types.ts';

export class Timeline {
  readonly session: Session;
  #settings: TimelineSettings;
  readonly #deps: TimelineDeps;
  readonly #tally: Tally;
  readonly #window: Window;
  /** As they are declared: other rules may hold others for latched. */
  readonly #given = new Map<number, Channel>();
  #tap: Tap;
  #engine: Engine;
  #shadow: Shadow | undefined;
  /** It is held against rules that know what latched topics said. */
  #isShadowNew = false;
  #rules: RuleTally;
  #counted: EngineCounters;
  readonly #counts = new TopicCounts();
  readonly #clips: Clipping;
  readonly #scores = openHeldScores();
  #ledgerMs: number;
  /** Where the first block after a restart begins, unless it is gone. */
  #expected: FirstMessage | undefined;
  #isOver = false;
  #newestNs: bigint | undefined;

  constructor(session: Session, settings: TimelineSettings, deps: TimelineDeps & { tally: Tally }) {
    this.session = session;
    this.#settings = settings;
    this.#deps = deps;
    this.#tally = deps.tally;
    // A verdict comes so much after its moment, and its past has to be there by then.
    const ns = settings.window.ns + this.#latenessNs;
    this.#window = openWindow({ ...settings.window, ns }, deps);
    const held = { session, window: this.#window, scores: this.#scores };
    this.#clips = new Clipping(held, settings, deps);
    this.#tap = openTap(settings.scorers);
    this.#engine = this.#openEngine();
    this.#counted = this.#engine.counters();
    this.#rules = deps.tally.rules;
    this.#shadow = this.#openShadow();
    this.#ledgerMs = deps.clock.monotonicMs();
  }

  get openClips(): number {
    return this.#clips.openClips;
  }

  /** Largest log time seen. */
  get newestNs(): bigint | undefined {
    return this.#newestNs;
  }

  get channels(): Iterable<Channel> {
    return this.#window.channels.values();
  }

  /** The channels as the source declared them. */
  get given(): Iterable<Channel> {
    return this.#given.values();
  }

  channel(given: Channel): void {
    this.#given.set(given.id, given);
    const fits = (pattern: string): boolean => topicFits(pattern, given.topic);
    const latched = given.latched || this.#settings.latched.some(fits);
    const channel = { ...given, latched };
    this.#window.addChannel(channel);
    this.#tap.channel(channel);
    this.#engine.channel(0, channel);
    this.#shadow?.channel(channel);
    this.#counts.channel(channel);
  }

  /** Other rules from here on; the window and the clips that are open stay. */
  async use(settings: TimelineSettings): Promise<void> {
    // A shadow that comes or goes is nothing to the rules beside it.
    const goesOn = isDeepStrictEqual(rulesIn(this.#settings), rulesIn(settings));
    if (!goesOn) this.#clips.fire(this.#engine.flush());
    this.#shadow?.end();
    await this.#clips.settle();
    await this.#tellSuppressed();
    this.#settings = settings;
    this.#clips.use(settings);
    // Each is declared anew below.
    this.#deps.scoring.forget(this.channels);
    this.#tap = openTap(settings.scorers, this.#tap);
    if (!goesOn) this.#engine = this.#openEngine();
    this.#counted = this.#engine.counters();
    this.#rules = this.#tally.rules;
    this.#shadow = this.#openShadow();
    for (const given of this.#given.values()) this.channel(given);
    this.#hear((await this.#window.said()).messages);
    this.#isShadowNew = goesOn;
  }

  /** A clip around the newest message, for an operator. False while there is none. */
  clipNow(ask: ClipAsk): boolean {
    const { newestNs } = this;
    if (newestNs === undefined) return false;
    const { id, rule } = ask;
    if (rule === undefined) this.#clips.ask(ask, newestNs);
    else this.#clips.askRule({ id, rule, atNs: newestNs }, this.#engine.ask(rule, newestNs));
    return true;
  }

  /** What was dealt with before a restart: in the window for clips to come, and nothing else. */
  async context({ block: whole, file, at }: BlockOrigin & { block: MessageBlock }): Promise<void> {
    const from = this.#expected === undefined ? 0 : placeOf(this.#expected, whole);
    const block = from > 0 ? sliceOf(whole, from, whole.count) : whole;
    this.#seeFirst(block);
    this.#see(block);
    this.#tap.pass(block);
    this.#window.addBlock(block, { file: block === whole ? file : undefined, at });
    await this.#relieve();
    await this.#window.forget(this.#clips.neededFromNs);
  }

  /** Goes on from what an earlier process saved, after the channels were declared again. */
  restore(json: Json): void {
    const state = stateOf(json);
    if (state === undefined) return;
    this.#clips.resume(state.plan);
    for (const record of state.scores) this.#scores.add(record, 0n);
    const { heldFromNs, isWhole, latched, first } = state;
    if (heldFromNs !== undefined) this.#window.resume({ heldFromNs, isWhole, latched });
    this.#hear(latched);
    this.#expected = first;
    try {
      this.#engine.restore(state.engine);
      this.#isShadowNew = true;
    } catch (error) {
      // Other rules run now: they begin here, and the clips that are open are cut all the same.
      if (asFault(error).code !== 'conflict') throw error;
      this.#deps.log.info('rules begin anew after the restart', { error: asFault(error) });
      this.#engine = this.#openEngine();
      for (const channel of this.channels) this.#engine.channel(0, channel);
    }
    this.#counted = this.#engine.counters();
  }

  /** The clock was set: rules begin anew, but for what they count by the calendar. */
  follow(ended: Timeline): void {
    // Other rules that came meanwhile begin with nothing.
    if (!isDeepStrictEqual(rulesIn(ended.#settings), rulesIn(this.#settings))) return;
    this.#engine = ended.#engine;
    this.#engine.endEpoch();
    this.#counted = this.#engine.counters();
  }

  /** What latched channels said last. */
  latched(): Promise<LatchedSaid> {
    return this.#window.said();
  }

  /** The clock was set: what they said before it still holds. */
  inherit({ messages, lost }: LatchedSaid, logTimeNs: bigint): void {
    const said = messages.map((one) => ({ ...one, logTimeNs }));
    this.#window.inherit({ messages: said, lost });
    this.#hear(said);
  }

  async #tellShadow({ firstNs }: MessageBlock): Promise<void> {
    if (!this.#isShadowNew) return;
    this.#isShadowNew = false;
    if (this.#shadow === undefined) return;
    const logTimeNs = this.#newestNs ?? firstNs;
    const { messages } = await this.#window.said();
    for (const block of liveBlocks(messages.map((one) => ({ ...one, logTimeNs })))) {
      this.#shadow.block(block);
    }
  }

  #hear(said: Iterable<LatchedMessage>): void {
    for (const { channelId, data: bytes, logTimeNs: atNs } of said) {
      const channel = this.#window.channels.get(channelId);
      if (channel !== undefined) this.#tap.hear(channel, { bytes, atNs });
    }
  }

  /** The state at a mark, and the oldest block that the window holds, by its `at`. */
  async save(
    lane: Pick<TimelineState, 'laneEpoch' | 'newest'>,
  ): Promise<{ readonly state: Json; readonly from: number | undefined }> {
    await this.#clips.settle();
    await this.#tellSuppressed();
    const state = stateJson({
      engine: this.#engine.checkpoint(),
      engineEpoch: this.#engine.counters().epoch,
      ...lane,
      plan: this.#clips.plan,
      scores: this.#scores.records,
      ...windowState(this.#window),
    });
    return { state, from: this.#window.oldest?.at };
  }

  /** Another process goes on from the last mark: what is open stays open. */
  async leave(): Promise<void> {
    await this.#tellSuppressed();
    this.#window.clear();
    this.#deps.scoring.forget(this.channels);
  }

  async block(block: MessageBlock, origin: BlockOrigin = {}): Promise<void> {
    if (block.count === 0) return;
    this.#seeFirst(block);
    this.#tally.messages += block.count;
    this.#tally.bytes += (block.ends[block.count - 1] ?? 0) - (block.starts[0] ?? 0);
    this.#counts.block(block);
    await this.#tellShadow(block);
    this.#window.addBlock(block, origin);
    await this.#relieve();
    await this.#score(block);
    this.#clips.fire(this.#engine.block(0, block));
    this.#see(block);
    this.#shadow?.block(block);
    await this.#window.forget(this.#clips.neededFromNs);
    const { newestNs = 0n, heldFromNs = newestNs } = this.#window;
    this.#tally.windowS = Number(newestNs - heldFromNs) / 1e9;
    await this.#passTo((this.newestNs ?? 0n) - this.#latenessNs);
  }

  /** Nothing came for `ms`: time goes on all the same. */
  async quiet(ms: number): Promise<void> {
    if (this.newestNs === undefined) return;
    const watermarkNs = this.newestNs + BigInt(Math.round(ms * 1e6)) - this.#latenessNs;
    this.#clips.fire(this.#engine.advance(watermarkNs));
    await this.#passTo(watermarkNs);
  }

  /** No more messages; `isCutShort` when the rest of the timeline is not read now. */
  async end(isCutShort: boolean): Promise<void> {
    this.#isOver = true;
    this.#clips.fire(this.#engine.flush());
    this.#shadow?.end();
    this.#clips.step({ kind: 'end' });
    // A recording that is read again from its start gives the whole clip under its own id.
    await this.#clips.settle(isCutShort && !this.session.live ? 'stopped' : '');
    await this.#tellSuppressed();
    this.#window.clear();
    this.#deps.scoring.forget(this.channels);
  }

  #see({ lastNs }: MessageBlock): void {
    if (this.#newestNs === undefined || lastNs > this.#newestNs) this.#newestNs = lastNs;
  }

  /** Files that held the start of the window may be gone since: then it begins later. */
  #seeFirst(block: MessageBlock): void {
    const expected = this.#expected;
    this.#expected = undefined;
    if (expected === undefined || expected.atNs === firstOf(block).atNs) return;
    this.#window.resume({ heldFromNs: block.firstNs, latched: [] });
  }

  async #passTo(watermarkNs: bigint): Promise<void> {
    // By log time alone, not by the clock below: live and replay close the same clips.
    this.#clips.step({ kind: 'time', watermarkNs });
    this.#clips.passed(watermarkNs);
    this.#shadow?.advance(watermarkNs);
    await this.#clips.settle();
    const now = this.#deps.clock.monotonicMs();
    if (now - this.#ledgerMs < ledgerEveryMs) return;
    this.#ledgerMs = now;
    await this.#tellSuppressed();
  }

  /** Keeps the window within its bytes; clips that would lose too much are cut first. */
  async #relieve(): Promise<void> {
    while (this.#window.isFull) {
      if (await this.#window.moveOldest(!this.session.live)) continue;
      const { oldestThroughNs: throughNs, newestNs = 0n } = this.#window;
      this.#clips.step({ kind: 'pressure', throughNs, newestNs });
      await this.#clips.settle();
      await this.#window.dropOldest();
    }
  }

  async #score(block: MessageBlock): Promise<void> {
    for (const frame of this.#tap.take(block)) {
      if (this.session.live) {
        this.#deps.scoring.offer(frame, (record) => this.#scored(record));
      } else {
        const record = await this.#deps.scoring.ask(frame);
        if (record !== undefined) this.#scored(record);
      }
    }
  }

  /** One that was in work when the timeline ended is of a time that is over. */
  #scored(record: ScoreRecord): void {
    if (this.#isOver) return;
    this.#scores.add(record, this.#window.heldFromNs ?? 0n);
    noteLatency(this.#tally, record);
    // The engine keeps records in its checkpoint: what no rule reads stays out of it.
    const { topic: _, moreTopics: __, probabilities: ___, embedding, ...rest } = record;
    const read = this.#settings.comparesEmbeddings === true ? { ...rest, embedding } : rest;
    this.#clips.fire(this.#engine.score(read));
    this.#shadow?.score(read);
  }

  /** What the engine kept back since the last time, by rule and reason, and its other counts. */
  async #tellSuppressed(): Promise<void> {
    this.#counts.addTo(this.#tally.topics, this.channels);
    const before = { ...this.#rules.suppressed };
    const counters = this.#engine.counters();
    addCounts(this.#rules, this.#counted, counters);
    this.#counted = counters;
    for (const [key, count] of Object.entries(this.#rules.suppressed)) {
      this.#tally.suppressed += Math.max(0, count - (before[key] ?? 0));
    }
    for (const { rule, reason, hourNs: atNs, count } of this.#engine.takeSuppressions()) {
      await this.#deps.outlet.suppressed(rule, reason, { atNs, count });
    }
  }

  get #latenessNs(): bigint {
    return this.#settings.latenessNs ?? usualLatenessNs;
  }

  #openEngine(): Engine {
    const { ruleSet, origin, clipNs, properties } = this.#settings;
    const { device } = origin;
    const latenessNs = this.#latenessNs;
    return openEngine(ruleSet, { device, latenessNs, clipNs, properties });
  }

  #openShadow(): Shadow | undefined {
    const { shadow: ruleSet, clipNs, origin, properties } = this.#settings;
    const { shadow: tally } = this.#tally;
    if (ruleSet === undefined || tally === undefined) return undefined;
    const bytesOf = (draft: Parameters<typeof bytesWithin>[1]): number =>
      bytesWithin(this.#window, draft);
    const { device } = origin;
    const latenessNs = this.#latenessNs;
    return openShadow({ ruleSet, device, properties, clipNs, latenessNs, tally, bytesOf });
  }
}

/** What an engine is opened with. */
const rulesIn = ({ ruleSet, clipNs, properties, latenessNs }: TimelineSettings) => ({
  digest: ruleSet.digest,
  clipNs,
  properties,
  latenessNs,
});

/** Read in other pieces, as files without chunks are, a message begins elsewhere in its block. */
function placeOf({ start, atNs }: FirstMessage, { starts, timesNs, baseNs }: MessageBlock): number {
  const time = Number(atNs - baseNs);
  const i = starts.indexOf(start);
  return timesNs[i] === time ? i : timesNs.indexOf(time);
}
