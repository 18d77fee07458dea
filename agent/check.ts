/**
 * Everything that can be known to be wrong before a start, each with what to do about it. Nothing
 * is changed but a file that is written and removed to see whether the buffer's folder takes one.
 */
import { existsSync } from 'node:fs';
import { readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, type Clock, faultLine, formatDurationNs, formatSize } from '@fieldloop/core';
import { decodeMessage } from '@fieldloop/recording';
import {
  lintAgainst,
  parseRuleSet,
  problemLine,
  type RecordingFacts,
  type RuleSet,
} from '@fieldloop/rules';
import { clipFolders, placesBelow } from './buffer/places.ts';
import { checkSqlite } from './buffer/sqlite.ts';
import { checkLink } from './check-link.ts';
import { checkRedaction } from './clip/check-redaction.ts';
import { checkSource } from './check-source.ts';
import { type AgentConfig, readText } from './config.ts';
import { parseClaimToken } from './enroll/token.ts';
import { loadIdentity } from './enroll/identity.ts';
import { identityFolder } from './cloud-link.ts';
import { statusSocketPath } from './health/status.ts';
import type { Finding } from './finding.ts';
import { makeFolder } from './make-folder.ts';
import { modelsFolder, readChosen } from './models-chosen.ts';
import { checkInputs } from './score/check-inputs.ts';
import type { ModelFiles } from './score/model-files.ts';
import { certificateDaysLeft } from './limits.ts';

const ok = (about: string, text: string): Finding => ({ level: 'ok', about, text });
const warning = (about: string, text: string): Finding => ({ level: 'warning', about, text });
const failure = (about: string, error: unknown): Finding => ({
  level: 'error',
  about,
  text: faultLine(asFault(error)),
});

export async function* checkAgent(
  config: AgentConfig,
  deps: { readonly clock: Clock },
): AsyncGenerator<Finding, void> {
  yield ok('config', `${config.file} is whole; device ${config.device.name}`);
  const facts: RecordingFacts[] = [];
  for (const [i, source] of config.sources.entries()) {
    yield await checkSource(`sources[${i}]`, source, { facts, except: config.buffer.path });
  }
  const ruleSet = yield* checkRules(config, facts);
  yield* checkWindows(config);
  yield* checkRedaction(config.redaction, facts);
  yield* checkModels(config, { ...deps, ruleSet });
  yield* checkBuffer(config);
  yield* checkIndex(config.buffer.path);
  yield* checkIdentity(config, deps);
  yield checkClock(deps.clock.now());
}

/** Returns the rules when they can be read. */
function* checkRules(
  config: AgentConfig,
  facts: readonly RecordingFacts[],
): Generator<Finding, RuleSet | undefined> {
  const about = 'rules';
  let text: string;
  try {
    text = readText(config.rules);
  } catch (error) {
    yield failure(about, error);
    return undefined;
  }
  const { ruleSet, problems } = parseRuleSet(text, config.rules);
  for (const problem of problems) {
    yield { level: problem.severity, about, text: problemLine(problem) };
  }
  if (ruleSet === undefined) return undefined;
  // What one recording lacks keeps a rule from firing there, and nothing else from working.
  for (const problem of facts.flatMap((one) => lintAgainst(ruleSet, one))) {
    yield warning(about, problemLine(problem));
  }
  const { name, version, rules } = ruleSet;
  yield ok(
    about,
    `${name}@${version} has ${rules.length} rules, digest ${ruleSet.digest.slice(0, 12)}`,
  );
  yield* checkNeeds(config, ruleSet);
  return ruleSet;
}

/** What the rules ask of the rest of the configuration. */
function* checkNeeds(config: AgentConfig, ruleSet: RuleSet): Generator<Finding> {
  const known = config.models.map(({ id }) => id);
  for (const { id, ref } of ruleSet.models) {
    if (known.includes(ref)) continue;
    const text = `${config.rules}: model "${id}" wants "${ref}", which is not configured; its scores stay unknown. Add it to "models" of ${config.file}.`;
    yield warning('models', text);
  }
  const wanted = ruleSet.models.map(({ ref }) => ref);
  for (const id of known) {
    if (wanted.includes(id)) continue;
    yield warning('models', `model "${id}" is configured and no rule uses it; it does not run.`);
  }
  for (const { id, capture } of ruleSet.rules) {
    if (capture.preNs <= config.window.ns) continue;
    const text = `rule ${id} wants ${formatDurationNs(capture.preNs)} from before its trigger, the window holds ${formatDurationNs(config.window.ns)}. Raise window.seconds.`;
    yield warning('window', text);
  }
}

