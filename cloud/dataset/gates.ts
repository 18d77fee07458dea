/** What a dataset version must meet: one result a gate, with its reason and what helps. */
import type { GateRules } from '@fieldloop/learning';
import type { GateOutcome, GateResult } from './dataset.ts';
import { leastClassTasks } from '../annotation-limits.ts';
import { shownOffenders } from '../dataset-limits.ts';
import type { JudgedAgreement, LabelAgreement } from '../store/agreement.ts';

/** What a build found. */
export interface GateFacts {
  readonly openTasks: number;
  readonly items: number;
  /** Of the people who answered the tasks that items come from. */
  readonly agreement: LabelAgreement;
  /** Of train, by class of the ontology; those without an item stand with 0. */
  readonly trainClasses: Readonly<Record<string, number>>;
  readonly leaks: {
    readonly found: number;
    readonly dropped: number;
    readonly withoutEmbedding: number;
    readonly examples: readonly string[];
  };
  /** Groups that stand in two splits. */
  readonly torn: readonly string[];
  /** Groups that stand in another split than in the parent: which, from where, to where. */
  readonly moved: readonly { readonly group: string; readonly from: string; readonly to: string }[];
  readonly badClips: readonly { readonly clip: string; readonly why: string }[];
  readonly clips: number;
  readonly privacy: Readonly<Record<string, number>>;
  readonly residency: Readonly<Record<string, number>>;
  readonly test: number;
}

export const gateResults = (rules: GateRules, facts: GateFacts): readonly GateResult[] => [
  unresolved(rules, facts),
  agreement(rules, facts),
  classes(rules, facts),
  leaks(rules, facts),
  groups(facts),
  bytes(rules, facts),
  allowed('privacy', facts.privacy, rules.privacy),
  allowed('residency', facts.residency, rules.residency),
  testSize(rules, facts),
];

const result = (
  gate: string,
  outcome: GateOutcome,
  of: { readonly reason: string; readonly remedy?: string; readonly offenders?: readonly string[] },
): GateResult => {
  const { offenders, ...words } = of;
  const isShown = offenders !== undefined && offenders.length > 0;
  return {
    gate,
    outcome,
    ...words,
    ...(isShown ? { offenders: offenders.slice(0, shownOffenders) } : {}),
  };
};

function unresolved(rules: GateRules, { openTasks, items }: GateFacts): GateResult {
  if (items === 0) {
    return result('unresolved', 'fail', {
      reason: 'there is no item',
      remedy: 'Resolve tasks of its ontology, or import labels: fieldloop datasets import.',
    });
  }
  if (openTasks <= rules.unresolved) {
    return result('unresolved', 'pass', { reason: `${openTasks} tasks are open` });
  }
  return result('unresolved', 'fail', {
    reason: `${openTasks} tasks are open, ${rules.unresolved} may be`,
    remedy: 'Resolve or void them, or build from the batches that are done.',
  });
}

/**
 * All classes together by alpha itself; one class fails only where its whole interval is too low,
 * and of a class that was hardly ever said nothing is known: that warns.
 */
function agreement(
  rules: GateRules,
  { agreement: { figures, unmeasured } }: GateFacts,
): GateResult {
  const all = figures.filter((one) => one.class === undefined && one.alpha !== undefined);
  const unknown = `${unmeasured} items have no two blind answers`;
  if (all.length === 0) {
    return result('alpha', unmeasured === 0 && figures.length === 0 ? 'pass' : 'inconclusive', {
      reason: `alpha is undefined: ${figures.length === 0 ? unknown : 'one class alone was said'}`,
      remedy: 'Let two people label some of them, of more than one class.',
    });
  }
  const { fail, warn } = rules.alpha;
  const gated = (gate: JudgedAgreement['gate']) => figures.filter((one) => one.gate === gate);
  const said = [
    ...all.map((one) => `alpha is ${alphaText(one)}`),
    ...[...gated('block')].map((one) => `${nameOf(one)} is below ${fail}: ${alphaText(one)}`),
    ...[...gated('warn')].map((one) => `${nameOf(one)} is below ${warn}: ${alphaText(one)}`),
    ...gated('few').map(
      (one) => `too few to tell of ${nameOf(one)}: ${one.tasks} tasks of ${leastClassTasks}`,
    ),
    ...(unmeasured === 0 ? [] : [unknown]),
  ];
  const reason = said.join('; ');
  if (gated('block').length > 0 || gated('warn').length > 0) {
    return result('alpha', gated('block').length > 0 ? 'fail' : 'warn', {
      reason,
      remedy: 'Look at what people confuse there; make the guide of the ontology clearer.',
      offenders: [...gated('block'), ...gated('warn')].map(nameOf),
    });
  }
  if (gated('few').length === 0) return result('alpha', 'pass', { reason });
  return result('alpha', 'warn', {
    reason,
    remedy: 'Label more of these classes, or ask triage for them by name.',
    offenders: gated('few').map(nameOf),
  });
}

