/** Sparse items: `fields=device,startNs` answers with these fields and the id alone. */
import { didYouMean, Fault } from '@fieldloop/core';
import { maxSparseFields } from '../limits.ts';
import { z } from './openapi.ts';

export type Sparse = Readonly<Record<string, unknown>>;

export const listFields = z.string().min(1).max(1024).optional().openapi({
  description: 'Names of fields, with commas between them: items have these and the id alone.',
  example: 'device,startNs',
});

/** An item of which any field but the id may be missing. */
export function sparseOf(item: z.ZodObject): z.ZodObject {
  const partial = item.partial();
  return item.shape['id'] === undefined ? partial : partial.required({ id: true });
}

/** Takes the asked fields out of an item. Fault `invalid` for a name that the schema lacks. */
export function thinned(text: string, schema: z.ZodObject): (item: Sparse) => Sparse {
  const known = Object.keys(schema.shape);
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined || names.length > maxSparseFields) {
    const what =
      strange === undefined
        ? `more than ${maxSparseFields} fields are asked for`
        : `there is no field "${strange.slice(0, 64)}" in the items of this list.`;
    throw new Fault('invalid', `${what}${didYouMean(strange ?? '', known)}`, {
      place: '/query/fields',
      remedy: `Choose from: ${known.join(', ')}.`,
    });
  }
  const wanted = new Set(['id', ...names]);
  return (item) => Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
}
