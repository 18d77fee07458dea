/**
 * Goal: whatever the API can do, the command line can do.
 * Method: walk the OpenAPI document against a table of commands, both ways: an operation without a
 * command and a command that the table does not know fail.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiWorld } from '@fieldloop/cloud/sample';
import { beforeAll, expect, test } from 'vitest';
import type { Command } from './commander.ts';
import { sampleIo } from './io.sample.ts';
import { runCli, wholeProgram } from './main.ts';
import { nouns } from './nouns.ts';

/** The command of each operation. */
const commands: Readonly<Record<string, string>> = {
  abortRollout: 'rollouts abort',
  addRelease: 'releases add',
  approveRelease: 'releases approve',
  evaluateRelease: 'releases evaluate',
  explainRollout: 'rollouts explain',
  getArtifact: 'releases artifact',
  getArtifactData: 'releases download',
  getFreeze: 'freezes get',
  getRelease: 'releases get',
  getRollout: 'rollouts status',
  haltRollout: 'rollouts halt',
  hotfixRelease: 'rollouts hotfix',
  liftFreeze: 'freezes lift',
  lintRelease: 'releases lint',
  listArtifacts: 'releases artifacts',
  listFreezes: 'freezes list',
  listModels: 'models list',
  createModel: 'models declare',
  getModel: 'models get',
  listReleases: 'releases list',
  listRolloutDecisions: 'rollouts decisions',
  listRolloutTargets: 'rollouts targets',
  listRolloutVerdicts: 'rollouts verdicts',
  listRollouts: 'rollouts list',
  pauseRollout: 'rollouts pause',
  planRollout: 'rollouts plan',
  promoteRollout: 'rollouts promote',
  rejectRelease: 'releases reject',
  releaseRelease: 'releases release',
  resumeRollout: 'rollouts resume',
  rollbackRollout: 'rollouts rollback',
  setFreeze: 'freezes stop-all',
  startRollout: 'rollouts start',
  updateModel: 'models declare',
  getModelAlias: 'models alias',
  setModelAlias: 'models alias',
  listModelVersions: 'models versions',
  importModelVersion: 'models import',
  getNamedModelVersion: 'models version',
  getModelVersion: 'models version',
  getModelOnnx: 'models download',
  getModelDocument: 'models document',
  uploadArtifact: 'releases upload',
  verifyModelVersion: 'models verify',
  listTrainings: 'trainings list',
  createTraining: 'trainings start',
  getTraining: 'trainings get',
  stopTraining: 'trainings stop',
  listTrainingPolicies: 'training-policies list',
  createTrainingPolicy: 'training-policies create',
  getTrainingPolicy: 'training-policies get',
  updateTrainingPolicy: 'training-policies edit',
  deleteTrainingPolicy: 'training-policies delete',
  listTrainingChecks: 'training-policies checks',
  listEvaluations: 'evaluations list',
  createEvaluation: 'evaluations run',
  getEvaluation: 'evaluations get',
  verifyEvaluation: 'evaluations verify',
  listRegressionCases: 'evaluations cases',
  createRegressionCase: 'evaluations add-case',
  withdrawRegressionCase: 'evaluations withdraw-case',
  abortRun: 'runs abort',
  acknowledgeAlerts: 'alerts acknowledge',
  acknowledgeCase: 'cases ack',
  activateUser: 'users activate',
  advanceFailure: 'failures advance',
  approveApproval: 'approvals approve',
  assignAlert: 'alerts assign',
  assignCase: 'cases assign',
  backtestRuleSet: 'rules backtest',
  buildDatasetVersion: 'datasets build',
  cancelCommand: 'commands cancel',
  cancelOperation: 'operations cancel',
  changeCompliancePolicy: 'reviews policy-set',
  changeDataset: 'datasets edit',
  changeMyPassword: 'password',
  changeRuleSet: 'rules edit',
  closeCase: 'cases close',
  closeFailure: 'failures close',
  createAlertPolicy: 'policies create',
  createApiKey: 'keys create',
  createCaseQueue: 'cases queue-create',
  createChannel: 'channels create',
  createClaimToken: 'tokens create',
  createCohort: 'cohorts create',
  createDataset: 'datasets create',
  createDatasetImport: 'datasets import',
  createDeviceCommand: 'devices command',
  createEvent: 'events create',
  createEventKind: 'event-kinds create',
  createEvents: 'events import',
  createFailure: 'failures log',
  createGoldQuestion: 'annotators gold-add',
  createMyApiKey: 'keys create',
  createOntology: 'ontologies create',
  createPropertyDefinition: 'properties create',
  createRegion: 'reviews region-create',
  createRuleSet: 'rules create',
  createSavedQuery: 'queries create',
  createSilence: 'silences create',
  createTasks: 'tasks open',
  createTriagePolicy: 'triage create',
  createTriageRequest: 'triage request',
  createTriageValue: 'triage value',
  createTriageWindow: 'triage freeze',
  createWebhook: 'webhooks create',
  deactivateUser: 'users deactivate',
  decideGate: 'gates decide',
  decommissionCase: 'cases decommission',
  decommissionDevice: 'devices decommission',
  delegateGate: 'gates delegate',
  deleteAlertPolicy: 'policies delete',
  deleteCaseQueue: 'cases queue-delete',
  deleteChannel: 'channels delete',
  deleteClip: 'clips delete',
  deleteClips: 'clips delete',
  deleteCohort: 'cohorts delete',
  deleteDatasetExport: 'datasets export-delete',
  deleteDatasetTag: 'datasets untag',
  deleteEvent: 'events delete',
  deleteEventKind: 'event-kinds delete',
  deleteExport: 'exports delete',
  deletePropertyDefinition: 'properties delete',
  deleteRegion: 'reviews region-delete',
  deleteRuleSet: 'rules delete',
  deleteSavedQuery: 'queries delete',
  deleteSilence: 'silences delete',
  deleteTriagePolicy: 'triage delete',
  deleteWebhook: 'webhooks delete',
  diffDatasetVersions: 'datasets diff',
  disableTrigger: 'runs disable',
  dismissFailure: 'failures dismiss',
  dryRunTriagePolicy: 'triage dry-run',
  editClip: 'clips edit',
  enableTrigger: 'runs enable',
  endMyLogin: 'logins end',
  endUserLogins: 'users end-logins',
  expediteRun: 'runs expedite',
  explainRun: 'runs explain',
  exportAudit: 'audit export',
  exportClips: 'exports create',
  exportDatasetVersion: 'datasets export',
  exportLabels: 'annotations export',
  finishDatasetImport: 'datasets import',
  getAgreement: 'annotations agreement',
  getAlert: 'alerts get',
  getAlertPolicy: 'policies get',
  getAlertSignals: 'policies signals',
  getAnnotator: 'annotators get',
  getAnnotatorQuality: 'annotators quality',
  getApiKey: 'keys get',
  getApproval: 'approvals get',
  getCase: 'cases show',
  getCaseEvidence: 'cases evidence',
  getCaseQueue: 'cases queue-show',
  getChannel: 'channels get',
  getChannelDelivery: 'channels delivery',
  getClaimToken: 'tokens get',
  getClip: 'clips get',
  getClipData: 'clips download',
  getClipFacets: 'clips facets',
  getClipHistogram: 'clips histogram',
  getClipLineage: 'clips lineage',
  getClipLinks: 'clips links',
  getClipPlot: 'clips plot',
  getClipPreview: 'clips preview',
  getClipTopics: 'clips topics',
  getClipWhy: 'clips why',
  getCohort: 'cohorts get',
  getCommand: 'commands get',
  getCompliancePolicy: 'reviews policy',
  getCorrection: 'corrections show',
  getDataset: 'datasets get',
  getDatasetExport: 'datasets export-get',
  getDatasetExportData: 'datasets export-download',
  getDatasetImport: 'datasets import',
  getDatasetTag: 'datasets tag',
  getDatasetVersion: 'datasets show',
  getDatasetVersionItems: 'datasets items',
  getDatasetVersionManifest: 'datasets manifest',
  getDevice: 'devices get',
  getDeviceConfig: 'devices config',
  getDeviceCoverage: 'devices coverage',
  getDevicePresence: 'devices presence',
  getDeviceProperties: 'devices properties',
  getDeviceTelemetry: 'devices telemetry',
  getDeviceTopics: 'devices topics',
  getEvent: 'events get',
  getEventKind: 'event-kinds get',
  getExport: 'exports get',
  getExportData: 'exports download',
  getExportLinks: 'exports links',
  getExportManifest: 'exports manifest',
  getFailure: 'failures get',
  getFailureCounts: 'failures counts',
  getGate: 'gates show',
  getLabel: 'annotations get',
  getLabelBands: 'annotations bands',
  getLineage: 'lineage',
  getMe: 'whoami',
  getMyLogins: 'logins list',
  getOntology: 'ontologies get',
  getOperation: 'operations get',
  getPropertyDefinition: 'properties get',
  getPublication: 'rules publication',
  getQueryFields: 'queries fields',
  getRegion: 'reviews region-show',
  getReview: 'reviews show',
  getRuleSet: 'rules get',
  getRuleSetDiff: 'rules diff',
  getRuleSetForecast: 'rules forecast',
  getRuleSetVersion: 'rules show',
  getRun: 'runs show',
  getRunHistory: 'runs show',
  getSavedQuery: 'queries get',
  getSession: 'sessions get',
  getSilence: 'silences get',
  getTask: 'tasks get',
  getTriageEstimates: 'triage estimates',
  getTriageExplanation: 'triage explain',
  getTriagePolicy: 'triage policy',
  getTriageWindow: 'triage window',
  getUser: 'users get',
  getVersion: 'whoami',
  getWebhook: 'webhooks get',
  getWebhookDelivery: 'webhooks delivery',
  haltPublication: 'rules halt',
  holdClips: 'clips hold',
  importLabels: 'annotations import',
  importRuleSets: 'rules import',
  inviteUser: 'users invite',
  liftCaseHold: 'cases lift',
  linkFailure: 'failures link',
  lintRuleSet: 'rules lint',
  listAlertPolicies: 'policies list',
  listAlerts: 'alerts list',
  listAnnotators: 'annotators list',
  listApiKeys: 'keys list',
  listApprovals: 'approvals list',
  listAudit: 'audit list',
  listCaseHistory: 'cases history',
  listCaseProposals: 'cases proposals',
  listCaseQueues: 'cases queues',
  listCases: 'cases list',
  listChannelDeliveries: 'channels deliveries',
  listChannels: 'channels list',
  listClaimTokens: 'tokens list',
  listClipMarkers: 'clips markers',
  listClipMessages: 'clips messages',
  listClips: 'clips list',
  listCohortDevices: 'cohorts devices',
  listCohorts: 'cohorts list',
  listCommands: 'commands list',
  listCorrections: 'corrections list',
  listDatasetExports: 'datasets exports',
  listDatasets: 'datasets list',
  listDatasetVersions: 'datasets versions',
  listDeviceCommands: 'devices commands',
  listDeviceEvents: 'devices events',
  listDevicePropertyIntervals: 'devices properties',
  listDevices: 'devices list',
  listEnrolments: 'enrolments list',
  listEventKinds: 'event-kinds list',
  listEvents: 'events list',
  listExports: 'exports list',
  listFailureHistory: 'failures history',
  listFailures: 'failures list',
  listGates: 'gates list',
  listGoldQuestions: 'annotators gold',
  listLabels: 'annotations list',
  listMyApiKeys: 'keys list',
  listOntologies: 'ontologies list',
  listOperations: 'operations list',
  listPropertyDefinitions: 'properties list',
  listPublicationDevices: 'rules publication',
  listPublications: 'rules publications',
  listRegions: 'reviews regions',
  listReviews: 'reviews list',
  listReviewUses: 'reviews uses',
  listRuleSets: 'rules list',
  listRuleSetVersions: 'rules versions',
  listRuns: 'runs list',
  listSavedQueries: 'queries list',
  listSessionEvents: 'sessions events',
  listSessions: 'sessions list',
  listSilences: 'silences list',
  listTaskHistory: 'tasks history',
  listTasks: 'tasks list',
  listTriageItems: 'triage items',
  listTriageLedger: 'triage ledger',
  listTriagePolicies: 'triage policies',
  listTriageValues: 'triage values',
  listTriageWindows: 'triage windows',
  getTriggers: 'runs triggers',
  listUsers: 'users list',
  listWebhookDeliveries: 'webhooks deliveries',
  listWebhooks: 'webhooks list',
  login: 'login',
  logout: 'logout',
  nextTasks: 'tasks next',
  noteCase: 'cases note',
  openCase: 'cases open',
  openStream: 'watch',
  pauseAnnotator: 'annotators pause',
  previewAlertPolicy: 'policies preview',
  previewCohort: 'cohorts preview',
  previewNewCohort: 'cohorts preview',
  promotePublication: 'rules promote',
  publishRuleSetVersion: 'rules publish',
  pullClip: 'clips pull',
  pullClips: 'clips pull',
  putDatasetTag: 'datasets tag',
  putImportedClip: 'datasets import',
  putImportedItems: 'datasets import',
  reassignGate: 'gates reassign',
  reassignRun: 'runs reassign',
  rebuildDatasetVersion: 'datasets rebuild',
  redeemLink: 'join',
  redeliverChannelDelivery: 'channels redeliver',
  redeliverWebhookDelivery: 'webhooks redeliver',
  rejectApproval: 'approvals reject',
  releaseTask: 'tasks release',
  reopenFailure: 'failures reopen',
  reportCorrection: 'corrections report',
  requestReview: 'reviews request',
  resetUserPassword: 'users reset-password',
  resolveAlerts: 'alerts resolve',
  resumeAnnotator: 'annotators resume',
  resumeDevice: 'devices resume',
  resumeDevices: 'devices resume',
  retireGoldQuestion: 'annotators gold-retire',
  retryRun: 'runs retry',
  reviseCorrection: 'corrections revise',
  revokeApiKey: 'keys revoke',
  revokeClaimToken: 'tokens revoke',
  revokeDevice: 'devices revoke',
  revokeDevices: 'devices revoke',
  revokeMyApiKey: 'keys revoke',
  revokeReview: 'reviews revoke',
  rollBackPublication: 'rules rollback',
  rotateApiKey: 'keys rotate',
  rotateWebhookSecret: 'webhooks rotate',
  saveRuleSetVersion: 'rules save',
  signOffDatasetVersion: 'datasets sign-off',
  skipRunStep: 'runs skip',
  skipTask: 'tasks skip',
  startRun: 'runs start',
  submitTask: 'tasks submit',
  suspendDevice: 'devices suspend',
  suspendDevices: 'devices suspend',
  tagClips: 'clips tag',
  testChannel: 'channels test',
  testWebhook: 'webhooks test',
  undoTask: 'tasks undo',
  updateAlertPolicy: 'policies edit',
  updateAnnotator: 'annotators edit',
  updateApiKey: 'keys edit',
  updateCaseQueue: 'cases queue-edit',
  updateChannel: 'channels edit',
  updateCohort: 'cohorts edit',
  updateDevice: 'devices edit',
  updateEvent: 'events edit',
  updateEventKind: 'event-kinds edit',
  updateFailure: 'failures edit',
  updatePropertyDefinition: 'properties edit',
  updateRegion: 'reviews region-edit',
  updateSavedQuery: 'queries edit',
  updateSilence: 'silences edit',
  updateTriagePolicy: 'triage policy-edit',
  updateUser: 'users edit',
  updateWebhook: 'webhooks edit',
  verifyAudit: 'audit verify',
  verifyDatasetVersion: 'datasets verify',
  voidTasks: 'tasks void',
  voidTriageWindow: 'triage void',
  withdrawApproval: 'approvals withdraw',
  withdrawRelease: 'releases withdraw',
};

