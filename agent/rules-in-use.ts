/**
 * The rule sets that run on this robot: what the cloud wants as far as it is sound, else those of
 * the configuration. The choice is durable before the data thread hears of it.
 */
import { asFault, type Clock, type Json, type Log } from '@fieldloop/core';
import { type Desired, parseDesiredRules, type RuleProblem, type RuleRef } from '@fieldloop/proto';
import { openProgram, parseRuleSet, type RuleSet } from '@fieldloop/rules/read';
import type { AgentBuffer } from './buffer/buffer.ts';
import { demandRules, plain } from './demand-rules.ts';
import { maxReportedProblems, rulesProvenMs } from './limits.ts';
import type { RulesGiven } from './messages.ts';
import { type ChosenRules, crashed, ownRules, proven, started } from './rule/chosen.ts';
import { stopped, wish } from './rule/chosen.ts';

export interface RulesInUse {
  readonly state: ChosenRules;
  /** Of the set that is active. */
  readonly ruleSet: RuleSet;
  /** For the data thread. */
  readonly given: RulesGiven;
  /** Takes what the cloud wants; rejects are kept to be told. A Fault when it cannot be kept. */
  take(desired: Desired): void;
  /** The data thread died; the next one may start with other rules. */
  died(why: string): void;
  /** The text of the configuration is another now. Fault `invalid`: it is not used. */
  reload(text: string): boolean;
  /** The process ends because it was asked to. */
  stop(): void;
  /** Called after each change of the choice. */
  onChange(listener: () => void): void;
}

export interface RulesDeps {
  readonly buffer: Pick<AgentBuffer, 'position' | 'savePosition'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The rules of the configuration. */
export interface OwnRules {
  readonly text: string;
  readonly file: string;
}

const key = 'desired/rules';

/** Fault `invalid` when the configuration's rules cannot be used and no others are at hand. */
export function openRulesInUse(own: OwnRules, deps: RulesDeps): RulesInUse {
  return new Running(own, deps);
}

class Running implements RulesInUse {
  #own: OwnRules;
  readonly #deps: RulesDeps;
  #state: ChosenRules;
  #ruleSet: RuleSet;
  #listener: () => void = () => {};
  #proving = new AbortController();

