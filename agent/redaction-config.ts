/** `redaction:` of agent.yaml: which topics are changed before anything of them is written. */
import {
  type RedactionPolicy,
  redactionPolicy,
  type RedactionRule,
} from './clip/redaction-policy.ts';
import { maxRedactions } from './clip-limits.ts';
import { patternFault } from '@fieldloop/rules/topics';
import * as z from 'zod';
import { complain } from './document.ts';

const path = z.string().min(1).max(256);

const rule = z
  .strictObject({
    topic: path,
    transform: z.enum(['drop', 'blur', 'coarse-position']),
    model: z.string().min(1).max(64).optional(),
    decimals: z.int().min(0).max(6).optional(),
    fields: z.tuple([path, path]).optional(),
  })
  .check((context) => {
    const { topic, transform, model, decimals, fields } = context.value;
    const fault = patternFault(topic);
    // A pattern that never fits would let through what it is there to hide.
    if (fault !== undefined) complain(context, { ...fault, path: ['topic'] });
    const only = (key: string, given: unknown, of: string): void => {
      if (given === undefined || transform === of) return;
      const message = `"${key}" belongs to the transform ${of}`;
      complain(context, { message, remedy: 'Remove it, or choose that transform.', path: [key] });
    };
    only('model', model, 'blur');
    only('decimals', decimals, 'coarse-position');
    only('fields', fields, 'coarse-position');
  });

export const redactionSchema = z
  .strictObject({
    topics: z.array(rule).max(maxRedactions).default([]),
    embeddings: z.enum(['leave-out', 'keep']).default('leave-out'),
  })
  .prefault({});

/** 0.001 degrees are about 110 m. */
const usualDecimals = 3;

export function redactionOf({
  topics,
  embeddings,
}: z.infer<typeof redactionSchema>): RedactionPolicy {
  return redactionPolicy(
    topics.map(({ topic, transform, model, decimals, fields }): RedactionRule => {
      if (transform === 'drop') return { topic, transform };
      if (transform === 'blur') {
        return model === undefined ? { topic, transform } : { topic, transform, model };
      }
      return {
        topic,
        transform,
        decimals: decimals ?? usualDecimals,
        fields: fields ?? ['latitude', 'longitude'],
      };
    }),
    embeddings === 'keep',
  );
}