/** Operations that `fieldloop api` alone reaches, and why that is right. */
const byHand: Readonly<Record<string, string>> = {
  acknowledgeAlert: '`alerts acknowledge` takes one or many, by acknowledgeAlerts',
  finishOidcLogin: 'a browser comes back to it from the OpenID provider',
  getCsrfToken: 'browsers need it; a key does not',
  getHealth: 'for load balancers; `fieldloop cloud check` is for people',
  getJoinPage: 'a page for browsers; `fieldloop join` does the same',
  getMetrics: 'for Prometheus',
  getReadiness: 'for load balancers; `fieldloop cloud check` is for people',
  getSigned: 'whoever has the link opens it as it is',
  getTaskMedia: 'whoever has the link of a task opens it as it is',
  resolveAlert: '`alerts resolve` takes one or many, by resolveAlerts',
  startOidcLogin: 'a browser goes through it to the OpenID provider',
};

/** Commands that ask the API in another way, or not at all, and why. */
const ownCommands: Readonly<Record<string, string>> = {
  api: 'any request',
  'commands wait': 'getCommand until it is done',
  'operations wait': 'getOperation until it is done',
  'config list': 'the profile files',
  'config use': 'the profile files',
  'config remove': 'the profile files',
  'datasets reject': 'signOffDatasetVersion with a no',
  'releases diff': 'compares two answers of getRelease',
  'reviews decide': 'decideGate at the gate that the review waits at',
  'runs watch': 'getRunHistory until it ends',
  'rules schema': 'this machine alone',
  'tasks work': 'nextTasks, submitTask, skipTask and undoTask, key by key',
  'rules test': 'this machine alone',
};

