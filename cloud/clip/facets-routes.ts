/** Facets and histograms of clips. */
import { Fault } from '@fieldloop/core';
import { facetValues, histogramBins, maxFacetValues, maxHistogramBins } from '../limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { fieldOf } from '../http/q/check.ts';
import { openFilter } from '../http/q/filter.ts';
import { quoted } from '../http/q/quoted.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import { countFacets, type FacetCounts, type FacetName, facetNames } from './facets.ts';
import { countBins, type Histogram } from './histogram.ts';
import { clipFilterFields, clipNarrowing, plainFilter } from './list.ts';
import { timeRange } from '../http/fields.ts';

const countField = (name: string, most: number, usual: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/, `is not a number from 1 to ${most}`)
    .transform(Number)
    .refine((count) => count >= 1 && count <= most, `is not from 1 to ${most}`)
    .default(usual)
    .openapi({ type: 'integer', minimum: 1, maximum: most, default: usual, description: name });

const facetsSchema = z
  .object({
    facets: z.array(
      z.object({
        field: z.enum(facetNames),
        values: z.array(
          z.object({
            value: z.string(),
            count: z.int(),
            q: z.string().openapi({ description: 'The condition of this value.' }),
          }),
        ),
        other: z.int().openapi({ description: 'Counts of the values that are not shown.' }),
      }),
    ),
    partial: z
      .boolean()
      .openapi({ description: 'True: time ran out, and the oldest clips are not counted.' }),
  })
  .openapi('ClipFacets');

export const getClipFacets = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getClipFacets',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/facets',
      summary: 'How many clips have each device, rule, severity, tag, …',
      description:
        'Takes the conditions of the list. Each facet counts under all of them but those that are ' +
        'about itself. Answers within seconds: `partial` rather than late.',
      right: 'clips:read',
      faults: ['not_found'],
    },
    {
      query: z.strictObject({
        ...clipFilterFields,
        facet: z
          .array(z.enum(facetNames))
          .optional()
          .openapi({ description: 'Which facets; may repeat. All unless asked.' }),
        top: countField('Values of each facet.', maxFacetValues, facetValues),
      }),
      answer: { status: 200, description: 'The counts.', schema: facetsSchema },
    },
    async ({ query }) => {
      const now = deps.clock.now();
      const plain = clipNarrowing({
        ...(await plainFilter(deps, query)),
        ...timeRange(query, now),
      });
      const { q, saved, top } = query;
      const filter = await openFilter(deps.read, clipSource, { ...plain, now, q, saved });
      const wanted = query.facet ?? facetNames;
      const { counts, partial } = await countFacets(deps, filter, wanted);
      return {
        facets: wanted.map((field) => ({
          field,
          ...topOf(counts.get(field) ?? new Map<string, number>(), field, top),
        })),
        partial,
      };
    },
  );

/** The most frequent first, equal ones in the order of their texts. */
function topOf(counts: FacetCounts, field: FacetName, top: number) {
  const all = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return {
    values: all
      .slice(0, top)
      .map(([value, count]) => ({ value, count, q: `${field} = ${quoted(value)}` })),
    other: all.slice(top).reduce((sum, [, count]) => sum + count, 0),
  };
}

const edge = z.union([z.string(), z.number()]);

const histogramSchema = z
  .object({
    field: z.string(),
    bins: z.array(
      z.object({
        from: edge.openapi({ description: 'At or after; as the field is written in JSON.' }),
        to: edge.openapi({ description: 'Before.' }),
        count: z.int(),
      }),
    ),
    width: edge
      .optional()
      .openapi({ description: 'Of a bin, in ns for times. Absent without clips.' }),
    count: z.int().openapi({ description: 'Clips that have a value.' }),
    partial: z
      .boolean()
      .openapi({ description: 'True: time ran out, and the oldest clips are not counted.' }),
  })
  .openapi('ClipHistogram');

export const getClipHistogram = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getClipHistogram',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/histogram',
      summary: 'How many clips lie in each bin of time or of a number',
      description:
        'Takes the conditions of the list. Bins have a round width, lie beside each other and cover ' +
        'every clip; empty ones are there too.',
      right: 'clips:read',
      faults: ['not_found'],
    },
    {
      query: z.strictObject({
        ...clipFilterFields,
        field: z.string().min(1).max(160).default('startNs').openapi({
          description: 'A field of time or numbers.',
          example: 'scores.detector.entropy',
        }),
        bins: countField('About how many bins.', maxHistogramBins, histogramBins),
      }),
      answer: { status: 200, description: 'The bins.', schema: histogramSchema },
    },
    async ({ query }) => {
      const now = deps.clock.now();
      const found = numberField(query.field);
      const plain = clipNarrowing({
        ...(await plainFilter(deps, query)),
        ...timeRange(query, now),
      });
      const { q, saved } = query;
      const filter = await openFilter(deps.read, clipSource, { ...plain, now, q, saved });
      const histogram = await countBins(deps, filter, { ...found, bins: query.bins });
      return histogramJson(query.field, found.field.type, histogram);
    },
  );

function numberField(name: string) {
  const found = fieldOf(clipSource, name.split('.'));
  if (found?.field.place.number !== undefined && !['text', 'bool'].includes(found.field.type)) {
    return found;
  }
  const what = found === undefined ? 'there is no field' : 'no number is in the field';
  throw new Fault('invalid', `${what} "${name.slice(0, 80)}"`, {
    place: '/query/field',
    remedy: 'Name a field of time, size, duration or numbers, such as startNs or scores.NAME.',
  });
}

function histogramJson(field: string, type: string, { bins, width, partial }: Histogram) {
  const shown = (value: number | bigint): string | number => {
    if (type === 'ns') return String(value);
    if (type === 'instant') return instantText(Number(value));
    return type === 'duration' ? Number(value) / 1e6 : Number(value);
  };
  const wide = (value: number | bigint): string | number =>
    type === 'instant' ? String(BigInt(value) * 1_000_000n) : shown(value);
  return {
    field,
    bins: bins.map(({ from, to, count }) => ({ from: shown(from), to: shown(to), count })),
    ...(width === undefined ? {} : { width: wide(width) }),
    count: bins.reduce((sum, { count }) => sum + count, 0),
    partial,
  };
}
