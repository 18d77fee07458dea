/**
 * From verdicts to clips: what fired is planned, told and cut, and each trigger ends in a clip or
 * in a marker. Steps are taken at once; `settle` does what takes time.
 */
import { rm } from 'node:fs/promises';
import { asFault, faultLine } from '@fieldloop/core';
import type { EngineEvent, EngineOutput } from '@fieldloop/rules';
import { askedTrigger, askOf, type ClipAsk, demandHeld } from './clip/ask.ts';
import { clockFacts, unknownClock } from './clip/clock.ts';
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
import { hiddenSignals } from './clip/redaction.ts';
import { draftIdOf, suppressedOf } from './clip/told.ts';
import { triggerOf } from './clip/trigger.ts';
import { type FinishedClip, type Held, writeClip, type WriteOptions } from './clip/write.ts';
import { busyHz } from './clip-limits.ts';
import type { ClipAnswer } from './messages.ts';
import { addAll, type RuleTally } from './rule/tally.ts';
import { stableUuid } from './stable-id.ts';
import type { Tally, TimelineDeps, TimelineSettings } from './timeline-types.ts';

export class Clipping {
  readonly #held: Held;
  readonly #deps: TimelineDeps;
  readonly #tally: Tally;
  #settings: TimelineSettings;
  #rules: RuleTally;
  /** Suppressed triggers that a manifest told of. */
  #told: Readonly<Record<string, number>> = {};
  /** Signals of topics that are redacted. */
  #hidden: ReadonlySet<string>;
  #passedNs: bigint | undefined;
  #plan: PlanState = nothingPlanned;
  #outputs: PlanOutput[] = [];
  #fires: Trigger[] = [];
  /** What the engine told beside triggers: rules that failed, log time that was set. */
  readonly #events: EngineEvent[] = [];
  /** Moments that get no clip because the machine is short, with the reason of the ledger. */
  #keptOut: { readonly trigger: Trigger; readonly why: 'overload' | 'disk' }[] = [];
  /** Asks for clips of a rule that has not fired yet; `past` for a rule that cannot. */
  #awaited: RuleAsk[] = [];
  readonly #refused: ClipAnswer[] = [];
  readonly #asked = new Map<Trigger['marker'], string>();

  constructor(held: Held, settings: TimelineSettings, deps: TimelineDeps & { tally: Tally }) {
    this.#held = held;
    this.#settings = settings;
    this.#deps = deps;
    this.#tally = deps.tally;
    this.#rules = deps.tally.rules;
    this.#hidden = hiddenSignals(settings.redaction, settings.ruleSet);
  }

  get openClips(): number {
    return this.#plan.open.length;
  }