  constructor(own: OwnRules, deps: RulesDeps) {
    this.#own = own;
    this.#deps = deps;
    const saved = deps.buffer.position(key) as ChosenRules | undefined;
    this.#state = started(saved ?? ownRules, deps.clock.now());
    if (saved !== undefined) this.#save();
    if (this.#state.returned !== saved?.returned) this.#tellReturned();
    this.#ruleSet = this.#load();
    this.#prove();
  }

  get state(): ChosenRules {
    return this.#state;
  }

  get ruleSet(): RuleSet {
    return this.#ruleSet;
  }

  get given(): RulesGiven {
    const { shadow } = this.#state;
    const other = shadow && parse(shadow).ruleSet;
    return { active: plain(this.#ruleSet), shadow: other && plain(other) };
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  take(desired: Desired): void {
    const section = desired.sections.find(({ name }) => name === 'rules');
    if (section === undefined) return;
    this.#become(wish(this.#state, parseDesiredRules(section.document), judge));
  }

  died(why: string): void {
    const { active, isProven } = this.#state;
    if (active === undefined || isProven) return;
    this.#become(crashed(this.#state, this.#deps.clock.now(), why));
    if (this.#state.active?.digest !== active.digest) this.#tellReturned();
  }

  reload(text: string): boolean {
    if (text === this.#own.text) return false;
    const ruleSet = demandRules(text, this.#own.file);
    this.#own = { ...this.#own, text };
    if (this.#state.active !== undefined) return false;
    this.#ruleSet = ruleSet;
    this.#listener();
    return true;
  }

  stop(): void {
    this.#proving.abort();
    if (!this.#state.isRunning) return;
    this.#state = stopped(this.#state);
    this.#save();
  }

  #become(next: ChosenRules): void {
    const before = this.#state;
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    const { log } = this.#deps;
    const ruleSet = next.active === undefined ? this.#ownRuleSet() : parse(next.active).ruleSet;
    if (ruleSet === undefined) throw new TypeError('rules that were judged cannot be read');
    this.#deps.buffer.savePosition(key, next as unknown as Json);
    this.#state = next;
    this.#ruleSet = ruleSet;
    const { rejected, active } = next;
    if (rejected !== undefined && rejected !== before.rejected) {
      const [first] = rejected.problems;
      const why = `${first?.line ?? 0}:${first?.column ?? 0} ${first?.message ?? ''}`;
      log.warn('a rule set of the cloud cannot be used; the last good one stays', {
        digest: rejected.digest,
        publication: rejected.publication,
        why,
      });
    }
    if (active?.digest !== before.active?.digest) {
      log.info('the rules are others now', { rules: `${ruleSet.name}@${ruleSet.version}` });
      this.#prove();
    }
    this.#listener();
  }

  /** A set that ran for a while is trusted. */
  #prove(): void {
    this.#proving.abort();
    this.#proving = new AbortController();
    if (this.#state.isProven) return;
    const { clock } = this.#deps;
    clock.sleep(rulesProvenMs, this.#proving.signal).then(
      () => {
        this.#state = proven(this.#state);
        this.#save();
      },
      () => undefined,
    );
  }

  /** What is not kept is only that a start or a stop happened. */
  #save(): void {
    try {
      this.#deps.buffer.savePosition(key, this.#state as unknown as Json);
    } catch (error) {
      this.#deps.log.warn('the choice of rules could not be kept', { error: asFault(error) });
    }
  }

  #load(): RuleSet {
    const { active } = this.#state;
    const ruleSet = active && parse(active).ruleSet;
    if (active !== undefined && ruleSet === undefined) {
      this.#deps.log.error('the rules of the cloud cannot be read by this agent', {
        digest: active.digest,
        remedy: 'It runs the rules of its configuration; update it, or publish other rules.',
      });
      this.#state = { ...this.#state, active: undefined, previous: undefined, isProven: true };
    }
    return ruleSet ?? this.#ownRuleSet();
  }

  #ownRuleSet(): RuleSet {
    return demandRules(this.#own.text, this.#own.file);
  }

  #tellReturned(): void {
    const { returned } = this.#state;
    this.#deps.log.error('rules of the cloud were taken back', {
      digest: returned?.digest,
      why: returned?.reason,
    });
  }
}

const textOf = ({ text, ruleSet, version }: RuleRef): OwnRules => ({
  text,
  file: `${ruleSet}@${version}`,
});

const parse = (ref: RuleRef): ReturnType<typeof parseRuleSet> => {
  const { text, file } = textOf(ref);
  return parseRuleSet(text, file);
};

/** Errors of the text, and what shows only when a program is made of it. */
function judge(ref: RuleRef): readonly RuleProblem[] {
  const { ruleSet, problems } = parse(ref);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (ruleSet === undefined || errors.length > 0) {
    return errors.slice(0, maxReportedProblems).map(({ line, column, code, message, remedy }) => ({
      line,
      column,
      code,
      message: message.slice(0, 200),
      remedy: remedy.slice(0, 200),
    }));
  }
  if (ruleSet.digest !== ref.digest) {
    const message = `the text has the digest ${ruleSet.digest}`;
    const remedy = 'Use the same version of Fieldloop on both ends of the wire.';
    return [{ line: 1, column: 1, code: 'digest', message, remedy }];
  }
  try {
    openProgram(ruleSet);
    return [];
  } catch (error) {
    const { message, remedy = 'Change the rule set.' } = asFault(error);
    return [{ line: 1, column: 1, code: 'engine', message: message.slice(0, 200), remedy }];
  }
}
