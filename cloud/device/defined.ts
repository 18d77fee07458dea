/** Whether values of properties fit what people defined. */
import { checkProperty, type PropertyKind, type PropertyValue } from '../property/property.ts';
import type { Db } from '../store/db.ts';

/** Fault `invalid` for the first value whose property is not defined or does not allow it. */
export async function demandDefined(
  db: Db,
  values: Readonly<Record<string, PropertyValue | null>>,
): Promise<void> {
  const keys = Object.keys(values);
  if (keys.length === 0) return;
  const rows = await db.selectFrom('property_definition').selectAll().orderBy('name').execute();
  const definitions = rows.map((row) => ({
    id: row.id,
    name: row.name,
    kind: row.kind as PropertyKind,
    ...(row.allowed === null ? {} : { allowed: JSON.parse(row.allowed) as PropertyValue[] }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  }));
  for (const [key, value] of Object.entries(values)) {
    // Whatever it is, it may be taken away.
    if (value !== null) checkProperty(definitions, key, value);
  }
}
