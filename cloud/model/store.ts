import type { Json } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Model } from './model.ts';

/** Null takes a note away; absent stays. */
export async function changeModel(
  trx: Db,
  known: Model,
  {
    note,
    declaration,
  }: { readonly note?: string | null | undefined; readonly declaration?: Json | undefined },
  at: number,
): Promise<void> {
  await trx
    .updateTable('model')
    .set({
      ...(note === undefined ? {} : { note }),
      ...(declaration === undefined ? {} : { declaration: JSON.stringify(declaration) }),
      updated_at: at,
      version: known.version + 1,
    })
    .where('id', '=', known.id)
    .execute();
  const body = { model: known.name };
  await putOutbox(trx, { kind: 'model.changed', subject: known.id, at, body });
}
