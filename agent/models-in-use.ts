/**
 * The models that run on this robot: what the cloud wants as far as it passes its trial, else
 * those of the configuration. Artifacts are fetched, a second crew loads and tries them, it takes
 * the frames, and is watched for its soak with the first one still at hand. The choice is durable
 * before it is acted on, so that an end at any moment leads to models that ran before.
 */
import { asFault } from '@fieldloop/core';
import {
  type ArtifactRef,
  artifactsOf,
  type Desired,
  type ModelFault,
  type ModelRef,
  parseDesiredModels,
} from '@fieldloop/proto';
import type { ArtifactShelf } from './buffer/artifacts.ts';
import { keepChosen, readChosen } from './models-chosen.ts';
import { modelsReadyWithinMs } from './limits.ts';
import type { ModelsDeps, ModelsHost, ModelsInUse } from './models-types.ts';
import type { ScoringWays, ShadowWays } from './models-types.ts';
import { filesIn } from './score/model-files.ts';
import type { ModelPlace } from './score/protocol.ts';
import { type Crew, openCrew, trialFault, untilReady } from './scoring-crew.ts';
import { openShadowModels, type ShadowModels } from './shadow-models.ts';
import * as plan from './update/plan.ts';

export async function openModelsInUse(deps: ModelsDeps): Promise<ModelsInUse> {
  const saved = (await readChosen(deps.dir)) ?? plan.ownModels;
  const models = new Running(deps, plan.started(saved, deps.clock.now()));
  await models.keep();
  return models;
}

class Running implements ModelsInUse {
  readonly #deps: ModelsDeps;
  readonly #stopping = new AbortController();
  #state: plan.ChosenModels;
  #host: ModelsHost | undefined;
  #crew: Crew | undefined;
  /** What scored before the crew that is watched. */
  #kept: Crew | undefined;
  readonly #shadow: ShadowModels;
  #soak = new AbortController();
  /** One change after the other. */
  #line: Promise<void> = Promise.resolve();
  trouble: ModelFault | undefined;