/** Nouns that work on this machine. */
const local = ['cloud', 'recording', 'completion'];

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string }>>>
  >;
}

let operations: readonly string[] = [];
let program: Command;
beforeAll(async () => {
  await using world = await openApiWorld();
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  operations = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  program = await wholeProgram(sampleIo());
});

interface Leaf {
  readonly words: string;
  readonly command: Command;
}

/** Commands that do something, by their words. */
function leaves(command: Command, words: readonly string[] = []): readonly Leaf[] {
  if (command.commands.length === 0) return [{ words: words.join(' '), command }];
  return command.commands.flatMap((one) => leaves(one, [...words, one.name()]));
}

test('every operation has a command, or a reason why `fieldloop api` is its way', () => {
  expect(operations.length).toBeGreaterThan(150);
  const known = new Set([...Object.keys(commands), ...Object.keys(byHand)]);
  expect(operations.filter((id) => !known.has(id))).toEqual([]);
  expect([...known].filter((id) => !operations.includes(id))).toEqual([]);
  expect(Object.keys(commands).filter((id) => Object.hasOwn(byHand, id))).toEqual([]);
});

test('every command of the table is there, and every command is in the table', () => {
  const there = leaves(program).map(({ words }) => words);
  const told = new Set([...Object.values(commands), ...Object.keys(ownCommands)]);
  expect([...told].filter((words) => !there.includes(words))).toEqual([]);
  const isLocal = (words: string): boolean => local.includes(words.split(' ')[0] ?? '');
  expect(there.filter((words) => !told.has(words) && !isLocal(words))).toEqual([]);
});

