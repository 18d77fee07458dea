/** What a dataset version must meet: one result a gate, with its reason and what helps. */
import type { GateRules } from '@fieldloop/learning';
import type { GateOutcome, GateResult } from './dataset.ts';
import { shownOffenders } from '../dataset-limits.ts';

/** What a build found. */
export interface GateFacts {
  readonly openTasks: number;
  readonly items: number;
  /** Agreement of the tasks that items come from: by type and class, weighted by items. */
  readonly alphas: readonly {
    readonly what: string;
    readonly alpha: number;
    readonly items: number;
  }[];
  /** Items without an alpha: imported, or one class alone. */
  readonly alphaUndefined: number;
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

function agreement(rules: GateRules, { alphas, alphaUndefined }: GateFacts): GateResult {
  const [worst] = alphas.toSorted((a, b) => a.alpha - b.alpha);
  if (worst === undefined) {
    return result('alpha', alphaUndefined === 0 ? 'pass' : 'inconclusive', {
      reason: `alpha is undefined: no item of ${alphaUndefined} has one`,
      remedy: 'Let two people label some of them, of more than one class.',
    });
  }
  const { fail, warn } = rules.alpha;
  const reason = `alpha is ${worst.alpha.toFixed(3)} for ${worst.what} (${worst.items} items)`;
  const remedy = 'Look at what people confuse there; make the guide of the ontology clearer.';
  if (worst.alpha < fail) {
    return result('alpha', 'fail', { reason: `${reason}, below ${fail}`, remedy });
  }
  if (worst.alpha < warn) {
    return result('alpha', 'warn', { reason: `${reason}, below ${warn}`, remedy });
  }
  return result('alpha', 'pass', { reason });
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