  constructor(deps: ModelsDeps, state: plan.ChosenModels) {
    this.#deps = deps;
    this.#state = state;
    this.#shadow = openShadowModels({
      ...deps,
      signal: this.#stopping.signal,
      onWays: (ways) => this.#host?.onShadowWays(ways),
      onGaveUp: (fault) => this.#do(() => this.#become(plan.shadowFailed(this.#state, fault))),
    });
  }

  get state(): plan.ChosenModels {
    return this.#state;
  }

  get crew(): Crew | undefined {
    return this.#crew;
  }

  get shadowCrew(): Crew | undefined {
    return this.#shadow.crew;
  }

  get shelf(): ArtifactShelf {
    return this.#deps.shelf;
  }

  get degraded(): readonly string[] {
    const { faults = [], troubles = [], off } = this.#crew ?? {};
    const none = off === undefined ? [] : [`no model scores: the scoring thread failed: ${off}`];
    return [
      ...none,
      ...faults.map(({ id, message }) => `model ${id} is off: ${message}`),
      ...troubles,
    ];
  }

  async begin(host: ModelsHost): Promise<void> {
    this.#host = host;
    const { returned, rejected } = this.#state;
    const failed = rejected ?? returned;
    if (failed !== undefined) this.#tell(failed.fault);
    await this.#start();
    this.#do(() => this.#advance());
  }

  ways(): ScoringWays {
    const models = this.#crew?.models ?? [];
    const port = models.length === 0 ? undefined : this.#crew?.port();
    return { port, models, before: 'died' };
  }

  shadowWays(): ShadowWays {
    return this.#shadow.ways();
  }

  take(desired: Desired): void {
    const section = desired.sections.find(({ name }) => name === 'models');
    if (section === undefined) return;
    const wanted = parseDesiredModels(section.document);
    this.#do(async () => {
      await this.#become(plan.wish(this.#state, wanted));
      await this.#advance();
    });
  }

  arrived(): void {
    this.trouble = undefined;
    this.#do(() => this.#advance());
  }

  missing(_: ArtifactRef, why: ModelFault): void {
    this.trouble = why;
    this.#host?.onChange();
  }

  off(model: string, why: string): void {
    const { active, isProven } = this.#state;
    if (isProven || active.models[model] === undefined) return;
    this.#do(() => this.#back({ code: 'unavailable', message: `model ${model}: ${why}` }, active));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#soak.abort();
    await Promise.all([this.#crew?.stop(), this.#kept?.stop(), this.#shadow.stop()]);
    await this.#line;
    this.#state = plan.stopped(this.#state);
    await this.keep();
  }

  /** What is not kept is only that a start or a stop happened. */
  async keep(): Promise<void> {
    try {
      await keepChosen(this.#deps.dir, this.#state);
    } catch (error) {
      this.#deps.log.warn('the choice of models could not be kept', { error: asFault(error) });
    }
  }

  #do(work: () => Promise<void>): void {
    this.#line = this.#line.then(async () => {
      if (this.#stopping.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        // The cloud says again what it wants with each connection.
        this.#deps.log.error('models were not exchanged', { error: asFault(error) });
      }
    });
  }

  async #become(next: plan.ChosenModels): Promise<void> {
    await this.#choose(next);
    this.#host?.onChange();
  }

  /** Durable before anything is done of it; what reports it says so when it is done. */
  async #choose(next: plan.ChosenModels): Promise<void> {
    if (next === this.#state) return;
    await keepChosen(this.#deps.dir, next);
    const before = this.#state.rejected ?? this.#state.returned;
    const failed = next.rejected ?? next.returned;
    this.#state = next;
    if (failed !== undefined && failed !== before) this.#tell(failed.fault);
  }

  #tell({ message }: ModelFault): void {
    const text = `models of the cloud are not used: ${message}`;
    this.#deps.log.error('models of the cloud are not used', { why: message });
    this.#host?.tell(text);
  }

  /** The models of the start: what ran last, else what ran before it, else the configuration. */
  async #start(): Promise<void> {
    for (;;) {
      const { active, isProven } = this.#state;
      const crew = await this.#open(active, 'scoring', false);
      const bad = crew?.faults.find(({ id }) => active.models[id] !== undefined);
      // What ran before and loads for long joins later, as models of the configuration do.
      const isLate = crew?.isLoading === true && isProven;
      const isUp = crew === undefined || isLate || (crew.sinceMs > 0 && bad === undefined);
      if (isUp || Object.keys(active.models).length === 0 || this.#stopping.signal.aborted) {
        this.#crew = crew;
        break;
      }
      await crew.stop();
      if (bad?.code === 'corrupt') await this.#forget(active.models[bad.id]);
      const message = bad?.message ?? 'the models were not ready in time';
      await this.#become(plan.returned(this.#state, { code: bad?.code ?? 'timeout', message }));
    }
    this.#tellFaults();
    this.#watch();
  }

  #tellFaults(): void {
    for (const { id, message } of this.#crew?.faults ?? []) {
      this.#deps.log.error('a model is not used', { model: id, why: message });
      this.#host?.tell(`model ${id}: ${message}`);
    }
  }

  /** Its bytes are damaged: the next that wants them fetches them again. */
  async #forget(ref: ModelRef | undefined): Promise<void> {
    if (ref === undefined) return;
    for (const { sha256 } of [ref.onnx, ref.document]) await this.#deps.shelf.remove(sha256);
  }

  /** Undefined when the set has no models at all. */
  async #open(set: plan.ModelSet, name: string, isTrial: boolean): Promise<Crew | undefined> {
    const places = this.#places(set);
    if (places.length === 0) return undefined;
    const crew: Crew = openCrew(
      {
        name,
        places,
        isTrial,
        onAgain: () => {
          if (crew !== this.#crew) return;
          this.#tellFaults();
          this.#host?.onWays(this.ways());
          this.#do(() => this.#become(this.#state));
        },
        onDeath: (death) => this.#died(crew, death),
      },
      this.#deps,
    );
    await untilReady(crew, this.#stopping.signal);
    return crew;
  }

  #places({ models }: plan.ModelSet): readonly ModelPlace[] {
    const { own, shelf } = this.#deps;
    const pushed = Object.entries(models).map(([id, { onnx, document }]) => ({
      id,
      files: { onnx: shelf.pathOf(onnx.sha256), document: shelf.pathOf(document.sha256) },
      expect: { onnx: onnx.sha256, document: document.sha256 },
    }));
    const rest = own.filter(({ id }) => models[id] === undefined);
    return [...rest.map(({ id, path }) => ({ id, files: filesIn(path) })), ...pushed];
  }

  #died(crew: Crew, death: { readonly why: string; readonly gaveUp: boolean }): void {
    const text = death.gaveUp
      ? `the scoring thread failed again and again and stays off: ${death.why}`
      : `the scoring thread failed and starts again: ${death.why}`;
    if (crew === this.#kept) this.#do(() => this.#letGo());
    if (crew !== this.#crew) return;
    this.#host?.onWays({ port: undefined, models: [], before: 'died' });
    this.#host?.tell(text);
    const { active, isProven } = this.#state;
    if (isProven) return;
    this.#do(async () => {
      if (this.#state.active !== active) return;
      const next = plan.crashed(this.#state, this.#deps.clock.now(), death.why);
      if (next.returned === this.#state.returned) await this.#become(next);
      else await this.#back({ code: 'internal', message: death.why }, active);
    });
  }

  /** As far as it can be had: fetches, tries out, exchanges. */
  async #advance(): Promise<void> {
    const { wanted, shadow, active, previous } = this.#state;
    const sets = [wanted, active, previous, shadow].filter((set) => set !== undefined);
    const refs = sets.flatMap(({ models }) => artifactsOf({ models }));
    const { shelf } = this.#deps;
    this.#host?.want([wanted, shadow].flatMap((set) => (set ? artifactsOf(set) : [])));
    await shelf.keepOnly(new Set(refs.map(({ sha256 }) => sha256)));
    const isHere = (set: plan.ModelSet): boolean =>
      artifactsOf(set).every(({ sha256 }) => shelf.has(sha256));
    if (wanted !== undefined && isHere(wanted)) await this.#try(wanted);
    await this.#advanceShadow(isHere);
    this.#host?.onChange();
  }

  async #try(wanted: plan.ModelSet): Promise<void> {
    await this.#become(plan.trying(this.#state));
    const crew = await this.#open(wanted, 'scoring-trial', true);
    if (this.#stopping.signal.aborted) {
      await crew?.stop();
      return;
    }
    const fault = trialFault(crew, wanted);
    if (fault !== undefined) {
      await crew?.stop();
      await this.#become(plan.rejected(this.#state, fault));
      await this.#advance();
      return;
    }
    await this.#choose(plan.accepted(this.#state));
    await this.#letGo();
    this.#kept = this.#crew;
    this.#crew = crew;
    this.#host?.onWays({ ...this.ways(), before: 'lives' });
    this.#deps.log.info('the models are others now', { models: crew?.models ?? [] });
    this.#host?.onChange();
    this.#watch();
  }

  /** After its soak, with golden inputs right once more, what ran before is let go. */
  #watch(): void {
    this.#soak.abort();
    this.#soak = new AbortController();
    const { active, isProven } = this.#state;
    if (isProven) {
      this.#do(() => this.#letGo());
      return;
    }
    const { clock, soakMs } = this.#deps;
    clock.sleep(soakMs, this.#soak.signal).then(
      () => this.#do(() => this.#prove(active)),
      () => undefined,
    );
  }

  async #prove(active: plan.ModelSet): Promise<void> {
    const crew = this.#crew;
    if (this.#state.active !== active || this.#state.isProven || crew === undefined) return;
    const late = [{ id: '', code: 'timeout', message: 'the golden inputs took too long' }];
    const waiting = new AbortController();
    const timer = this.#deps.clock.sleep(modelsReadyWithinMs, waiting.signal).then(
      () => late,
      () => [],
    );
    const [fault] = await Promise.race([crew.golden(), timer]);
    waiting.abort();
    if (this.#stopping.signal.aborted) return;
    if (fault !== undefined) {
      await this.#back({ code: fault.code, message: fault.message }, active);
      return;
    }
    await this.#become(plan.proven(this.#state));
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.retire(this.#stopping.signal);
  }

  /** `failed` runs and must not: what ran before takes the frames again. */
  async #back(fault: ModelFault, failed: plan.ModelSet): Promise<void> {
    if (this.#state.active !== failed) return;
    this.#soak.abort();
    await this.#choose(plan.returned(this.#state, fault));
    const bad = this.#crew;
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept === undefined) {
      await this.#start();
      this.#host?.onWays(this.ways());
    } else {
      this.#crew = kept;
      this.#host?.onWays({ ...this.ways(), before: 'lives' });
    }
    this.#host?.onChange();
    await bad?.retire(this.#stopping.signal);
    await this.#advance();
  }

  async #advanceShadow(isHere: (set: plan.ModelSet) => boolean): Promise<void> {
    const { shadow, shadowFault } = this.#state;
    const isWanted = shadow !== undefined && shadowFault === undefined && isHere(shadow);
    const places = isWanted
      ? this.#places(shadow).filter(({ id }) => shadow.models[id] !== undefined)
      : [];
    const fault = await this.#shadow.use(places);
    if (fault !== undefined) await this.#become(plan.shadowFailed(this.#state, fault));
  }
}
