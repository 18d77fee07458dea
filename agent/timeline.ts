/**
 * One timeline's way through the stations: window, scorer, rules, clips. A block is handled in one
 * go; whatever takes longer (a clip, main's credit) is waited for between blocks.
 */
import { asFault, faultLine } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import {
  type Engine,
  type EngineCounters,
  openEngine,
  topicFits,
  type Verdict,
} from '@fieldloop/rules';
import { clipIdOf } from './clip/manifest.ts';
import {
  type Draft,
  neededFrom,
  nothingPlanned,
  planClips,
  type PlanInput,
  type PlanOutput,
  type PlanState,
  type Trigger,
} from './clip/plan.ts';
import { askedTrigger, type ClipAsk } from './clip/ask.ts';
import { triggerOf } from './clip/trigger.ts';
import { type FinishedClip, writeClip } from './clip/write.ts';
import { latenessNs, ledgerEveryMs } from './limits.ts';
import type { ClipAnswer } from './messages.ts';
import { openShadow, type Shadow } from './rule/shadow.ts';
import { addCounts, type RuleTally } from './rule/tally.ts';
import { openHeldScores } from './score/held.ts';
import type { ScoreRecord } from './score/scoring.ts';
import { openTap, type Tap } from './score/tap.ts';
import type { Session } from './source/source.ts';
import { stableUuid } from './stable-id.ts';
import { bytesWithin } from './window/bytes.ts';
import { openWindow, type Window } from './window/window.ts';
import { noteLatency, type Tally, type TimelineDeps } from './timeline-types.ts';
import { type TimelineSettings, TopicCounts } from './timeline-types.ts';

export class Timeline {
  readonly session: Session;
  #settings: TimelineSettings;
  readonly #deps: TimelineDeps;
  readonly #tally: Tally;
  readonly #window: Window;
  #tap: Tap;
  #engine: Engine;
  #shadow: Shadow | undefined;
  #rules: RuleTally;
  #counted: EngineCounters;
  readonly #counts = new TopicCounts();
  #plan: PlanState = nothingPlanned;
  #outputs: PlanOutput[] = [];
  #fires: Trigger[] = [];
  readonly #scores = openHeldScores();
  readonly #asked = new Map<Trigger['marker'], string>();
  #ledgerMs: number;
  #epoch = 0;
  /** Smallest distance of monotonic from log time so far, ms. */
  #leastLagMs = Number.POSITIVE_INFINITY;

  constructor(session: Session, settings: TimelineSettings, deps: TimelineDeps & { tally: Tally }) {
    this.session = session;
    this.#settings = settings;
    this.#deps = deps;
    this.#tally = deps.tally;
    this.#window = openWindow(settings.window);
    this.#tap = openTap(settings.scorers);
    this.#engine = this.#openEngine();
    this.#counted = this.#engine.counters();
    this.#rules = deps.tally.rules;
    this.#shadow = this.#openShadow();
    this.#ledgerMs = deps.clock.monotonicMs();
  }

  get openClips(): number {
    return this.#plan.open.length;
  }

  /** Largest log time seen. */
  get newestNs(): bigint | undefined {
    return this.#window.newestNs;
  }

  get channels(): Iterable<Channel> {
    return this.#window.channels.values();
  }

  channel(given: Channel): void {
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
    this.#fire(this.#engine.flush());
    this.#shadow?.end();
    await this.#settle();
    await this.#tellSuppressed();
    this.#settings = settings;
    this.#tap = openTap(settings.scorers);
    this.#engine = this.#openEngine();
    this.#counted = this.#engine.counters();
    this.#rules = this.#tally.rules;
    this.#shadow = this.#openShadow();
    this.#epoch = 0;
    for (const channel of this.channels) this.channel(channel);
  }

  /** A clip around the newest message, for an operator. False while there is none. */
  clipNow(ask: ClipAsk): boolean {
    if (this.newestNs === undefined) return false;
    const { ruleSet, clipNs } = this.#settings;
    const trigger = askedTrigger(ask, { atNs: this.newestNs, ruleSet, clipNs });
    this.#asked.set(trigger.marker, ask.id);
    this.#step({ kind: 'trigger', trigger });
    this.#fires.push(trigger);
    return true;
  }

  async block(block: MessageBlock): Promise<void> {
    if (block.count === 0) return;
    this.#tally.messages += block.count;
    this.#tally.bytes += (block.ends[block.count - 1] ?? 0) - (block.starts[0] ?? 0);
    this.#counts.block(block);
    this.#window.addBlock(block);
    await this.#relieve();
    await this.#score(block);
    this.#fire(this.#engine.block(0, block));
    this.#shadow?.block(block);
    this.#window.forget(neededFrom(this.#plan));
    if (this.session.live) this.#tally.lagMs = this.#lag(block.lastNs);
    await this.#passTo((this.newestNs ?? 0n) - latenessNs);
  }