/** Each source has a window of its own. */
function* checkWindows({ window, sources, limits }: AgentConfig): Generator<Finding> {
  const all = window.memoryBytes * sources.length;
  if (limits.memoryBytes === undefined || all <= limits.memoryBytes) return;
  const text = `windows of ${sources.length} sources, ${formatSize(window.memoryBytes)} each, may hold more than limits.memory (${formatSize(limits.memoryBytes)}). Lower window.memory.`;
  yield warning('window', text);
}

interface CheckedModel {
  readonly id: string;
  readonly about: string;
  readonly files: ModelFiles;
}

const ownModel = ({ id, path }: AgentConfig['models'][number], i: number): CheckedModel => ({
  id,
  about: `models[${i}]`,
  files: { onnx: join(path, 'model.onnx'), document: join(path, 'model.yaml') },
});

/** What the cloud last had this robot run. */
async function pushedModels({ buffer }: AgentConfig): Promise<readonly CheckedModel[]> {
  const dir = modelsFolder(buffer.path);
  const active = (await readChosen(dir))?.active;
  return Object.entries(active?.models ?? {}).map(([id, { onnx, document }]) => ({
    id,
    about: `models of ${active?.release ?? 'the cloud'}`,
    files: { onnx: join(dir, onnx.sha256), document: join(dir, document.sha256) },
  }));
}

/** Without its detector nobody knows what is on an image. */
function* checkDetectors(
  { redaction, file }: AgentConfig,
  known: ReadonlySet<string>,
): Generator<Finding> {
  for (const [i, rule] of redaction.rules.entries()) {
    if (rule.transform !== 'blur' || rule.model === undefined || known.has(rule.model)) continue;
    const text = `model "${rule.model}" is not configured, so "${rule.topic}" is left out of every clip. Add it to "models" of ${file}, or correct its name.`;
    yield warning(`redaction.topics[${i}]`, text);
  }
}

/** What blurs has the image alone. */
function* checkBlurs({ redaction }: AgentConfig, id: string): Generator<Finding> {
  for (const [i, { topic, ...rule }] of redaction.rules.entries()) {
    if (rule.transform !== 'blur' || rule.model !== id) continue;
    const text = `model "${id}" takes several inputs and is given the image alone, so "${topic}" is left out of every clip. Name a detector of images.`;
    yield warning(`redaction.topics[${i}]`, text);
  }
}

/** ONNX Runtime and sharp are loaded only when there is a model. */
async function* checkModels(
  config: AgentConfig,
  deps: { readonly clock: Clock; readonly ruleSet: RuleSet | undefined },
): AsyncGenerator<Finding> {
  const models = [...config.models.map(ownModel), ...(await pushedModels(config))];
  yield* checkDetectors(config, new Set(models.map(({ id }) => id)));
  if (models.length === 0) return;
  const { readModel } = await import('./score/model.ts');
  const { openScorer } = await import('./score/scorer.ts');
  const { openEngine } = await import('./score/onnx.ts');
  const { decodeImage } = await import('./score/image.ts');
  const engine = await openEngine(config.scoring);
  for (const { id, about, files } of models) {
    try {
      const tools = { ...deps, openOnnx: engine.openOnnx, decodeImage, decodeMessage };
      await using scorer = await openScorer(readModel(files), tools);
      const { version, golden, sha256, moreInputs } = scorer.model;
      const text = `${id} ${version} loads and passes ${golden.length} golden inputs, sha256 ${sha256.slice(0, 12)}`;
      yield ok(about, text);
      if (deps.ruleSet !== undefined) yield* checkInputs(deps.ruleSet, { id, moreInputs });
      if (moreInputs.length > 0) yield* checkBlurs(config, id);
    } catch (error) {
      yield failure(about, error);
    }
  }
  for (const trouble of engine.troubles) {
    const remedy = `Correct "scoring" in ${config.file}, or install what it names.`;
    yield warning('scoring', `${trouble.replace(/\.?$/, '.')} ${remedy}`);
  }
}