const nameOf = (one: JudgedAgreement): string => one.class ?? `all of ${one.type}`;

function alphaText({ alpha = Number.NaN, low, high, tasks, type }: JudgedAgreement): string {
  const interval =
    low === undefined || high === undefined ? '' : ` (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `${alpha.toFixed(3)}${interval} on ${tasks} tasks of ${type}`;
}

function classes({ classMinimum }: GateRules, { trainClasses }: GateFacts): GateResult {
  const few = Object.entries(trainClasses).filter(([, count]) => count < classMinimum);
  const said = few.map(([name, count]) => `${name} ${count}`);
  if (few.length === 0) {
    return result('classes', 'pass', { reason: `every class has ${classMinimum} items to train` });
  }
  return result('classes', 'fail', {
    reason: `below ${classMinimum} items to train: ${said.slice(0, shownOffenders).join(', ')}`,
    remedy: 'Label more of them, or ask triage for them by name.',
    offenders: few.map(([name]) => name),
  });
}

function leaks({ leakCosine, onLeak }: GateRules, { leaks: found, torn }: GateFacts): GateResult {
  if (torn.length > 0) {
    return result('leak', 'fail', {
      reason: `${torn.length} groups stand in two splits`,
      remedy: 'This is a bug of the split: report it with the version.',
      offenders: torn,
    });
  }
  if (leakCosine === null) {
    return result('leak', 'warn', {
      reason: 'near-equal items across splits are not looked for',
      remedy: 'Set gates.leakCosine, such as .98.',
    });
  }
  const blind = `${found.withoutEmbedding} items have no embedding`;
  const of = { offenders: found.examples };
  if (found.found === 0 || onLeak === 'drop') {
    const left = `${found.dropped} near-equal items were left out`;
    return result('leak', 'pass', { ...of, reason: `0 pairs across splits; ${left}; ${blind}` });
  }
  return result('leak', 'fail', {
    ...of,
    reason: `${found.found} items have a near-equal one across splits (cosine ${leakCosine}); ${blind}`,
    remedy: 'Leave them out with gates.onLeak "drop", or split by site.',
  });
}

function groups({ moved }: GateFacts): GateResult {
  if (moved.length === 0) {
    return result('groups', 'pass', { reason: 'no group moved since the parent' });
  }
  const heldOut = moved.filter(({ to }) => to === 'regression').length;
  return result('groups', heldOut === moved.length ? 'warn' : 'fail', {
    reason:
      heldOut === moved.length
        ? `${heldOut} groups are held out that the parent had in another split`
        : `${moved.length - heldOut} groups moved to another split since the parent`,
    remedy:
      heldOut === moved.length
        ? 'Models of the parent have seen them: hold out a drive that no version trained on.'
        : 'Keep the split rule of a data set, or begin another one.',
    offenders: moved.map(({ group, from, to }) => `${group}: ${from} > ${to}`),
  });
}

function bytes(rules: GateRules, { badClips, clips }: GateFacts): GateResult {
  const how = rules.bytes === 'hashed' ? 'there and match their hash' : 'there';
  if (badClips.length === 0) {
    return result('bytes', 'pass', { reason: `the bytes of ${clips} clips are ${how}` });
  }
  return result('bytes', 'fail', {
    reason: `the bytes of ${badClips.length} of ${clips} clips are not ${how}`,
    remedy: 'Pull them again (fieldloop clips pull), or supersede their labels.',
    offenders: badClips.map(({ clip, why }) => `${clip}: ${why}`),
  });
}

function allowed(
  gate: string,
  counts: Readonly<Record<string, number>>,
  may: readonly string[] | null,
): GateResult {
  const names = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const wrong = Object.keys(counts).filter((name) => may !== null && !may.includes(name));
  if (wrong.length === 0) {
    return result(gate, 'pass', { reason: names.join(', ') || 'nothing to look at' });
  }
  return result(gate, 'fail', {
    reason: `not allowed here: ${wrong.map((name) => `${name} ${counts[name] ?? 0}`).join(', ')}`,
    remedy: `Allowed are ${(may ?? []).join(', ')}: leave these clips out, or change the data set.`,
    offenders: wrong,
  });
}

/** At 10 % discordant pairs, 80 % power and a two-sided 5 % test (normal approximation). */
export function smallestDifference(n: number): number {
  return (1.959964 + 0.841621) * Math.sqrt(0.1 / n);
}

function testSize({ testMinimum }: GateRules, { test }: GateFacts): GateResult {
  const points = (n: number): string => `${(100 * smallestDifference(n)).toFixed(1)} points`;
  const seen = test === 0 ? 'no difference can be seen' : `it shows differences of ${points(test)}`;
  if (test >= testMinimum) {
    return result('test', 'pass', { reason: `${test} items of the audit; ${seen}` });
  }
  return result('test', 'inconclusive', {
    reason: `${test} items of the audit, ${testMinimum} wanted; ${seen}`,
    remedy: `Label more of the audit lane; with ${testMinimum} it shows ${points(testMinimum)}.`,
  });
}
