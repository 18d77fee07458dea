/**
 * The clip's own channels: JSON with a JSON Schema, because values and labels are of whatever names
 * and types a rule has, and any MCAP tool shows them. A verdict is a `foxglove.Log` with more
 * fields, so that Foxglove and Lichtblick list it in their Log panel
 * (docs.foxglove.dev/docs/sdk/schemas/log).
 */
import { canonicalJson, type Json } from '@fieldloop/core';
import type { Channel } from '../types.ts';

/** A line on one of the clip's own channels: JSON with its moment as log time. */
export interface ClipNote {
  readonly atNs: bigint;
  readonly document: Json;
}

export const markersTopic = '/fieldloop/markers';
export const scoresTopic = '/fieldloop/scores';

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const integer = { type: 'integer' } as const;

const schemas: Readonly<Record<string, { readonly name: string; readonly schema: Json }>> = {
  [markersTopic]: {
    name: 'foxglove.Log',
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'foxglove.Log',
      description: 'A verdict: the rule that fired, when, and the values it saw.',
      type: 'object',
      properties: {
        timestamp: { type: 'object', properties: { sec: integer, nsec: integer } },
        level: { ...integer, description: '2 info, 3 warning, 4 error (a critical rule).' },
        message: { ...text, description: 'Why the rule is there, or its expression.' },
        name: { ...text, description: 'The rule.' },
        file: { ...text, description: 'Its rule set and version.' },
        line: integer,
        rule: text,
        ruleSet: text,
        version: integer,
        ruleSetDigest: text,
        severity: text,
        why: text,
        atNs: { type: 'string', description: 'Log time in ns, decimal.' },
        expression: text,
        values: { type: 'object' },
      },
    },
  },
  [scoresTopic]: {
    name: 'fieldloop.Score',
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'fieldloop.Score',
      description: 'Numbers that a model gave a moment.',
      type: 'object',
      properties: {
        scorer: text,
        topic: { type: 'string', description: 'Of the frame that was scored.' },
        atNs: { type: 'string', description: 'Log time in ns, decimal.' },
        values: { type: 'object', additionalProperties: number },
        topClass: text,
        probabilities: {
          type: 'array',
          items: number,
          description: 'One a class, in the order of the model; absent above 64 classes.',
        },
        embedding: {
          type: 'string',
          contentEncoding: 'base64',
          description: 'Single-precision numbers, little endian, at most 1,024.',
        },
        boxes: {
          type: 'array',
          items: { type: 'object' },
          description: 'Of a detector: class, score, x, y, width, height in shares of the image.',
        },
        latencyMs: number,
        modelSha256: text,
        documentSha256: text,
      },
    },
  },
};

/** The channel for a topic of ours under an id that the source does not use. */
export function noteChannel(topic: string, id: number): Channel {
  const known = schemas[topic];
  const name = known?.name ?? 'fieldloop.Note';
  const data = new TextEncoder().encode(canonicalJson(known?.schema ?? { type: 'object' }));
  return {
    id,
    topic,
    messageEncoding: 'json',
    metadata: new Map(),
    schema: { name, encoding: 'jsonschema', data },
    latched: false,
  };
}

export function noteBytes(note: ClipNote): Uint8Array {
  return new TextEncoder().encode(canonicalJson(note.document));
}