async function* checkBuffer(config: AgentConfig): AsyncGenerator<Finding> {
  const about = 'buffer';
  const { path, quotaBytes, headroomBytes } = config.buffer;
  const probe = join(path, `.probe-${process.pid}`);
  try {
    await makeFolder(path, 0o750);
    await writeFile(probe, 'x');
    await rm(probe);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const text = `${path} takes no files (${code}). Let buffer.path be a folder that this user may write to.`;
    yield { level: 'error', about, text };
    return;
  }
  if (quotaBytes === 0) {
    const text = `buffer.quota is 0 B: every clip goes as it comes. Give it a size, or a share of the disk such as 20%, in ${config.file}.`;
    yield warning(about, text);
    return;
  }
  const { bavail, blocks, bsize } = await statfs(path);
  const [free, disk] = [bavail * bsize, blocks * bsize];
  const held = await heldBytes(path);
  const part = (bytes: number): string =>
    `${formatSize(bytes)} (${Number(((bytes / disk) * 100).toPrecision(2))} % of the disk)`;
  const { maxBytes } = config.spool;
  const spool = maxBytes === 0 ? '' : `; spool ${part(maxBytes)}`;
  const room = `quota ${part(quotaBytes)}, ${formatSize(held)} of it held; headroom ${part(headroomBytes)}${spool}`;
  const found = `${path} takes files, ${formatSize(free)} of ${formatSize(disk)} free; ${room}`;
  const wanted = Math.max(0, quotaBytes - held);
  if (free >= wanted + headroomBytes) {
    yield ok(about, found);
    return;
  }
  const needs = `the ${formatSize(wanted)} left of it and headroom ${formatSize(headroomBytes)}`;
  yield warning(
    about,
    `${found}; free is less than ${needs}. Lower them or free space: clips go by value.`,
  );
}

/** What else keeps it from being read, such as the agent that holds it, is found elsewhere. */
function* checkIndex(path: string): Generator<Finding> {
  const { database } = placesBelow(path);
  if (!existsSync(database)) return;
  try {
    checkSqlite(database);
  } catch (error) {
    const fault = asFault(error);
    if (fault.code === 'corrupt') yield warning('buffer', faultLine(fault));
  }
}

/** Bytes of clips in a buffer that an agent may have open; they come and go meanwhile. */
async function heldBytes(path: string): Promise<number> {
  let bytes = 0;
  for (const folder of clipFolders(placesBelow(path))) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const file = await stat(join(folder, name)).catch(() => undefined);
      bytes += file?.size ?? 0;
    }
  }
  return bytes;
}

async function* checkIdentity(
  config: AgentConfig,
  deps: { readonly clock: Clock },
): AsyncGenerator<Finding> {
  const about = 'cloud';
  if (config.cloud === undefined) {
    yield ok(about, 'none configured: clips stay on this machine');
    return;
  }
  try {
    const identity = await loadIdentity(identityFolder(config), deps);
    if (identity === undefined) {
      yield checkToken(config);
      return;
    }
    const days = Math.floor((identity.notAfterMs - deps.clock.now()) / 86_400_000);
    const text = `enrolled as ${identity.device} with ${identity.broker}; the certificate has ${days} days left`;
    yield days < certificateDaysLeft
      ? warning(about, `${text}. ${renewal(identity.device)}`)
      : ok(about, text);
    if (identity.device !== config.device.name) {
      yield warning(
        about,
        `device.name is ${config.device.name}; the name in the certificate is used.`,
      );
    }
    const socketPath = statusSocketPath(config.buffer.path);
    yield await checkLink({ identity, socketPath, clock: deps.clock });
  } catch (error) {
    yield failure(about, error);
  }
}

const renewal = (device: string): string =>
  `Before it expires, run "fieldloop tokens create --device ${device}" at the cloud and "fieldloop-agent enroll --token TOKEN" here, then restart the agent.`;

function checkToken(config: AgentConfig): Finding {
  const about = 'cloud';
  const { claimToken, claimTokenFrom } = config.cloud ?? {};
  if (claimToken === undefined) {
    const how =
      claimTokenFrom === undefined
        ? 'Run "fieldloop-agent enroll --token TOKEN", or without a network "enroll --csr FILE".'
        : `Set the environment variable ${claimTokenFrom} to a claim token.`;
    return { level: 'error', about, text: `not enrolled, and there is no claim token. ${how}` };
  }
  try {
    const { url } = parseClaimToken(claimToken);
    return ok(about, `not enrolled yet; the first run enrols at ${url}`);
  } catch (error) {
    return failure(about, error);
  }
}

/** A clock that nobody set stands in the past. */
function checkClock(nowMs: number): Finding {
  const text = `the clock says ${new Date(nowMs).toISOString()}`;
  if (nowMs > Date.UTC(2025, 0, 1)) return ok('clock', text);
  return { level: 'error', about: 'clock', text: `${text}. Set it, for example with timedatectl.` };
}
