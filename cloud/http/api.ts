/** The whole API: every noun's operations behind one application. */
import type { Log, RandomBytes } from '@fieldloop/core';
import { type ClipDeps, clipOperations } from '../clip/routes.ts';
import { type DeviceDeps, deviceOperations } from '../device/routes.ts';
import { eventOperations } from '../event/routes.ts';
import { apiKeyOperations } from '../key/routes.ts';
import { apiKeyStore } from '../key/store.ts';
import { sessionOperations } from '../session/routes.ts';
import { settingOnce } from '../store/settings.ts';
import { type ClaimTokenDeps, claimTokenOperations } from '../token/routes.ts';
import { type Fetch, openApp } from './app.ts';
import type { NounDeps } from './deps.ts';
import type { Operation } from './operation.ts';
import { openCursors } from './page.ts';
import { type StatusDeps, statusOperations } from './status.ts';

export interface ApiDeps
  extends Omit<NounDeps, 'cursors'>,
    StatusDeps,
    Pick<ClipDeps, 'bytes'>,
    Pick<DeviceDeps, 'onRevoked'>,
    Pick<ClaimTokenDeps, 'enrolment'> {
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  /** Checks each JSON answer against its schema: for tests. */
  readonly checkAnswers?: boolean;
}

export interface Api {
  readonly fetch: Fetch;
  readonly operations: readonly Operation[];
}

/** The cursors' key is made once and kept with the data: cursors outlive a restart. */
export async function openApi(deps: ApiDeps): Promise<Api> {
  const key = await settingOnce(deps.write, 'cursor_key', () =>
    Buffer.from(deps.randomBytes(32)).toString('base64url'),
  );
  const noun = { ...deps, cursors: openCursors(key) };
  const operations = [
    ...statusOperations(deps),
    ...deviceOperations(noun),
    ...sessionOperations(noun),
    ...clipOperations(noun),
    ...eventOperations(noun),
    ...claimTokenOperations(noun),
    ...apiKeyOperations(noun),
  ];
  const fetch = openApp({
    operations,
    version: deps.version,
    keys: apiKeyStore(deps.read),
    keyUsed: async (id, at) => await noteUse(deps, id, at),
    clock: deps.clock,
    ids: deps.ids,
    log: deps.log,
    ...(deps.checkAnswers === undefined ? {} : { checkAnswers: deps.checkAnswers }),
  });
  return { fetch, operations };
}

/** A read must not fail because its key's last use cannot be written. */
async function noteUse({ write, log }: ApiDeps, id: string, at: number): Promise<void> {
  try {
    await write.transaction().execute(async (trx) => await apiKeyStore(trx).used(id, at));
  } catch (error) {
    log.warn('the use of a key was not noted', { key: id, cause: error });
  }
}