  /** Nothing came for `ms`: time goes on all the same. */
  async quiet(ms: number): Promise<void> {
    if (this.newestNs === undefined) return;
    const watermarkNs = this.newestNs + BigInt(Math.round(ms * 1e6)) - latenessNs;
    this.#fire(this.#engine.advance(watermarkNs));
    await this.#passTo(watermarkNs);
  }

  /** No more messages; `isCutShort` when the rest of the timeline is not read now. */
  async end(isCutShort: boolean): Promise<void> {
    this.#fire(this.#engine.flush());
    this.#shadow?.end();
    this.#step({ kind: 'end' });
    // A recording that is read again from its start gives the whole clip under its own id.
    await this.#settle(isCutShort && !this.session.live ? 'stopped' : '');
    await this.#tellSuppressed();
    this.#deps.scoring.forget(this.channels);
  }

  async #passTo(watermarkNs: bigint): Promise<void> {
    // By log time alone, not by the clock below: live and replay close the same clips.
    await this.#closeEpoch();
    this.#step({ kind: 'time', watermarkNs });
    this.#shadow?.advance(watermarkNs);
    await this.#settle();
    const now = this.#deps.clock.monotonicMs();
    if (now - this.#ledgerMs < ledgerEveryMs) return;
    this.#ledgerMs = now;
    await this.#tellSuppressed();
  }

