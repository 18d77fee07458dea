import { listName } from '../http/deps.ts';
import { deviceRefField, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import type { Db } from '../store/db.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { enrolmentJson, enrolmentSchema } from './json.ts';
import { type SigningDeps, signRequest } from './sign.ts';
import { enrolmentStore } from './store.ts';

const page = z
  .object({ items: z.array(enrolmentSchema), nextCursor: z.string().optional() })
  .openapi('EnrolmentPage');

export type EnrolmentPage = z.infer<typeof page>;

/** Each certificate that a robot got, with what became of it. */
export const enrolmentOperations = (deps: SigningDeps): readonly Operation[] => [
  operation(
    {
      id: 'listEnrolments',
      tag: 'enrolments',
      method: 'get',
      path: '/v1/enrolments',
      summary: 'Every certificate that a robot got, the newest first',
      right: 'devices:read',
      faults: ['not_found'],
    },
    {
      query: z.strictObject({ device: deviceRefField.optional(), ...pageFields }),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query }) => {
      const list = listName('listEnrolments', query);
      const { limit, cursor } = query;
      const [at, last] = cursor === undefined ? [] : deps.cursors.decode(list, cursor);
      const device = query.device && (await nameOf(deps.read, query.device));
      const rows = await enrolmentStore(deps.read).list({
        device,
        after: at === undefined ? undefined : { at: Number(at), fingerprint: last ?? '' },
        limit: limit + 1,
      });
      return pageOf(rows, limit, {
        item: (one) => enrolmentJson(one, deps.clock.now()),
        cursor: (one) => deps.cursors.encode(list, [String(one.issuedAt), one.fingerprint]),
      }) as EnrolmentPage;
    },
  ),
  signRequest(deps),
];

async function nameOf(db: Db, nameOrId: string): Promise<string> {
  const row = await db
    .selectFrom('device')
    .select('name')
    .where((of) => of.or([of('id', '=', nameOrId), of('name', '=', nameOrId)]))
    .executeTakeFirst();
  if (row === undefined) throw unknownDevice(nameOrId);
  return row.name;
}
