/**
 * What a device's reports say of a rollout. Only what runs counts: a device has the release when it
 * names its digests as running, measured by itself, under this rollout and attempt. Pure.
 */
import type { ModelsReport, RulesReport } from '@fieldloop/proto';
import type { Json } from '@fieldloop/core';
import type { ReleaseManifest } from '../release/release.ts';
import type { ShadowSeen } from './shadow.ts';
import { isSettled, type Target, type TargetFault, type TargetState } from './rollout.ts';

/** What the release puts on a device. */
export interface Wanted {
  /** By model id: hashes of the two files. */
  readonly models: Readonly<Record<string, { readonly onnx: string; readonly document: string }>>;
  /** Digest of the rule set's document. */
  readonly rules: string | undefined;
  /** By component: hash of the program of a device that only exists as a script. */
  readonly sims: Readonly<Record<string, string>>;
}

export function wantedOf(manifest: ReleaseManifest, rulesDigest: string | undefined): Wanted {
  return {
    models: Object.fromEntries(
      manifest.components.flatMap(({ name, artifact, onnx }) =>
        onnx === undefined
          ? []
          : [[name, { onnx: artifact.sha256, document: onnx.document.sha256 }] as const],
      ),
    ),
    rules: rulesDigest,
    sims: Object.fromEntries(
      manifest.components
        .filter(({ kind }) => kind === 'sim')
        .map(({ name, artifact }) => [name, artifact.sha256] as const),
    ),
  };
}

/** Whether it concerns what devices report under `models`. */
const hasModels = ({ models, sims }: Wanted): boolean =>
  Object.keys(models).length + Object.keys(sims).length > 0;

export interface Reports {
  readonly models: ModelsReport | undefined;
  readonly rules: RulesReport | undefined;
}

export interface Folded {
  readonly state: TargetState;
  readonly fault?: TargetFault | undefined;
  readonly told?: Readonly<Record<string, Json>> | undefined;
}

type Part = 'nothing' | 'progress' | 'running' | 'rejected' | 'rolled_back' | 'mismatch';

interface PartSaid {
  readonly part: Part;
  readonly fault?: TargetFault | undefined;
}

export function foldReports(target: Target, reports: Reports, wanted: Wanted): Folded {
  if (target.state === 'rollback_pending') return gone(target, reports, wanted);
  const said =
    target.role === 'shadow'
      ? shadowSaid(target, reports, wanted)
      : activeSaid(target, reports, wanted);
  const told = target.role === 'shadow' ? { shadow: shadowSeen(target, reports) } : undefined;
  return {
    ...stateOf(target, said),
    ...(told === undefined ? {} : { told: told as unknown as Readonly<Record<string, Json>> }),
  };
}

function stateOf({ state }: Target, said: readonly PartSaid[]): Folded {
  // An attempt that a robot gave up is over, whatever comes late.
  if (state === 'rejected' || state === 'rolled_back') return { state };
  const found = (part: Part): PartSaid | undefined => said.find((one) => one.part === part);
  const bad = found('rejected') ?? found('rolled_back') ?? found('mismatch');
  if (bad !== undefined) {
    const to =
      bad.part === 'mismatch' ? 'failed' : bad.part === 'rejected' ? 'rejected' : 'rolled_back';
    return { state: to, fault: bad.fault };
  }
  if (said.length > 0 && said.every(({ part }) => part === 'running'))
    return { state: 'committed' };
  // What was late or silent stays so until it really runs.
  if (isSettled(state)) return { state };
  return { state: said.some(({ part }) => part !== 'nothing') ? 'in_progress' : state };
}

function activeSaid(
  target: Target,
  { models, rules }: Reports,
  wanted: Wanted,
): readonly PartSaid[] {
  const said: PartSaid[] = [];
  if (hasModels(wanted)) {
    said.push(modelsSaid(target, models, wanted));
  }
  if (wanted.rules !== undefined) said.push(rulesSaid(target, rules, wanted.rules));
  return said;
}