test('the help of every command is whole: what it does, each option, an example where it has options', async () => {
  const common = ['--url', '--key', '--profile', '--json', '--output', '--utc'];
  const paging = ['--limit', '--all', '--watch', '--q', '--saved', '--sort', '--fields', '--count'];
  const usual = new Set([...common, ...paging, '--yes', '--help']);
  const without: string[] = [];
  for (const { words, command } of leaves(program)) {
    expect(command.description(), words).toMatch(/^[A-Z].*\.$/);
    for (const option of command.options) expect(option.description, words).not.toBe('');
    const special = command.options.filter((option) => !usual.has(option.long ?? ''));
    if (special.length === 0) continue;
    const io = sampleIo();
    expect(await runCli([...words.split(' '), '--help'], io), words).toBe(0);
    if (!/Examples?:|as YAML:/.test(io.written.out)) without.push(words);
  }
  expect(without).toEqual([]);
});

test('a noun is described by the same words in the list and in its own help', async () => {
  for (const noun of nouns) {
    const command = await noun.load(sampleIo());
    expect(command.name()).toBe(noun.name);
    expect(command.description(), noun.name).toBe(noun.description);
  }
});

/** Sources and pages that name commands; those in bad-input are wrong on purpose. */
function pages(): readonly string[] {
  const root = join(import.meta.dirname, '..');
  const rooms = ['agent', 'cloud', 'cli', 'docs', 'rules', 'recording', 'scripts'];
  const inRooms = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|md)$/.test(name) && !/node_modules|bad-input|generated/.test(name))
      .map((name) => join(root, room, name)),
  );
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...inRooms, ...atRoot.map((name) => join(root, name))];
}

