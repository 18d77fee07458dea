/** Which artifacts a device may have: those that its own desired documents name. Reads only. */
import { artifactsOf, desiredModelsSchema } from '@fieldloop/proto';
import type { Db } from './db.ts';
import { listDesired } from './desired.ts';

export async function namesArtifact(db: Db, device: string, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('device')
    .select('id')
    .where('name', '=', device)
    .executeTakeFirst();
  if (row === undefined) return false;
  const sections = await listDesired(db, row.id);
  const models = sections.find(({ section }) => section === 'models');
  // A document that no robot could read names nothing.
  const { data } = desiredModelsSchema.safeParse(models?.document);
  return data !== undefined && artifactsOf(data).some((one) => one.sha256 === sha256);
}
