/** A hold (`for`) that ageing or a momentary function may break. */
import { formatDurationNs } from '@fieldloop/core';
import { type Checked, isMomentAlone, partsOf } from './cel/checked.ts';
import type { RuleContext } from './rule-context.ts';
import type { Path } from './yaml-source.ts';

export function checkHold(
  condition: Checked,
  forNs: bigint,
  path: Path,
  context: RuleContext,
): void {
  if (forNs === 0n) return;
  const place = [...path, 'for'];
  const hold = formatDurationNs(forNs);
  if (isMomentAlone(condition)) {
    const message = 'changed, rise and fall are true at one moment and do not hold';
    const remedy = `Remove for: ${hold}, or use once(…).`;
    context.report.warn(place, 'hold', message, remedy);
  }
  const maxAgeOf = (name: string): number => {
    const signal = context.scope.signal(name);
    return signal === 'broken' ? never : (signal?.maxAgeNs ?? never);
  };
  for (const [name, { ageNs, silenceNs }] of silencesOf(condition, maxAgeOf)) {
    if (silenceNs >= Number(forNs) || isScoredWithin(name, silenceNs, context)) continue;
    const age = formatDurationNs(BigInt(ageNs));
    const silence = formatDurationNs(BigInt(silenceNs));
    const message = `for ${hold} is longer than the maxAge of ${name}, ${age}`;
    const remedy = `It holds only while messages come at least every ${silence}; raise maxAge if they do not.`;
    context.report.warn(place, 'hold', message, remedy);
  }
}

/** A model says how often it scores: what is older was missed, and ought to break the hold. */
function isScoredWithin(name: string, silenceNs: number, { scope }: RuleContext): boolean {
  const signal = scope.signal(name);
  return signal !== 'broken' && signal?.everyNs !== undefined && signal.everyNs <= silenceNs;
}

const never = Number.POSITIVE_INFINITY;

interface Silence {
  readonly ageNs: number;
  /** How long the condition stays known without a message of the signal. */
  readonly silenceNs: number;
}

/** Of each signal that the condition reads, the shortest silence that makes it unknown. */
function silencesOf(
  condition: Checked,
  maxAgeOf: (signal: string) => number,
): ReadonlyMap<string, Silence> {
  const shortest = new Map<string, Silence>();
  const visit = (term: Checked, longer: (ns: number) => number): void => {
    const name = term.kind === 'signal' ? term.name : term.kind === 'fold' ? term.signal : '';
    if (name !== '') {
      const ageNs = maxAgeOf(name);
      const silenceNs = longer(ageNs);
      if (silenceNs < (shortest.get(name)?.silenceNs ?? never)) {
        shortest.set(name, { ageNs, silenceNs });
      }
    }
    for (const part of partsOf(term)) visit(part, (ns) => longer(rememberedNs(term, ns)));
  };
  visit(condition, (ns) => ns);
  return shortest;
}

/** How long a term stays known when what it remembers becomes unknown after `ns`. */
function rememberedNs(term: Checked, ns: number): number {
  if (term.kind !== 'memory') return ns;
  const { fn, windowNs = 0 } = term;
  switch (fn) {
    case 'once':
      return ns + windowNs;
    case 'min':
    case 'max':
    case 'avg':
    case 'p':
    case 'drop':
      return Math.max(ns, windowNs);
    case 'prev':
    case 'changed':
    case 'rise':
    case 'fall':
    case 'count':
    case 'zscore':
      return never;
    case 'held':
    case 'rate':
    case 'age':
    case 'gap':
    case 'lowest':
    case 'highest':
      return ns;
  }
}