const named = /(?:`|^ *|npx )fieldloop ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?((?: [^`\n]*)?)/gm;

/** What is wrong with a command line that a text names; undefined when it can be typed. */
function wrongIn([line, noun, verb, rest = '']: RegExpMatchArray): string | undefined {
  if (line.includes('${') || line.includes('\\n')) return undefined;
  const found = program.commands.find((one) => one.name() === noun);
  if (found === undefined) return `${line}: no noun`;
  const hasVerbs = found.commands.length > 0 && verb !== undefined;
  const command = hasVerbs ? found.commands.find((one) => one.name() === verb) : found;
  if (command === undefined) return `${line}: no command`;
  const own = rest.split(/[#|]/)[0] ?? '';
  const flags = [...own.matchAll(/ (--[a-z-]+)/g)].map(([, flag]) => flag);
  const unknown = flags.filter(
    (flag) => flag !== '--help' && !command.options.some(({ long }) => long === flag),
  );
  return unknown.length === 0 ? undefined : `${line}: no ${unknown.join(' ')}`;
}

test('every command line that a message or a page names can be typed', () => {
  const lines = pages().flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(named)].map((match) => ({ path, match })),
  );
  expect(lines.length).toBeGreaterThan(200);
  const wrong = lines.map(({ path, match }) => ({ path, wrong: wrongIn(match) }));
  expect(wrong.filter((one) => one.wrong !== undefined)).toEqual([]);
});