function modelsSaid(target: Target, report: ModelsReport | undefined, wanted: Wanted): PartSaid {
  if (report?.rollout !== target.rolloutId || report.attempt !== target.attempt) {
    return { part: 'nothing' };
  }
  const { state, fault, running } = report;
  if (state === 'rejected' || state === 'rolled_back') {
    return {
      part: state,
      fault: fault ?? { code: state, message: 'the robot says nothing of why' },
    };
  }
  if (state === 'idle') return { part: 'nothing' };
  if (state !== 'running' || report.proven === false) return { part: 'progress' };
  const strange =
    Object.entries(wanted.models).find(
      ([id, { onnx, document }]) =>
        running[id]?.sha256 !== onnx || (running[id].documentSha256 ?? document) !== document,
    ) ?? Object.entries(wanted.sims).find(([id, sha256]) => running[id]?.sha256 !== sha256);
  if (strange === undefined) return { part: 'running' };
  const message = `${strange[0]} runs ${running[strange[0]]?.sha256.slice(0, 12) ?? 'nothing'}`;
  return { part: 'mismatch', fault: { code: 'digest_mismatch', message } };
}

function rulesSaid(target: Target, report: RulesReport | undefined, digest: string): PartSaid {
  const own = target.rolloutId;
  if (report?.returned?.publication === own) {
    return { part: 'rolled_back', fault: { code: 'crashed', message: report.returned.reason } };
  }
  if (report?.rejected?.publication === own && report.rejected.role === 'active') {
    return { part: 'rejected', fault: firstProblem(report.rejected.problems) };
  }
  return { part: report?.publication === own && report.digest === digest ? 'running' : 'nothing' };
}

const firstProblem = (
  problems: readonly { readonly code: string; readonly message: string }[],
): TargetFault => {
  const [first] = problems;
  return first === undefined
    ? { code: 'rejected', message: 'the robot says nothing of why' }
    : { code: first.code, message: first.message };
};

function shadowSaid(
  target: Target,
  { models, rules }: Reports,
  wanted: Wanted,
): readonly PartSaid[] {
  const own = target.rolloutId;
  const said: PartSaid[] = [];
  if (hasModels(wanted)) {
    const shadow = models?.shadow;
    if (shadow?.rollout !== own) said.push({ part: 'nothing' });
    else if (shadow.state === 'rejected') said.push({ part: 'rejected', fault: shadow.fault });
    else said.push({ part: shadow.state === 'running' ? 'running' : 'progress' });
  }
  if (wanted.rules !== undefined) {
    const { rejected, shadow } = rules ?? {};
    if (rejected?.publication === own && rejected.role === 'shadow') {
      said.push({ part: 'rejected', fault: firstProblem(rejected.problems) });
    } else {
      const isOurs = shadow?.publication === own && shadow.digest === wanted.rules;
      said.push({ part: isOurs ? 'running' : 'nothing' });
    }
  }
  return said;
}

function shadowSeen(target: Target, { models, rules }: Reports): ShadowSeen {
  const own = target.rolloutId;
  const shadows = models?.shadow?.rollout === own ? Object.values(models.shadow.models) : [];
  const sum = (of: (one: (typeof shadows)[number]) => number): number =>
    shadows.reduce((all, one) => all + of(one), 0);
  const counted = rules?.shadow?.publication === own ? rules.shadow : undefined;
  return {
    frames:
      shadows.length > 0
        ? Math.min(...shadows.map(({ frames }) => frames))
        : (counted?.evaluations ?? 0),
    nan: sum(({ nan }) => nan),
    disagreement: sum(({ disagreement }) => disagreement),
    latencyRatio: Math.max(0, ...shadows.map(({ latencyRatio }) => latencyRatio)),
    faults: counted?.faults ?? 0,
  };
}

/** It is back when nothing of this rollout runs any more. */
function gone(target: Target, { models, rules }: Reports, wanted: Wanted): Folded {
  const own = target.rolloutId;
  const still =
    (hasModels(wanted) && (models?.rollout === own || models?.shadow?.rollout === own)) ||
    (wanted.rules !== undefined &&
      (rules?.publication === own || rules?.shadow?.publication === own));
  if (!still) return { state: 'rolled_back' };
  const failed = models?.fault?.code === 'rollback_failed' ? models.fault : undefined;
  return { state: 'rollback_pending', ...(failed === undefined ? {} : { fault: failed }) };
}