  /** The engine forgot everything because log time stepped back: open clips end there, too. */
  async #closeEpoch(): Promise<void> {
    const { epoch } = this.#engine.counters();
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#step({ kind: 'end' });
    await this.#settle();
    await this.#deps.outlet.notice({
      name: 'clock_jump',
      severity: 'warning',
      text: 'log time stepped back; rules begin anew and open clips were closed',
      sessionId: this.session.id,
    });
  }

  /** Keeps the window within its bytes; clips that would lose too much are cut first. */
  async #relieve(): Promise<void> {
    while (this.#window.isFull) {
      const { oldestThroughNs: throughNs, newestNs = 0n } = this.#window;
      this.#step({ kind: 'pressure', throughNs, newestNs });
      await this.#settle();
      this.#window.dropOldest();
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

  #scored(record: ScoreRecord): void {
    this.#scores.add(record, this.#window.heldFromNs ?? 0n);
    noteLatency(this.#tally, record);
    // The engine keeps records in its checkpoint: what no rule reads stays out of it.
    const { topic: _, probabilities: __, embedding: ___, ...read } = record;
    this.#fire(this.#engine.score(read));
    this.#shadow?.score(read);
  }

  #fire(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const rule = this.#settings.ruleSet.rules.find(({ id }) => id === verdict.ruleId);
      const { clipNs } = this.#settings;
      const trigger = triggerOf(verdict, { why: rule?.why, clipNs });
      const { ruleId } = verdict;
      this.#tally.fired[ruleId] = (this.#tally.fired[ruleId] ?? 0) + 1;
      this.#rules.fired[ruleId] = (this.#rules.fired[ruleId] ?? 0) + 1;
      this.#step({ kind: 'trigger', trigger });
      this.#fires.push(trigger);
    }
  }

  #step(input: PlanInput): void {
    const [plan, outputs] = planClips(this.#plan, input);
    this.#plan = plan;
    this.#outputs.push(...outputs);
  }

  /** Tells of what fired, and cuts what is due. */
  async #settle(ending = ''): Promise<void> {
    const drafts = [...this.#plan.open, ...this.#outputs.flatMap(draftOf)];
    for (const trigger of this.#fires.splice(0)) await this.#tell(trigger, drafts, ending);
    for (const output of this.#outputs.splice(0)) {
      if (output.kind === 'cut') await this.#cut(output.draft, ending);
      else if (output.kind === 'overload') await this.#markAlone(output.trigger);
      if (output.kind === 'cut') continue;
      if (output.kind === 'overload') await this.#answer([output.trigger.marker], { why: busy });
      this.#noteSuppressed(`${output.trigger.marker.rule} ${output.kind}`);
      await this.#deps.outlet.suppressed(output.trigger.marker.rule, output.kind, 1);
    }
  }

  async #tell(trigger: Trigger, drafts: readonly Draft[], ending: string): Promise<void> {
    const { marker } = trigger;
    const first = drafts.find(({ markers }) => markers.includes(marker))?.markers[0];
    const { id: sessionId } = this.session;
    await this.#deps.outlet.notice({
      id: this.#idOf(trigger.marker),
      name: marker.rule,
      severity: trigger.severity,
      text: marker.why ?? marker.expression,
      atNs: trigger.atNs,
      sessionId,
      clipId: first && clipIdOf(sessionId, first, ending),
      rule: `${marker.rule}@${marker.version}`,
      ruleSetDigest: marker.ruleSetDigest,
      values: marker.values,
      tags: trigger.tags,
    });
  }

  #idOf(marker: Trigger['marker']): string {
    const { rule, ruleSetDigest, atNs } = marker;
    const unixMs = Number(BigInt(atNs) / 1_000_000n);
    return stableUuid(unixMs, ['event', this.session.id, ruleSetDigest, rule, atNs]);
  }

  async #cut(draft: Draft, ending: string): Promise<void> {
    const held = { session: this.session, window: this.#window, scores: this.#scores.records };
    try {
      const clip = await this.#write(() => writeClip(draft, held, { ...this.#settings, ending }));
      if (clip === undefined) {
        await this.#answer(draft.markers, { why: nothingHeld });
        return;
      }
      this.#tally.clipsCut += 1;
      if (draft.markers[0]?.ruleSetDigest === this.#rules.digest) {
        this.#rules.clips += 1;
        this.#rules.bytes += clip.sizeBytes;
      }
      await this.#deps.outlet.clip(clip);
      await this.#answer(draft.markers, { clipId: clip.clipId, sizeBytes: clip.sizeBytes });
    } catch (error) {
      const fault = asFault(error);
      this.#deps.log.error('a clip could not be cut; its moments are kept as markers', {
        error: fault,
        startNs: String(draft.startNs),
        endNs: String(draft.endNs),
      });
      const name = 'clip_failed';
      const text = faultLine(fault);
      await this.#deps.outlet.notice({ name, severity: 'warning', text, atNs: draft.firstAtNs });
      for (const marker of draft.markers) await this.#markAlone({ marker });
      await this.#answer(draft.markers, { why: text });
    }
  }

  /** A full disk is given one chance to make room by letting go of what is worth less. */
  async #write(write: () => Promise<FinishedClip | undefined>): Promise<FinishedClip | undefined> {
    try {
      return await write();
    } catch (error) {
      const { code } = asFault(error);
      if (code !== 'unavailable' && code !== 'limited') throw error;
      if (!(await this.#deps.outlet.makeRoom(this.#window.bytes))) throw error;
      return write();
    }
  }

  async #markAlone({ marker }: Pick<Trigger, 'marker'>): Promise<void> {
    await this.#deps.outlet.marker({
      id: stableUuid(0, ['marker', this.#idOf(marker)]),
      sessionId: this.session.id,
      atNs: BigInt(marker.atNs),
      rule: marker.rule,
      values: marker.values,
    });
  }

  /** Who asked for the clip hears of it after the clip itself. */
  async #answer(markers: Draft['markers'], answer: Omit<ClipAnswer, 'id'>): Promise<void> {
    for (const marker of markers) {
      const id = this.#asked.get(marker);
      if (id === undefined) continue;
      this.#asked.delete(marker);
      await this.#deps.outlet.answer({ id, ...answer });
    }
  }

  #noteSuppressed(key: string): void {
    this.#tally.suppressed += 1;
    this.#rules.suppressed[key] = (this.#rules.suppressed[key] ?? 0) + 1;
  }

  /** What the engine kept back since the last time, by rule and reason, and its other counts. */
  async #tellSuppressed(): Promise<void> {
    this.#counts.addTo(this.#tally.topics, this.channels);
    const before = { ...this.#rules.suppressed };
    const counters = this.#engine.counters();
    addCounts(this.#rules, this.#counted, counters);
    this.#counted = counters;
    for (const [key, count] of Object.entries(this.#rules.suppressed)) {
      const more = count - (before[key] ?? 0);
      if (more <= 0) continue;
      this.#tally.suppressed += more;
      const [rule = '', reason = ''] = key.split(' ');
      await this.#deps.outlet.suppressed(rule, reason, more);
    }
  }

  #openEngine(): Engine {
    const { ruleSet, origin } = this.#settings;
    return openEngine(ruleSet, { device: origin.device, seed: origin.device, latenessNs });
  }

  #openShadow(): Shadow | undefined {
    const { shadow: ruleSet, clipNs, origin } = this.#settings;
    const { shadow: tally } = this.#tally;
    if (ruleSet === undefined || tally === undefined) return undefined;
    const bytesOf = (draft: Parameters<typeof bytesWithin>[1]): number =>
      bytesWithin(this.#window, draft);
    return openShadow({ ruleSet, device: origin.device, clipNs, tally, bytesOf });
  }

  /** How much later than its own pace the recording is being read, ms. */
  #lag(lastNs: bigint): number {
    const distance = this.#deps.clock.monotonicMs() - Number(lastNs / 1_000n) / 1e3;
    this.#leastLagMs = Math.min(this.#leastLagMs, distance);
    return Math.max(0, Math.round(distance - this.#leastLagMs));
  }
}

const busy = 'too many clips of this source are open';
const nothingHeld = 'the window holds nothing of that time';

function draftOf(output: PlanOutput): readonly Draft[] {
  return output.kind === 'cut' ? [output.draft] : [];
}
