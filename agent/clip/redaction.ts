/**
 * Keeps a policy: before a byte of a topic that must not leave the robot as it is is written
 * anywhere it is changed, or the topic is left out.
 */
import type { Channel, Redact } from '@fieldloop/recording';
import { inputTopicsOf, type RuleSet, topicFits } from '@fieldloop/rules';
import type { ScoreRecord } from '../score/scoring.ts';
import { coarsePosition } from './redact-position.ts';
import { type Pictures, veiledImage } from './redact-image.ts';
import type { RedactionPolicy, RedactionRule } from './redaction-policy.ts';

/** A topic that could not be changed as ordered; its clip is cut again without it. */
export class RedactionFailed extends Error {
  readonly topic: string;
  readonly why: string;

  constructor(topic: string, why: string) {
    super(`${topic}: ${why}`);
    this.topic = topic;
    this.why = why;
  }
}

export interface RedactionDeps {
  readonly pictures: Pictures;
}

/** `*` alone is every topic, as in a capture. */
export const isRedactedBy = ({ topic: pattern }: RedactionRule, topic: string): boolean =>
  pattern === '*' || topicFits(pattern, topic);

const ruleFor = (rules: readonly RedactionRule[], topic: string): RedactionRule | undefined =>
  rules.find((rule) => isRedactedBy(rule, topic));

/** The change of one topic's messages. What it throws is a `RedactionFailed`. */
export function redactOf(rule: RedactionRule, deps: RedactionDeps): Redact {
  const change = changeOf(rule, deps);
  return async (data, channel) => {
    try {
      // A copy of its own: a Node buffer may be a part of a larger one.
      return await change(new Uint8Array(data), channel);
    } catch (error) {
      throw new RedactionFailed(channel.topic, error instanceof Error ? error.message : 'failed');
    }
  };
}

function changeOf(rule: RedactionRule, { pictures }: RedactionDeps): Redact {
  switch (rule.transform) {
    case 'drop':
      return () => {
        throw new Error('its topic is left out');
      };
    case 'blur':
      return (data, channel) => veiledImage({ data, channel, model: rule.model }, pictures);
    case 'coarse-position':
      return (data, channel) => coarsePosition(data, channel, rule);
  }
}

/** A score of a blurred camera shows nobody; one of another topic may be what is hidden. */
const hidesScores = (rule: RedactionRule | undefined): boolean =>
  rule !== undefined && rule.transform !== 'blur';

/** Signals, and models by their ids, whose values would tell what their topic must not. */
export function hiddenSignals(
  policy: RedactionPolicy | undefined,
  ruleSet: Pick<RuleSet, 'signals' | 'models'>,
): ReadonlySet<string> {
  if (policy === undefined) return new Set();
  const { rules } = policy;
  const signals = ruleSet.signals.filter(({ topic }) => ruleFor(rules, topic) !== undefined);
  const models = ruleSet.models.filter((model) =>
    inputTopicsOf(model).some((topic) => hidesScores(ruleFor(rules, topic))),
  );
  return new Set([...signals.map(({ name }) => name), ...models.map(({ id }) => id)]);
}

/** Scores as they may leave the robot: much of an image can be made again of its embedding. */
export function redactedScores(
  policy: RedactionPolicy | undefined,
  scores: readonly ScoreRecord[],
): readonly ScoreRecord[] {
  if (policy === undefined) return scores;
  const { rules, keepsEmbeddings } = policy;
  return scores.flatMap((score) => {
    const fitting = [score.topic, ...(score.moreTopics ?? [])].map((topic) =>
      ruleFor(rules, topic),
    );
    if (fitting.some(hidesScores)) return [];
    if (keepsEmbeddings || fitting.every((rule) => rule === undefined)) return [score];
    const { embedding: _, ...rest } = score;
    return [rest];
  });
}

/** What a policy does to the topics of a session. */
export interface Redacting {
  /** By exact topic name. */
  readonly redact: ReadonlyMap<string, Redact>;
  readonly without: ReadonlySet<string>;
  /** All that are touched. */
  readonly topics: readonly string[];
}

export function redacting(
  rules: readonly RedactionRule[],
  channels: Iterable<Pick<Channel, 'topic'>>,
  deps: RedactionDeps,
): Redacting {
  const redact = new Map<string, Redact>();
  const without = new Set<string>();
  for (const { topic } of channels) {
    const rule = ruleFor(rules, topic);
    if (rule === undefined) continue;
    if (rule.transform === 'drop') without.add(topic);
    else redact.set(topic, redactOf(rule, deps));
  }
  return { redact, without, topics: [...redact.keys(), ...without] };
}
