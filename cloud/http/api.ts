/** The whole API: every noun's operations behind one application. */
import type { Log, RandomBytes } from '@fieldloop/core';
import { type ClipDeps, clipOperations } from '../clip/routes.ts';
import { commandOperations } from '../command/routes.ts';
import { type DeviceDeps, deviceOperations } from '../device/routes.ts';
import { eventOperations } from '../event/routes.ts';
import { apiKeyOperations } from '../key/routes.ts';
import { apiKeyStore } from '../key/store.ts';
import { operationOperations } from '../operation/routes.ts';
import { propertyOperations } from '../property/routes.ts';
import { sessionOperations } from '../session/routes.ts';
import { settingOnce } from '../store/settings.ts';
import { type ClaimTokenDeps, claimTokenOperations } from '../token/routes.ts';
import { type Answered, type Fetch, openApp } from './app.ts';
import { authenticate } from './auth.ts';
import type { Authenticate, Caller } from './caller.ts';
import type { NounDeps } from './deps.ts';
import type { Operation } from './operation.ts';
import { openCursors } from './page.ts';
import { type ApiRates, defaultRates } from './rate.ts';
import { processOperations, type StatusDeps, statusOperations } from './status.ts';
import { openStreams } from './stream.ts';

export interface ApiDeps
  extends Omit<NounDeps, 'cursors'>,
    StatusDeps,
    Pick<ClipDeps, 'bytes'>,
    Pick<DeviceDeps, 'onRevoked'>,
    Pick<ClaimTokenDeps, 'enrolment'> {
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  readonly rates?: ApiRates | undefined;
  readonly onAnswer?: ((answer: Answered) => void) | undefined;
  /** Checks each JSON answer against its schema: for tests. */
  readonly checkAnswers?: boolean;
}

export interface Api extends AsyncDisposable {
  /** Clients of the stream now. */
  readonly streams: () => number;
  readonly fetch: Fetch;
  readonly operations: readonly Operation[];
}

/** The cursors' key is made once and kept with the data: cursors outlive a restart. */
export async function openApi(deps: ApiDeps): Promise<Api> {
  const key = await settingOnce(deps.write, 'cursor_key', () =>
    Buffer.from(deps.randomBytes(32)).toString('base64url'),
  );
  const noun = { ...deps, cursors: openCursors(key) };
  const who = async (request: Request) => await callerByKey(deps, request);
  const streams = await openStreams({ ...deps, authenticate: who });
  const operations = [
    ...statusOperations(deps),
    ...deviceOperations(noun),
    ...propertyOperations(noun),
    ...commandOperations(noun),
    ...sessionOperations(noun),
    ...clipOperations(noun),
    ...eventOperations(noun),
    ...claimTokenOperations(noun),
    ...apiKeyOperations(noun),
    ...operationOperations(noun),
    ...streams.operations,
  ];
  return {
    fetch: serve(deps, operations, who),
    operations,
    streams: streams.count,
    [Symbol.asyncDispose]: async () => await streams[Symbol.asyncDispose](),
  };
}

/** Of a process that answers no people: whether it lives, and its figures. */
export function openProcessApi(deps: ApiDeps): Api {
  const operations = processOperations(deps);
  const who = async (request: Request) => await callerByKey(deps, request);
  return {
    fetch: serve(deps, operations, who),
    operations,
    streams: () => 0,
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

const serve = (
  deps: ApiDeps,
  operations: readonly Operation[],
  authenticateBy: Authenticate,
): Fetch =>
  openApp({
    operations,
    version: deps.version,
    authenticate: authenticateBy,
    write: deps.write,
    clock: deps.clock,
    ids: deps.ids,
    log: deps.log,
    rates: deps.rates ?? defaultRates,
    ...(deps.onAnswer === undefined ? {} : { onAnswer: deps.onAnswer }),
    ...(deps.checkAnswers === undefined ? {} : { checkAnswers: deps.checkAnswers }),
  });

async function callerByKey(deps: ApiDeps, request: Request): Promise<Caller | undefined> {
  const header = request.headers.get('authorization');
  if (header === null) return undefined;
  const { id, name, scopes } = await authenticate(header, {
    keys: apiKeyStore(deps.read),
    used: async (key, at) => await noteUse(deps, key, at),
    now: deps.clock.now(),
  });
  return { kind: 'key', id, name, scopes };
}

/** A read must not fail because its key's last use cannot be written. */
async function noteUse({ write, log }: ApiDeps, id: string, at: number): Promise<void> {
  try {
    await write.transaction().execute(async (trx) => await apiKeyStore(trx).used(id, at));
  } catch (error) {
    log.warn('the use of a key was not noted', { key: id, cause: error });
  }
}
