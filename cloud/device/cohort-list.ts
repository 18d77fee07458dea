/** The devices in a cohort. */
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { deviceSource } from '../http/q/sources/devices.ts';
import { cohortCondition, findCohort, unknownCohort } from '../store/cohort-ref.ts';
import { deviceJson, deviceSchema } from './json.ts';
import { devicesOf } from './rows.ts';

export const listCohortDevices = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCohortDevices',
      tag: 'cohorts',
      method: 'get',
      path: '/v1/cohorts/{id}/devices',
      summary: 'The devices that are in a cohort now',
      right: 'cohorts:read',
    },
    {
      params: z.strictObject({
        id: z.string().min(1).max(64).openapi({ description: 'Name or id of a cohort.' }),
      }),
      query: listQuery(deviceSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('DevicePage', deviceSchema),
      },
    },
    async ({ params, query }) => {
      const cohort = await findCohort(deps.read, params.id);
      if (cohort === undefined) throw unknownCohort(params.id);
      return await listPage(deps, query, {
        operation: `listCohortDevices ${cohort.id}`,
        source: deviceSource,
        rows: deps.read.selectFrom('device').selectAll('device'),
        schema: deviceSchema,
        where: (now) => [cohortCondition(cohort, now)],
        items: async (rows) => (await devicesOf(deps.read, rows)).map(deviceJson),
      });
    },
  );
