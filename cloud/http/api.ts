/** The whole API: every noun's operations behind one application. */
import type { Log } from '@fieldloop/core';
import { openAuthenticator } from '../auth/authenticator.ts';
import { type PeopleDeps, peopleOperations } from '../auth/operations.ts';
import { type ClipDeps, clipOperations } from '../clip/routes.ts';
import { commandOperations } from '../command/routes.ts';
import { type DeviceDeps, deviceOperations } from '../device/routes.ts';
import { eventOperations } from '../event/routes.ts';
import { operationOperations } from '../operation/routes.ts';
import { propertyOperations } from '../property/routes.ts';
import { sessionOperations } from '../session/routes.ts';
import { settingOnce } from '../store/settings.ts';
import { type ClaimTokenDeps, claimTokenOperations } from '../token/routes.ts';
import { type Answered, type Fetch, openApp } from './app.ts';
import type { Authenticate } from './caller.ts';
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
    Omit<PeopleDeps, 'cursors'>,
    Pick<ClaimTokenDeps, 'enrolment'> {
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
  const who = openAuthenticator(deps);
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
    ...(await peopleOperations(noun)),
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
  const who = openAuthenticator(deps);
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
