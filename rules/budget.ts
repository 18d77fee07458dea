/**
 * `budgets`: most clips and bytes of a day and an hour of log time, UTC, over all rules. A trigger
 * that becomes part of a clip that is open takes no clip; which ones do is planned here as the
 * robot plans it. Bytes are those of the messages of a clip's topics within its range, counted up to the
 * moment of the question. A share may be held back for critical rules.
 */
import type { Json } from '@fieldloop/core';
import { type ByteMeter, openByteMeter } from './byte-meter.ts';
import {
  type ClipDraft,
  type ClipTrigger,
  neededFrom,
  nothingPlanned,
  planClips,
  type PlanInput,
  type PlanState,
} from './clip-plan.ts';
import { loadPlan, savePlan } from './plan-state.ts';
import { clipsBeside } from './reserve.ts';
import type { Budget, Budgets } from './rule-set.ts';
import { type LastTwo, latestFirst, nothingSpent, periodAt, spendIn, spentIn } from './spent.ts';

export interface BudgetKeeper {
  /** Undefined when no budget counts bytes. */
  readonly meter: ByteMeter | undefined;
  /** Whether the trigger may have its clip; counts it when it may. */
  admit(trigger: ClipTrigger<null>, bypasses: boolean): boolean;
  extend(ruleId: string, atNs: bigint, throughNs: bigint): void;
  /** Everything up to `nowNs` was seen. */
  pass(nowNs: bigint): void;
  /** Log time begins anew: open clips end. What was spent stays spent. */
  jump(): void;
  save(): Json;
  load(state: Json): void;
}

const secondNs = 1_000_000_000n;

interface Account {
  readonly periodNs: number;
  readonly most: Budget;
  readonly last: LastTwo;
}

export function openBudgetKeeper(budgets: Budgets, longestPreNs: bigint): BudgetKeeper {
  const { day, hour, reserve } = budgets;
  const accounts = [account(3_600_000_000_000, hour), account(86_400_000_000_000, day)].filter(
    (one) => one !== undefined,
  );
  const countsBytes = accounts.some(({ most }) => Number.isFinite(most.bytes));
  const meter = countsBytes ? openByteMeter() : undefined;
  let plan: PlanState<null> = nothingPlanned;

  const bytesOf = (draft: ClipDraft<null>, untilNs: bigint): number =>
    meter?.within(draft, draft.endNs < untilNs ? draft.endNs : untilNs) ?? 0;
  /** The plan behind an input, and how many clips it began. */
  const next = (input: PlanInput<null>): [PlanState<null>, readonly ClipDraft<null>[], number] => {
    const [state, outputs] = planClips(plan, input);
    const cut = outputs.flatMap((output) => (output.kind === 'cut' ? [output.draft] : []));
    return [state, cut, state.open.length + cut.length - plan.open.length];
  };
  const settle = (input: PlanInput<null>): number => {
    const [state, cut, begun] = next(input);
    plan = state;
    for (const draft of cut) {
      for (const { last, periodNs } of accounts) {
        const spent = spentIn(last, periodAt(draft.firstAtNs, periodNs));
        if (spent !== undefined) spent.bytes += bytesOf(draft, draft.endNs);
      }
    }
    return begun;
  };
  const isWithin = (
    one: Account,
    nowNs: bigint,
    ask: { begun: number; reserve: number },
  ): boolean => {
    const period = periodAt(nowNs, one.periodNs);
    const { clips, bytes } = spentIn(one.last, period) ?? { clips: 0, bytes: 0 };
    const left = clipsBeside(ask.reserve, one.most.clips);
    if (ask.begun > 0 && clips + ask.begun > left) return false;
    if (!Number.isFinite(one.most.bytes)) return true;
    const open = plan.open.filter((draft) => periodAt(draft.firstAtNs, one.periodNs) === period);
    const running = open.reduce((sum, draft) => sum + bytesOf(draft, nowNs), 0);
    return bytes + running < one.most.bytes * (1 - ask.reserve);
  };
  const spend = (atNs: bigint, begun: number): void => {
    for (const { last, periodNs } of accounts) {
      spendIn(last, periodAt(atNs, periodNs)).clips += begun;
    }
  };
  return {
    meter,
    admit(trigger, bypasses) {
      const input = { kind: 'trigger', trigger } as const;
      const [, , begun] = next(input);
      const ask = { begun, reserve: trigger.severity === 'critical' ? 0 : reserve };
      const isRoom = accounts.every((one) => isWithin(one, trigger.atNs, ask));
      if (!isRoom && !bypasses) return false;
      spend(trigger.atNs, settle(input));
      return true;
    },
    extend(ruleId, atNs, throughNs) {
      const before = plan.open.length;
      settle({ kind: 'extend', ruleId, atNs, throughNs });
      // Each part is of the period in which it begins.
      for (const { firstAtNs } of plan.open.slice(before)) spend(firstAtNs, 1);
    },
    pass(nowNs) {
      // Only behind whole seconds, whose bytes do not change any more: what a clip cost must not
      // depend on when it is asked.
      const watermarkNs = nowNs - (nowNs % secondNs);
      if (plan.open.length > 0) settle({ kind: 'time', watermarkNs });
      const reachNs = nowNs - longestPreNs;
      const openNs = neededFrom(plan) ?? reachNs;
      meter?.forget(openNs < reachNs ? openNs : reachNs);
    },
    jump() {
      settle({ kind: 'end' });
      meter?.clear();
    },
    save: (): Json => ({
      accounts: accounts.map(({ last }) =>
        latestFirst(last).flatMap(({ period, clips, bytes }) => [period, clips, bytes]),
      ),
      plan: savePlan(plan, () => null),
      bytes: meter?.save() ?? null,
    }),
    load(state) {
      const saved = state as { accounts: number[][]; plan: Json; bytes: Json };
      accounts.forEach((one, i) => {
        for (const [k, spent] of one.last.entries()) {
          const [period = 0, clips = 0, bytes = 0] = (saved.accounts[i] ?? []).slice(3 * k);
          Object.assign(spent, { period, clips, bytes });
        }
      });
      plan = loadPlan(saved.plan, () => null);
      meter?.load(saved.bytes);
    },
  };
}

function account(periodNs: number, most: Budget | undefined): Account | undefined {
  return most && { periodNs, most, last: nothingSpent() };
}
