import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { PropertyDefinition, PropertyKind, PropertyValue } from './property.ts';

export interface NewDefinition {
  readonly id: string;
  readonly name: string;
  readonly kind: PropertyKind;
  readonly unit?: string | undefined;
  readonly allowed?: readonly PropertyValue[] | undefined;
  readonly description?: string | undefined;
  readonly at: number;
}

/** What may be changed of a definition; null takes it away. The kind of its values stays. */
export interface DefinitionPatch {
  readonly unit?: string | null | undefined;
  readonly allowed?: readonly PropertyValue[] | null | undefined;
  readonly description?: string | null | undefined;
}

/** What the properties of devices are called and which values they have. */
export const propertyDefinitionStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create(definition: NewDefinition): Promise<PropertyDefinition | undefined> {
    const { id, name, kind, unit, allowed, description, at } = definition;
    const row = await db
      .insertInto('property_definition')
      .values({
        id,
        name,
        kind,
        unit: unit ?? null,
        allowed: allowed === undefined ? null : JSON.stringify(allowed),
        description: description ?? null,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await putOutbox(db, { kind: 'property_definition.created', subject: id, at, body: { name } });
    return fromRow(row);
  },

  /** By id or by name. */
  async get(idOrName: string): Promise<PropertyDefinition | undefined> {
    const row = await db
      .selectFrom('property_definition')
      .selectAll()
      .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** In the order of names. */
  async list(query: {
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly PropertyDefinition[]> {
    let rows = db.selectFrom('property_definition').selectAll().orderBy('name').limit(query.limit);
    if (query.after !== undefined) rows = rows.where('name', '>', query.after);
    return (await rows.execute()).map(fromRow);
  },

  async change(
    known: PropertyDefinition,
    patch: DefinitionPatch,
    at: number,
  ): Promise<PropertyDefinition> {
    const { unit, allowed, description } = patch;
    const row = await db
      .updateTable('property_definition')
      .set({
        ...(unit === undefined ? {} : { unit }),
        ...(allowed === undefined
          ? {}
          : { allowed: allowed === null ? null : JSON.stringify(allowed) }),
        ...(description === undefined ? {} : { description }),
        updated_at: at,
        version: known.version + 1,
      })
      .where('id', '=', known.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const { id, name } = known;
    await putOutbox(db, { kind: 'property_definition.changed', subject: id, at, body: { name } });
    return fromRow(row);
  },

  async remove({ id, name }: Pick<PropertyDefinition, 'id' | 'name'>, at: number): Promise<void> {
    await db.deleteFrom('property_definition').where('id', '=', id).execute();
    await putOutbox(db, { kind: 'property_definition.deleted', subject: id, at, body: { name } });
  },

  /** Names of devices that hold a value of this property now; of those not in `allowed`. */
  async holders(
    key: string,
    options: { readonly allowed?: readonly PropertyValue[] | undefined; readonly limit: number },
  ): Promise<readonly string[]> {
    let rows = db
      .selectFrom('device_property')
      .innerJoin('device', 'device.id', 'device_property.device_id')
      .select('device.name')
      .where('device_property.key', '=', key)
      .orderBy('device.name')
      .limit(options.limit);
    const texts = options.allowed?.map(String);
    if (texts !== undefined && texts.length > 0) {
      rows = rows.where('device_property.text', 'not in', texts);
    }
    return (await rows.execute()).map(({ name }) => name);
  },
});

function fromRow(row: Row<'property_definition'>): PropertyDefinition {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as PropertyKind,
    ...(row.unit === null ? {} : { unit: row.unit }),
    ...(row.allowed === null ? {} : { allowed: JSON.parse(row.allowed) as PropertyValue[] }),
    ...(row.description === null ? {} : { description: row.description }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
