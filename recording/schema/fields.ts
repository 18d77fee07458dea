import * as limits from '../limits.ts';
import type { Channel } from '../types.ts';
import { openSchema } from './schema.ts';
import type { Shape, StructShape } from './shape.ts';
import type { FieldType } from './types.ts';

/** A field that a path can name; `[]` stands for the items of a list. */
export interface SchemaField {
  readonly path: string;
  readonly type: FieldType;
}

/**
 * The fields of a channel's messages, in the order of the schema: leaves, times both by themselves
 * and by their parts. Empty when nothing is known of them. Messages that contain themselves are
 * listed once. Fault `invalid` for a schema that cannot be read.
 */
export function schemaFields(channel: Channel): readonly SchemaField[] {
  const fields: SchemaField[] = [];
  list(openSchema(channel).shape, { path: '', open: [], fields });
  return fields;
}

interface Listing {
  readonly path: string;
  /** Messages that this path goes through. */
  readonly open: readonly string[];
  readonly fields: SchemaField[];
}

/** False behind a value whose end cannot be found: nothing more can be read. */
function list(shape: Shape, at: Listing): boolean {
  if (at.fields.length >= limits.listedFields || shape.kind === 'opaque') return false;
  if (shape.kind === 'leaf') at.fields.push({ path: at.path, type: shape.type });
  else if (shape.kind === 'list') return list(shape.item, { ...at, path: `${at.path}[]` });
  else if (shape.kind === 'struct') return listMembers(shape, at);
  return true;
}

function listMembers(shape: StructShape, at: Listing): boolean {
  if (at.open.includes(shape.name)) return true;
  if (shape.isTime) at.fields.push({ path: at.path, type: 'number' });
  const open = [...at.open, shape.name];
  for (const [name, member] of shape.members) {
    const path = at.path === '' ? name : `${at.path}.${name}`;
    if (!list(member, { ...at, path, open })) return false;
  }
  return true;
}
