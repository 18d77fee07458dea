/** What a trigger becomes: a verdict, a verdict in the shadow, or a suppression that is counted. */
import { slotState } from '@fieldloop/recording/slots';
import { nextDrawn } from './drawn-moments.ts';
import type { EngineState } from './engine-state.ts';
import { pass } from './gate.ts';
import * as limits from './limits.ts';
import { type MachineActs, never } from './machine-state.ts';
import type { RuleRun } from './rule-run.ts';
import type { Verdict } from './verdict.ts';

/** What the machine of an engine does; `stateOf` because state and machine need each other. */
export function actsOf(stateOf: () => EngineState): MachineActs {
  return {
    trigger: (run, nowNs) => takeTrigger(stateOf(), run, nowNs),
    extend(run, atNs, throughNs) {
      const state = stateOf();
      const output = {
        kind: 'extend',
        ruleId: run.rule.id,
        atNs: logTime(state, atNs),
        throughNs: logTime(state, throughNs),
      } as const;
      state.outputs.push(output);
      state.budget?.extend(output.ruleId, output.atNs, output.throughNs);
    },
    failed(run, nowNs) {
      const state = stateOf();
      const ruleId = run.rule.id;
      const text = `rule ${ruleId} failed and is off: ${run.off ?? ''}`.slice(0, 500);
      const atNs = logTime(state, nowNs);
      state.outputs.push({ kind: 'event', name: 'rule_off', ruleId, atNs, text });
    },
    nextDrawn({ rule }, nowNs) {
      const { options, originNs = 0n } = stateOf();
      const { trigger } = rule;
      if (trigger.kind !== 'every' || trigger.random === undefined) return never;
      const { seed } = trigger.random;
      const drawn = { device: options.device, rule: rule.id, seed, partNs: trigger.periodNs };
      return Number(nextDrawn(drawn, originNs + BigInt(Math.floor(nowNs))) - originNs);
    },
  };
}

const logTime = ({ originNs }: EngineState, nowNs: number): bigint =>
  (originNs ?? 0n) + BigInt(Math.floor(nowNs));

function takeTrigger(state: EngineState, run: RuleRun, nowNs: number): void {
  const { rule, values } = run;
  const atNs = logTime(state, nowNs);
  const passage = pass(run.gate, {
    rule,
    values,
    device: state.options.device,
    nowNs,
    atNs,
    embedding: embeddingOf(state, run),
    budget: state.budget,
    clipNs: state.options.clipNs ?? limits.clipNs,
  });
  const { reason } = passage;
  if (reason !== undefined) {
    run.suppressed[reason] += 1;
    state.suppressions.note(rule.id, reason, atNs);
  } else run.fired += 1;
  if (!('propensity' in passage)) return;
  const verdict = verdictOf(state, run, { atNs, propensity: passage.propensity });
  state.outputs.push(reason === undefined ? verdict : { ...verdict, kind: 'shadow' });
}

function embeddingOf({ program }: EngineState, { rule }: RuleRun): string | undefined {
  const model = rule.sample?.model ?? '';
  const slot = model === '' ? undefined : program.slotOfEmbedding(model);
  if (slot === undefined) return undefined;
  const { states, texts } = program.slots;
  return states[slot] === slotState.text ? texts[slot] : undefined;
}

function verdictOf(
  { ruleSet }: EngineState,
  { rule, shown, values }: RuleRun,
  { atNs, propensity }: { readonly atNs: bigint; readonly propensity: number },
): Verdict {
  const { name, version, digest } = ruleSet;
  const label = values.labels();
  const margin = values.margin();
  const isSampled =
    rule.sample !== undefined ||
    (rule.trigger.kind === 'every' && rule.trigger.random !== undefined);
  return {
    kind: 'fire',
    ruleId: rule.id,
    ruleSet: name,
    version,
    digest,
    severity: rule.severity,
    tags: rule.tags,
    class: rule.class,
    atNs,
    expression: rule.expression,
    values: shown(),
    ...(label === undefined ? {} : { label }),
    ...(margin === undefined ? {} : { margin }),
    capture: rule.capture,
    priority: values.priority(),
    ...(isSampled ? { propensity } : {}),
  };
}