  /** Log time from which on clips that are open, or due and not cut yet, need the window. */
  get neededFromNs(): bigint | undefined {
    return neededFrom({ open: [...this.#plan.open, ...this.#outputs.flatMap(draftOf)] });
  }

  /** The clips that are open, once everything is settled. */
  get plan(): PlanState {
    return this.#plan;
  }

  /** Goes on with the clips that an earlier process had open. */
  resume(plan: PlanState): void {
    this.#plan = plan;
  }

  /** Other rules from here on; call it when everything is settled. */
  use(settings: TimelineSettings): void {
    this.#settings = settings;
    this.#rules = this.#tally.rules;
    this.#told = {};
    this.#hidden = hiddenSignals(settings.redaction, settings.ruleSet);
  }

  /** Fault `not_found` when nothing of what is asked for is in the window. */
  ask(ask: ClipAsk, atNs: bigint): void {
    demandHeld(ask, this.#held.window);
    const { ruleSet, clipNs } = this.#settings;
    const trigger = askedTrigger(ask, { atNs: ask.atNs ?? atNs, ruleSet, clipNs });
    this.#asked.set(trigger.marker, ask.id);
    this.#take(trigger);
  }

  /** Who asks for a clip of a rule hears of the clip that its trigger becomes, or why not. */
  askRule(ask: RuleAsk, isAsked: boolean): void {
    this.#awaited.push(isAsked ? ask : { ...ask, atNs: past });
  }

  /** Everything before `watermarkNs` was seen: a rule that did not fire by then was held back. */
  passed(watermarkNs: bigint): void {
    this.#passedNs = watermarkNs;
    for (const { id, rule, atNs } of this.#awaited.filter((ask) => ask.atNs < watermarkNs)) {
      const why =
        atNs === past
          ? `${rule} is no manual rule of the rules that run`
          : `${rule} was held back by its own limits`;
      this.#refused.push({ id, why });
    }
    this.#awaited = this.#awaited.filter(({ atNs }) => atNs >= watermarkNs);
  }

  fire(outputs: readonly EngineOutput[]): void {
    for (const verdict of outputs) {
      if (verdict.kind === 'extend') this.step(verdict);
      if (verdict.kind === 'event') {
        this.#events.push(verdict);
      }
      if (verdict.kind !== 'fire') continue;
      const rule = this.#settings.ruleSet.rules.find(({ id }) => id === verdict.ruleId);
      const { clipNs } = this.#settings;
      const trigger = triggerOf(verdict, { rule, clipNs, hidden: this.#hidden });
      const { ruleId } = verdict;
      addAll(this.#tally.fired, { [ruleId]: 1 });
      addAll(this.#rules.fired, { [ruleId]: 1 });
      const why = this.#deps.shed?.keepsOut(trigger.class, this.#held.session.live);
      const ask = this.#awaited.find((one) => one.rule === ruleId);
      if (ask !== undefined) {
        this.#asked.set(trigger.marker, ask.id);
        this.#awaited = this.#awaited.filter((one) => one !== ask);
      }
      if (why === undefined) this.#take(trigger);
      else this.#keptOut.push({ trigger, why });
    }
  }

  step(input: PlanInput): void {
    const [plan, outputs] = planClips(this.#plan, input);
    this.#plan = plan;
    this.#outputs.push(...outputs);
  }

  /** Tells of what fired, and cuts what is due. */
  async settle(ending = ''): Promise<void> {
    const drafts = [...this.#plan.open, ...this.#outputs.flatMap(draftOf)];
    await this.#promise(drafts);
    for (const { name, text, atNs } of this.#events.splice(0)) {
      const { id: sessionId } = this.#held.session;
      await this.#deps.outlet.notice({ name, severity: 'warning', text, atNs, sessionId });
    }
    for (const answer of this.#refused.splice(0)) await this.#deps.outlet.answer(answer);
    for (const trigger of this.#fires.splice(0)) await this.#tell(trigger, drafts, ending);
    for (const output of this.#outputs.splice(0)) {
      if (output.kind === 'cut') await this.#cut(output.draft, ending);
      else if (output.kind === 'overload') await this.#markAlone(output.trigger);
      if (output.kind === 'cut') continue;
      if (output.kind === 'overload') await this.#answer([output.trigger.marker], { why: busy });
      await this.#suppressed(output.trigger, output.kind);
    }
    for (const { trigger, why } of this.#keptOut.splice(0)) {
      // A baseline sample says nothing without its clip.
      if (trigger.class !== 'baseline') {
        await this.#tell(trigger, [], ending);
        await this.#markAlone(trigger);
      }
      await this.#answer([trigger.marker], { why: `nothing is cut now: ${why}` });
      await this.#suppressed(trigger, why);
    }
    await this.#promise(this.#plan.open);
  }

  /** What a stream has open is gone with this process; a recording is read again. */
  async #promise(drafts: readonly Draft[]): Promise<void> {
    const { id: sessionId, live, resumes } = this.#held.session;
    if (!live || resumes === true) return;
    const clips = drafts.flatMap((draft) => {
      const clipId = draftIdOf(sessionId, draft);
      const [first] = draft.markers;
      if (clipId === undefined || first === undefined) return [];
      return [{ clipId, sessionId, rule: first.rule, atNs: first.atNs }];
    });
    await this.#deps.promised?.note(clips);
  }

  #take(trigger: Trigger): void {
    this.step({ kind: 'trigger', trigger });
    this.#fires.push(trigger);
  }

  async #tell(trigger: Trigger, drafts: readonly Draft[], ending: string): Promise<void> {
    const { marker } = trigger;
    const draft = drafts.find(({ markers }) => markers.includes(marker));
    const { id: sessionId } = this.#held.session;
    await this.#deps.outlet.notice({
      id: this.#idOf(trigger.marker),
      name: marker.rule,
      severity: trigger.severity,
      text: marker.why ?? marker.expression,
      atNs: trigger.atNs,
      sessionId,
      clipId: draft && draftIdOf(sessionId, draft, ending),
      rule: `${marker.rule}@${marker.version}`,
      ruleSetDigest: marker.ruleSetDigest,
      values: marker.values,
      tags: trigger.tags,
    });
  }

  #idOf(marker: Trigger['marker']): string {
    const { rule, ruleSetDigest, atNs } = marker;
    const unixMs = Number(BigInt(atNs) / 1_000_000n);
    const at = atNs + askOf(marker);
    return stableUuid(unixMs, ['event', this.#held.session.id, ruleSetDigest, rule, at]);
  }

  async #cut(draft: Draft, ending: string): Promise<void> {
    try {
      const options = this.#options(draft, ending);
      const clip = await this.#write(() => writeClip(draft, this.#held, options));
      if (clip === undefined) {
        for (const marker of draft.markers) await this.#markAlone({ marker });
        await this.#answer(draft.markers, { why: nothingHeld });
        return;
      }
      await this.#tellRedaction(clip);
      if (clip.isHidden === true) {
        await this.#hide(draft, clip);
        return;
      }
      this.#told = { ...this.#rules.suppressed };
      if (draft.markers[0]?.ruleSetDigest === this.#rules.digest) {
        this.#rules.clips += 1;
        this.#rules.bytes += clip.sizeBytes;
      }
      await this.#deps.outlet.clip(clip);
      const { startNs, endNs } = draft;
      const scores = this.#held.scores.records;
      this.#deps.scoring.kept(scores.filter(({ atNs }) => atNs >= startNs && atNs <= endNs));
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

  /** Nothing would leave the robot but the manifest: what is told of its moments is enough. */
  async #hide(draft: Draft, { partPath, clipId }: FinishedClip): Promise<void> {
    await rm(partPath, { force: true });
    const [name, atNs] = ['clip_hidden', draft.firstAtNs];
    await this.#deps.outlet.notice({ name, severity: 'warning', text: allHidden, atNs, clipId });
    for (const marker of draft.markers) await this.#markAlone({ marker });
    await this.#answer(draft.markers, { why: allHidden });
    // Others of its moments were merged into the first, and are counted as that.
    const [marker] = draft.markers;
    if (marker !== undefined) await this.#suppressed({ marker }, 'privacy');
  }

  #options(draft: Draft, ending: string): WriteOptions {
    const { session, window } = this.#held;
    const { ruleSet, readTopics: except = new Set<string>() } = this.#settings;
    const { clock, clockState, shed } = this.#deps;
    const isThin = shed?.thins(session.live) === true;
    const newestNs = session.live ? window.newestNs : undefined;
    const ids = new Set(draft.markers.map(({ rule }) => rule));
    const ends = ruleSet.rules.filter(({ id }) => ids.has(id)).map(({ expiresNs }) => expiresNs);
    const expiresMs = ends.includes(undefined)
      ? []
      : ends.map((ns = 0n) => Number(ns / 1_000_000n));
    const more = Object.entries(this.#rules.suppressed).map(
      ([key, count]) => [key, count - (this.#told[key] ?? 0)] as const,
    );
    return {
      ...this.#settings,
      ending,
      passedNs: this.#passedNs,
      thinned: isThin ? { hz: busyHz, except } : undefined,
      beside: {
        clock: clockFacts(clockState?.() ?? unknownClock, { nowMs: clock.now(), newestNs }),
        suppressed: suppressedOf(Object.fromEntries(more)),
        // The clip is wanted as long as any of its rules is.
        ...(expiresMs.length === 0 ? {} : { expiresMs: Math.max(...expiresMs) }),
      },
    };
  }

  /** A topic that could not be changed is missing, and somebody should see why. */
  async #tellRedaction({ clipId, manifest }: FinishedClip): Promise<void> {
    for (const { topic, why } of manifest.redaction?.failed ?? []) {
      await this.#deps.outlet.notice({
        name: 'redaction_failed',
        severity: 'warning',
        text: `${topic} was left out of a clip, because it could not be changed: ${why}`,
        sessionId: this.#held.session.id,
        clipId,
      });
    }
  }

  /** A full disk is given one chance to make room by letting go of what is worth less. */
  async #write(write: () => Promise<FinishedClip | undefined>): Promise<FinishedClip | undefined> {
    try {
      return await write();
    } catch (error) {
      const { code } = asFault(error);
      if (code !== 'unavailable' && code !== 'limited') throw error;
      if (!(await this.#deps.outlet.makeRoom(this.#held.window.bytes))) throw error;
      return write();
    }
  }

  async #markAlone({ marker }: Pick<Trigger, 'marker'>): Promise<void> {
    await this.#deps.outlet.marker({
      id: stableUuid(0, ['marker', this.#idOf(marker)]),
      sessionId: this.#held.session.id,
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

  async #suppressed({ marker }: Pick<Trigger, 'marker'>, reason: string): Promise<void> {
    const key = `${marker.rule} ${reason}`;
    this.#tally.suppressed += 1;
    addAll(this.#rules.suppressed, { [key]: 1 });
    const atNs = BigInt(marker.atNs);
    await this.#deps.outlet.suppressed(marker.rule, reason, { atNs, count: 1 });
  }
}

/** A person wants a clip of a manual rule. */
interface RuleAsk {
  readonly id: string;
  readonly rule: string;
  readonly atNs: bigint;
}

/** Before all log time. */
const past = -1n;
const busy = 'too many clips of this source are open';
const allHidden = 'the redaction hides every topic that the clip was to hold';
const nothingHeld = 'the window holds nothing of that time';

function draftOf(output: PlanOutput): readonly Draft[] {
  return output.kind === 'cut' ? [output.draft] : [];
}
