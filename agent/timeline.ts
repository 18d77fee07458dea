/**
 * One timeline's way through the stations: window, scorer, rules, clips. A block is handled in one
 * go; whatever takes longer (a clip, main's credit) is waited for between blocks.
 */
import { asFault, type Clock, faultLine, type Log } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { type Engine, openEngine, type RuleSet, topicFits, type Verdict } from '@fieldloop/rules';
import { clipIdOf, type ClipOrigin } from './clip/manifest.ts';
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
import { triggerOf } from './clip/trigger.ts';
import { type FinishedClip, writeClip } from './clip/write.ts';
import { latenessNs, ledgerEveryMs, maxHeldScores } from './limits.ts';
import type { Outlet } from './outlet.ts';
import type { Scoring, ScoreRecord } from './score/scoring.ts';
import { openTap, type ScorerPlan, type Tap } from './score/tap.ts';
import type { Session } from './source/source.ts';
import { stableUuid } from './stable-id.ts';
import { openWindow, type Window, type WindowOptions } from './window/window.ts';

export interface TimelineSettings {
  readonly origin: ClipOrigin;
  readonly ruleSet: RuleSet;
  readonly scorers: readonly ScorerPlan[];
  /** Patterns of topics whose last message goes into each clip. */
  readonly latched: readonly string[];
  readonly window: WindowOptions;
  readonly clipNs: bigint;
  readonly partPath: (clipId: string) => string;
}

export interface TimelineDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly scoring: Scoring;
  readonly outlet: Outlet;
}

/** What is counted across the timelines of a source. */
export interface Tally {
  messages: number;
  bytes: number;
  lagMs: number;
  clipsCut: number;
  /** Times each rule fired. */
  fired: Record<string, number>;
  suppressed: number;
}

export class Timeline {
  readonly session: Session;
  readonly #settings: TimelineSettings;
  readonly #deps: TimelineDeps;
  readonly #tally: Tally;
  readonly #window: Window;
  readonly #tap: Tap;
  readonly #engine: Engine;
  #plan: PlanState = nothingPlanned;
  #outputs: PlanOutput[] = [];
  #fires: Trigger[] = [];
  #scores: ScoreRecord[] = [];
  #suppressedSeen = new Map<string, number>();
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
    this.#engine = openEngine(settings.ruleSet, {
      device: settings.origin.device,
      seed: settings.origin.device,
      latenessNs,
    });
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
  }

  async block(block: MessageBlock): Promise<void> {
    if (block.count === 0) return;
    this.#tally.messages += block.count;
    this.#tally.bytes += (block.ends[block.count - 1] ?? 0) - (block.starts[0] ?? 0);
    this.#window.addBlock(block);
    await this.#relieve();
    await this.#score(block);
    this.#fire(this.#engine.block(0, block));
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
    this.#scores.push(record);
    const oldestNs = this.#window.heldFromNs ?? 0n;
    const { length } = this.#scores;
    if (length > maxHeldScores || (this.#scores[0]?.atNs ?? oldestNs) < oldestNs) {
      this.#scores = this.#scores.filter(({ atNs }) => atNs >= oldestNs).slice(-maxHeldScores);
    }
    this.#fire(this.#engine.score(record));
  }

  #fire(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const rule = this.#settings.ruleSet.rules.find(({ id }) => id === verdict.ruleId);
      const { clipNs } = this.#settings;
      const trigger = triggerOf(verdict, { why: rule?.why, clipNs });
      this.#tally.fired[verdict.ruleId] = (this.#tally.fired[verdict.ruleId] ?? 0) + 1;
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
      this.#tally.suppressed += 1;
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
    const held = { session: this.session, window: this.#window, scores: this.#scores };
    try {
      const clip = await this.#write(() => writeClip(draft, held, { ...this.#settings, ending }));
      if (clip === undefined) return;
      this.#tally.clipsCut += 1;
      await this.#deps.outlet.clip(clip);
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

  /** What the engine kept back since the last time, by rule and reason. */
  async #tellSuppressed(): Promise<void> {
    for (const [rule, counters] of Object.entries(this.#engine.counters().rules)) {
      for (const [reason, count] of Object.entries(counters.suppressed)) {
        const key = `${rule} ${reason}`;
        const more = count - (this.#suppressedSeen.get(key) ?? 0);
        if (more <= 0) continue;
        this.#suppressedSeen.set(key, count);
        this.#tally.suppressed += more;
        await this.#deps.outlet.suppressed(rule, reason, more);
      }
    }
  }

  /** How much later than its own pace the recording is being read, ms. */
  #lag(lastNs: bigint): number {
    const distance = this.#deps.clock.monotonicMs() - Number(lastNs / 1_000n) / 1e3;
    this.#leastLagMs = Math.min(this.#leastLagMs, distance);
    return Math.max(0, Math.round(distance - this.#leastLagMs));
  }
}

function draftOf(output: PlanOutput): readonly Draft[] {
  return output.kind === 'cut' ? [output.draft] : [];
}
