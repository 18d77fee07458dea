/** What this robot says that it runs, section by section. A section goes again when it changed. */
import { platform } from 'node:os';
import { canonicalJson, type Clock, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { type RuleRef, reportedSections, type ReportedSection } from '@fieldloop/proto';
import type { AgentBuffer, SectionDocument } from './buffer/buffer.ts';
import { isDiskRefusal } from './buffer/disk.ts';
import type { AgentConfig } from './config.ts';
import type { DataProgress } from './messages.ts';
import type { RuleTally } from './rule/tally.ts';
import { modelsDocument } from './models-report.ts';
import type { ModelsInUse } from './models-types.ts';
import type { RulesInUse } from './rules-in-use.ts';
import { agentVersion } from './version.ts';

export interface ReportsDeps {
  readonly config: AgentConfig;
  readonly buffer: Pick<AgentBuffer, 'report'>;
  readonly rules: RulesInUse;
  readonly clock: Clock;
  readonly models: ModelsInUse;
  readonly progress: () => DataProgress | undefined;
}

export interface Reports {
  /** All sections; those that the disk does not take go with the next report that it takes. */
  all(): void;
  /** Says a section once more. Fault `invalid` when there is none of this name. */
  again(section: string): void;
  /** The rules as they stand now, with their counts. */
  rules(): void;
  /** The models as they stand now, with what their shadows counted. */
  models(): void;
}

/** Characters of a report; the wire takes 16 Ki. */
const maxText = 15 * 1024;

export function openReports(deps: ReportsDeps): Reports {
  const { buffer } = deps;
  const since = { active: '', shadow: '', activeMs: 0, shadowMs: 0 };
  const documents: Readonly<Record<ReportedSection, () => SectionDocument | undefined>> = {
    agent: () => agentDocument(deps.config),
    firmware: () => firmwareDocument(deps.config),
    models: () => modelsDocument(deps.models, deps.progress()),
    rules: () => rulesDocument(deps, since),
  };
  const report = (section: ReportedSection, again: boolean): void => {
    const document = documents[section]();
    if (document !== undefined) buffer.report(section, document, again);
  };
  const owed = new Set<ReportedSection>();
  const reportOwed = (): void => {
    for (const section of owed) {
      report(section, false);
      owed.delete(section);
    }
  };
  const reportWith = (section: ReportedSection): void => {
    owed.add(section);
    reportOwed();
  };
  return {
    all() {
      for (const section of reportedSections) owed.add(section);
      try {
        reportOwed();
      } catch (error) {
        if (!isDiskRefusal(error)) throw error;
      }
    },
    again(section) {
      const known = reportedSections.find((one) => one === section);
      if (known === undefined) {
        throw new Fault('invalid', `there is no section "${section.slice(0, 40)}"`, {
          place: '/input/section',
          remedy: `Sections are ${reportedSections.join(', ')}.`,
        });
      }
      report(known, true);
    },
    rules: () => reportWith('rules'),
    models: () => reportWith('models'),
  };
}

function agentDocument(config: AgentConfig): SectionDocument {
  const { site, properties } = config.device;
  const node = process.versions.node;
  return digested({
    version: agentVersion,
    node,
    platform: platform(),
    site: site ?? '',
    properties,
  });
}

function firmwareDocument({ device: { firmware } }: AgentConfig): SectionDocument | undefined {
  if (firmware === undefined) return undefined;
  return { digest: sha256Hex(firmware), version: firmware };
}

const digested = (document: Readonly<Record<string, Json>>): SectionDocument => ({
  ...document,
  digest: sha256Hex(canonicalJson(document)),
});

/** When each set began to be counted; a set that comes again begins again. */
interface Since {
  active: string;
  activeMs: number;
  shadow: string;
  shadowMs: number;
}

function rulesDocument(deps: ReportsDeps, since: Since): SectionDocument {
  const { state, ruleSet } = deps.rules;
  const progress = deps.progress();
  const now = deps.clock.now();
  if (since.active !== ruleSet.digest) {
    since.active = ruleSet.digest;
    since.activeMs = now;
  }
  if (since.shadow !== (state.shadow?.digest ?? '')) {
    since.shadow = state.shadow?.digest ?? '';
    since.shadowMs = now;
  }
  const { digest, name, version } = ruleSet;
  const counts = countsOf(progress?.rules, { digest, sinceMs: since.activeMs });
  const document = {
    digest,
    set: name,
    name,
    version,
    ...(state.active === undefined ? {} : { publication: state.active.publication }),
    ...(state.rejected === undefined ? {} : { rejected: { ...state.rejected } }),
    ...(state.returned === undefined ? {} : { returned: { ...state.returned } }),
    ...(state.shadow === undefined
      ? {}
      : { shadow: shadowOf(state.shadow, progress?.shadow, since.shadowMs) }),
    counters: counts,
  } as unknown as SectionDocument;
  return fitting(document);
}

function shadowOf(ref: RuleRef, tally: RuleTally | undefined, sinceMs: number) {
  const { digest, publication } = ref;
  const { suppressed: _, ...counts } = countsOf(tally, { digest, sinceMs });
  return { digest, publication, ...counts };
}

function countsOf(
  tally: RuleTally | undefined,
  of: { readonly digest: string; readonly sinceMs: number },
) {
  // What the data thread counts is told a moment later than what it was told to count.
  const own = tally?.digest === of.digest ? tally : undefined;
  return {
    sinceMs: of.sinceMs,
    evaluations: own?.evaluations ?? 0,
    faults: own?.faults ?? 0,
    fired: { ...own?.fired },
    suppressed: { ...own?.suppressed },
    clips: own?.clips ?? 0,
    bytes: own?.bytes ?? 0,
  };
}

/** Hundreds of rules with long names are told of without the least of it. */
function fitting(document: SectionDocument): SectionDocument {
  let fit = document as { [key: string]: Json | undefined } & { digest: string };
  const without: readonly ((whole: typeof fit) => typeof fit)[] = [
    (whole) => ({ ...whole, counters: { ...objectOf(whole['counters']), suppressed: {} } }),
    (whole) => ({ ...whole, rejected: shortened(whole['rejected']) }),
    (whole) => ({ ...whole, counters: undefined }),
    (whole) => ({ ...whole, shadow: undefined }),
  ];
  for (const less of without) {
    if (canonicalJson(fit).length <= maxText) return fit;
    fit = less(fit);
  }
  return fit;
}

const objectOf = (value: Json | undefined): Readonly<Record<string, Json | undefined>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json | undefined>>)
    : {};

function shortened(rejected: Json | undefined): Json | undefined {
  if (rejected === undefined) return undefined;
  const whole = objectOf(rejected);
  const problems = Array.isArray(whole['problems']) ? whole['problems'].slice(0, 5) : [];
  return { ...whole, problems };
}
