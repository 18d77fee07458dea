/**
 * The pieces that the shape of a rule set is built of: texts, durations, sizes and names, each with
 * the pattern by which editors know it too.
 */
import * as z from 'zod/mini';
import * as limits from './limits.ts';

/** A copy that carries a description into the JSON Schema. */
export const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description));

export const text = (most: number): z.ZodMiniString =>
  z.string().check(z.minLength(1), z.maxLength(most));

/** Shapes as patterns, so that editors know them too; they run on short texts of ours only. */
const namePattern = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const idPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const durationPattern = /^(0|\d{1,12}(\.\d{1,9})?(ns|us|ms|s|m|h|d))$/;
/** Fewer digits in front of larger units: every size stays below 2^53 bytes. */
const sizePattern = new RegExp(
  `^(${[
    [15, 'B?'],
    [12, '(kB|KiB)'],
    [9, '(MB|MiB)'],
    [6, '(GB|GiB)'],
    [3, '(TB|TiB)'],
  ]
    .map(([digits, unit]) => `\\d{1,${digits}}(\\.\\d{1,6})?\\s?${unit}`)
    .join('|')})$`,
);
const hertzPattern = /^\d{1,6}(\.\d{1,6})?\s?Hz$/;
const percentPattern = /^(100|\d{1,2}(\.\d{1,3})?)\s?%$/;
const momentPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z)?$/;
const topicPattern = /^[^\s\p{Cc}]{1,256}$/u;

export const duration = z.string().check(z.regex(durationPattern));
export const size = z.string().check(z.regex(sizePattern));
export const hertz = z.string().check(z.regex(hertzPattern));
export const percent = z.string().check(z.regex(percentPattern));
/** A day or a moment of UTC. */
export const moment = z.string().check(z.regex(momentPattern));
export const topic = z.string().check(z.regex(topicPattern));
export const topics = z.array(topic).check(z.minLength(1), z.maxLength(limits.topics));
export const tag = z.string().check(z.regex(idPattern));
export const name = z.string().check(z.regex(namePattern));
export const id = z.string().check(z.regex(idPattern));
export const expression = text(limits.expressionCharacters);
