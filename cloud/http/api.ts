/** The whole API: every noun's operations behind one application. */
import type { Log } from '@fieldloop/core';
import { type AlertDeps, alertOperations } from '../alert/routes.ts';
import { annotationOperations } from '../annotation/routes.ts';
import { openAuthenticator } from '../auth/authenticator.ts';
import { type PeopleDeps, peopleOperations } from '../auth/operations.ts';
import { openWithin } from '../auth/within.ts';
import { caseOperations } from '../case/routes.ts';
import { type ChannelDeps, channelOperations } from '../channel/routes.ts';
import { openLinks } from '../blob/links.ts';
import { openRecordings } from '../blob/recordings/pool.ts';
import { publicViewers, type Viewers } from '../blob/viewers.ts';
import type { ClipDeps } from '../clip/deps.ts';
import { clipOperations } from '../clip/routes.ts';
import { commandOperations } from '../command/routes.ts';
import { cohortOperations } from '../cohort/routes.ts';
import { datasetOperations } from '../dataset/routes.ts';
import { type DeviceDeps, deviceOperations } from '../device/routes.ts';
import { enrolmentOperations } from '../enrolment/routes.ts';
import type { SigningDeps } from '../enrolment/sign.ts';
import { eventOperations } from '../event/routes.ts';
import { triageOperations } from '../triage/routes.ts';
import { failureOperations } from '../failure/routes.ts';
import { evaluationOperations } from '../evaluation/routes.ts';
import { exportOperations } from '../export/routes.ts';
import { lineageOperations } from '../lineage/routes.ts';
import { gateOperations } from '../gate/routes.ts';
import { modelOperations } from '../model/routes.ts';
import { operationOperations } from '../operation/routes.ts';
import { propertyOperations } from '../property/routes.ts';
import { artifactOperations } from '../artifact/routes.ts';
import { freezeOperations } from '../freeze/routes.ts';
import { releaseOperations } from '../release/routes.ts';
import { explainDecision } from '../rollout/explain.ts';
import { rolloutOperations } from '../rollout/routes.ts';
import { rolloutStore } from '../rollout/store.ts';
import { correctionOperations } from '../correction/routes.ts';
import { regionOperations } from '../region/routes.ts';
import { reviewOperations } from '../review/routes.ts';
import { ruleOperations } from '../rule/routes.ts';
import { runOperations } from '../run/routes.ts';
import { savedQueryOperations } from '../saved-query/routes.ts';
import { sessionOperations } from '../session/routes.ts';
import type { Db } from '../store/db.ts';
import { settingOnce } from '../store/settings.ts';
import { trainingOperations } from '../training/routes.ts';
import { type ClaimTokenDeps, claimTokenOperations } from '../token/routes.ts';
import { webhookOperations } from '../webhook/routes.ts';
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
    Pick<AlertDeps, 'freeBytes'>,
    Pick<ChannelDeps, 'outgoing'>,
    Pick<ClaimTokenDeps, 'enrolment'>,
    Omit<SigningDeps, keyof NounDeps> {
  readonly log: Log;
  /** Where clips are opened; the public ones unless a site has its own. */
  readonly viewers?: Viewers | undefined;
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

/** A decision of a rollout, decided again on what was recorded. */
const replayOf = (read: Db) => async (rollout: string, seq: bigint) => {
  const after = Number(seq) - 1;
  const [row] = await rolloutStore(read).decisions(rollout, { after, limit: 1 });
  return row?.seq === Number(seq) ? explainDecision(row) : undefined;
};

/** The cursors' key is made once and kept with the data: cursors outlive a restart. */
export async function openApi(deps: ApiDeps): Promise<Api> {
  const secret = (): string => Buffer.from(deps.randomBytes(32)).toString('base64url');
  const key = await settingOnce(deps.write, 'cursor_key', secret);
  const links = openLinks(await settingOnce(deps.write, 'link_key', secret));
  const recordings = openRecordings(deps);
  const noun = {
    ...deps,
    cursors: openCursors(key),
    links,
    recordings,
    viewers: deps.viewers ?? publicViewers,
  };
  const who = openAuthenticator(deps);
  const streams = await openStreams({ ...deps, authenticate: who });
  const operations = [
    ...statusOperations(deps),
    ...deviceOperations(noun),
    ...propertyOperations(noun),
    ...cohortOperations(noun),
    ...failureOperations(noun),
    ...triageOperations(noun),
    ...annotationOperations(noun),
    ...caseOperations(noun),
    ...correctionOperations(noun),
    ...reviewOperations(noun),
    ...regionOperations(noun),
    ...commandOperations(noun),
    ...sessionOperations(noun),
    ...clipOperations(noun),
    ...exportOperations(noun),
    ...datasetOperations(noun),
    ...lineageOperations({ ...noun, replay: replayOf(deps.read) }),
    ...trainingOperations(noun),
    ...modelOperations(noun),
    ...evaluationOperations(noun),
    ...eventOperations(noun),
    ...ruleOperations(noun),
    ...artifactOperations(noun),
    ...releaseOperations(noun),
    ...rolloutOperations(noun),
    ...freezeOperations(noun),
    ...savedQueryOperations(noun),
    ...alertOperations(noun),
    ...channelOperations(noun),
    ...webhookOperations(noun),
    ...claimTokenOperations(noun),
    ...enrolmentOperations(noun),
    ...(await peopleOperations(noun)),
    ...runOperations(noun),
    ...gateOperations(noun),
    ...operationOperations(noun),
    ...streams.operations,
  ];
  return {
    fetch: serve(deps, operations, who),
    operations,
    streams: () => streams.count(),
    async [Symbol.asyncDispose]() {
      await streams[Symbol.asyncDispose]();
      await recordings[Symbol.asyncDispose]();
    },
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
    keepWithin: openWithin(deps),
    write: deps.write,
    clock: deps.clock,
    ids: deps.ids,
    log: deps.log,
    rates: deps.rates ?? defaultRates,
    ...(deps.onAnswer === undefined ? {} : { onAnswer: deps.onAnswer }),
    ...(deps.checkAnswers === undefined ? {} : { checkAnswers: deps.checkAnswers }),
  });
