/**
 * The data thread: sources, windows, rules and clips. It never touches the database or the
 * network of the cloud; main does, at its own speed.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Clock, type Ids, type Log, type Random, seededRandom } from '@fieldloop/core';
import { openLog, systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import type { LogLevel } from '@fieldloop/proto';
import type { PlainRuleSet } from '@fieldloop/rules';
import type { ClipAsk } from './clip/ask.ts';
import { type ClockState, unknownClock } from './clip/clock.ts';
import { type ClipMeans, openClipMeans } from './clip-means.ts';
import { collectBuffers, collectGarbage } from './collect.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { leveledLog } from './leveled-log.ts';
import { laneStillMs, progressEveryMs, startIsOverMs } from './limits.ts';
import type { DataProgress, DataSettings, FromData, RulesGiven, ToData } from './messages.ts';
import { openSource } from './open-source.ts';
import { systemInstruments } from './health/load.ts';
import { openOutlet, type OpenOutlet } from './outlet.ts';
import { rulesOf, wantsOf } from './rule/rules.ts';
import { sumOf } from './rule/tally.ts';
import type { FromScoring } from './score/protocol.ts';
import { openScoring, type Scoring, type ScoringPort } from './score/scoring.ts';
import { nothingShed, openShed, type Shed } from './shed.ts';
import { openWanted } from './source/wanted.ts';
import type { OverflowFigures } from './window/overflow.ts';

interface Deps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly outlet: OpenOutlet;
  readonly scoring: Scoring;
  readonly shed: Shed;
  readonly clockState: () => ClockState;
}

function portOf(port: MessagePort): ScoringPort {
  return {
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    listen: (listener) => {
      port.on('message', (message: FromScoring) => listener(message));
    },
    close: () => port.close(),
  };
}

const setsIn = ({ active, shadow }: RulesGiven): PlainRuleSet[] =>
  shadow === undefined ? [active] : [active, shadow];

/** `models` is one object for all lanes: it changes in place when models are exchanged. */
function laneSettings(
  settings: DataSettings,
  { active: ruleSet, shadow }: RulesGiven,
  models: Readonly<Record<string, string>>,
  means: Pick<ClipMeans, 'spool' | 'pictures'>,
): LaneSettings {
  const { device, firmware, agentVersion } = settings;
  return {
    origin: {
      device,
      agentVersion,
      firmware,
      models,
    },
    ...rulesOf(ruleSet),
    shadow,
    window: { ...settings.window, spool: means.spool },
    redaction: settings.redaction,
    pictures: means.pictures,
    clipNs: settings.clipNs,
    properties: propertiesOf(settings),
    silentNs: settings.silentNs,
    partPath: (clipId) => settings.partPath.replace('{clip}', clipId),
  };
}

/** Names that a scope may ask for: properties, `site` and `device`. */
function propertiesOf({ about, device }: DataSettings): Record<string, string> {
  const site = about?.site;
  return { ...about?.properties, ...(site === undefined ? {} : { site }), device };
}

function progressOf(
  lanes: readonly Lane[],
  scoring: Scoring,
  about: {
    readonly off: ReadonlyMap<string, string>;
    readonly queueShare: number;
    readonly duty: number;
    readonly spool: OverflowFigures | undefined;
  },
): DataProgress {
  const { off, queueShare, duty, spool } = about;
  const sum = (of: (lane: Lane) => number): number => lanes.reduce((n, lane) => n + of(lane), 0);
  const fired: Record<string, number> = {};
  for (const { tally } of lanes) {
    for (const [rule, n] of Object.entries(tally.fired)) fired[rule] = (fired[rule] ?? 0) + n;
  }
  const { last, count, skipped, faults } = scoring.figures;
  const finite = lanes.filter(({ source }) => source.finite);
  const isOver = ({ state }: Lane): boolean => ['finished', 'broken'].includes(state.state);
  return {
    source: {
      messages: sum(({ tally }) => tally.messages),
      bytes: sum(({ tally }) => tally.bytes),
      lagMs: Math.max(0, ...lanes.map(({ tally }) => tally.lagMs)),
      broken: sum((lane) => lane.broken),
      each: lanes.map(({ state }) => state),
    },
    score: {
      ...(last === undefined
        ? {}
        : { last: { scorer: last.scorer, values: last.values, topClass: last.topClass } }),
      count,
      skipped,
      faults,
    },
    fired,
    suppressed: sum(({ tally }) => tally.suppressed),
    clipsCut: sum(({ tally }) => tally.clipsCut),
    openClips: sum((lane) => lane.openClips),
    sourcesFinished: finite.length > 0 && finite.every(isOver),
    idle: lanes.every(({ state }) => state.state !== 'reading') && scoring.busy === 0,
    degraded: [...off.values()],
    still: lanes.flatMap(({ workSinceMs, state }) =>
      workSinceMs !== undefined && systemClock.monotonicMs() - workSinceMs > laneStillMs
        ? [state.name]
        : [],
    ),
    queueShare,
    duty,
    dropped: droppedOf(lanes),
    windowS: Math.max(0, ...lanes.map(({ tally }) => tally.windowS ?? 0)),
    spool,
    rules: sumOf(lanes.map(({ tally }) => tally.rules)),
    shadow: sumOf(lanes.flatMap(({ tally }) => tally.shadow ?? [])),
    topics: topicsOf(lanes),
    scoreP99: latenciesOf(lanes),
    shadowScores: scoring.shadowFigures,
  };
}

function droppedOf(lanes: readonly Lane[]): Record<string, number> {
  const dropped: Record<string, number> = {};
  for (const { tally } of lanes) {
    for (const [reason, n] of Object.entries({ ...tally.dropped, late: tally.rules.late })) {
      dropped[reason] = (dropped[reason] ?? 0) + n;
    }
  }
  return dropped;
}

function topicsOf(lanes: readonly Lane[]): Record<string, number> {
  const topics: Record<string, number> = {};
  for (const { tally } of lanes) {
    for (const [topic, n] of Object.entries(tally.topics)) topics[topic] = (topics[topic] ?? 0) + n;
  }
  return topics;
}

function latenciesOf(lanes: readonly Lane[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { tally } of lanes) {
    for (const [scorer, latencies] of Object.entries(tally.latencies)) {
      const sorted = latencies.toSorted((a, b) => a - b);
      const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
      all[scorer] = Math.max(all[scorer] ?? 0, p99);
    }
  }
  return all;
}

interface Listener {
  readonly deps: Deps;
  readonly stopping: AbortController;
  readonly use: (rules: RulesGiven) => void;
  readonly clipNow: (ask: ClipAsk) => void;
  readonly setClock: (state: ClockState) => void;
  readonly setLogLevel: (level: LogLevel) => void;
  readonly score: (message: Extract<ToData, { kind: 'scoring' }>) => void;
}

function listen(main: MessagePort, { deps, stopping, ...act }: Listener): void {
  main.on('message', (message: ToData) => {
    switch (message.kind) {
      case 'credit':
        deps.outlet.credit(message.bytes);
        return;
      case 'position':
        deps.outlet.position(message.id, message.document);
        return;
      case 'room':
        deps.outlet.room(message.id, message.made);
        return;
      case 'scoring':
        act.score(message);
        return;
      case 'shadowScoring':
        deps.scoring.shadow(message.port && portOf(message.port), message.models);
        return;
      case 'shed':
        deps.shed.set(message.order);
        return;
      case 'rules':
        act.use(message.rules);
        return;
      case 'clipNow':
        act.clipNow(message.ask);
        return;
      case 'clock':
        act.setClock(message.state);
        return;
      case 'logLevel':
        act.setLogLevel(message.level);
        return;
      case 'stop':
        stopping.abort();
    }
  });
}

async function run(main: MessagePort, settings: DataSettings): Promise<void> {
  const post = (message: FromData): void => main.postMessage(message);
  const leveled = leveledLog(openLog({ level: 'debug' }), {
    level: settings.logLevel,
    now: () => systemClock.now(),
    onLine: (line) => post({ kind: 'line', line }),
  });
  const log = leveled.log.child('data');
  const off = new Map<string, string>();
  const models: Record<string, string> = {};
  const name = (ready: DataSettings['models']): void => {
    for (const id of Object.keys(models)) delete models[id];
    for (const { id, sha256 } of ready) models[id] = sha256;
  };
  name(settings.models);
  const outlet = openOutlet(post);
  const shed = openShed({ clock: systemClock, cpuSeconds: systemInstruments.cpuSeconds });
  shed.set(settings.shed ?? nothingShed);
  const scoring = openScoring({
    clock: systemClock,
    skips: (scorer) => shed.skips(scorer),
    onOff: ({ model, why }) => {
      const text = `model ${model} is off after too many frames without a score: ${why}`;
      off.set(model, text);
      post({ kind: 'modelOff', model, why });
      log.error('a model was switched off', { model, why });
      // A notice that cannot be passed on now waits for credit like any other.
      void outlet.notice({ name: 'model_off', severity: 'warning', text });
    },
    onBack: (model) => {
      off.delete(model);
      log.warn('a model is back', { model });
      void outlet.notice({
        name: 'model_back',
        severity: 'info',
        text: `model ${model} scores again`,
      });
    },
  });
  const seed = Buffer.from(systemRandomBytes(16)).toString('hex');
  const random = seededRandom(seed);
  let clockState = settings.clock ?? unknownClock;
  const deps = {
    clock: systemClock,
    ids: systemIds,
    random,
    log,
    outlet,
    scoring,
    shed,
    clockState: () => clockState,
  };
  await using means = await openClipMeans(settings, { ...deps, randomBytes: systemRandomBytes });
  const stopping = new AbortController();
  const wanted = openWanted(wantsOf(setsIn(settings.rules)));
  const lanes = settings.sources.map(
    (source) =>
      new Lane(
        openSource(source, settings, { ...deps, wanted }),
        laneSettings(settings, settings.rules, models, means),
        deps,
      ),
  );
  const tell = (): void => {
    collectBuffers();
    const { queueShare } = outlet;
    const about = { off, queueShare, duty: shed.duty, spool: means.spool?.figures };
    post({ kind: 'progress', progress: progressOf(lanes, scoring, about) });
  };
  listen(main, {
    deps,
    stopping,
    setLogLevel: (level) => leveled.setLevel(level),
    setClock: (state) => {
      clockState = state;
    },
    use(rules) {
      const next = laneSettings(settings, rules, models, means);
      wanted.set(wantsOf(setsIn(rules)));
      for (const lane of lanes) lane.use(next);
      tell();
    },
    score({ port, models: ready, before }) {
      if (port !== undefined) name(ready);
      off.clear();
      scoring.connect(port && portOf(port), before);
      tell();
    },
    clipNow(ask) {
      if (lanes.filter((lane) => lane.clipNow(ask)).length > 0) return;
      void outlet.answer({ id: ask.id, why: 'no source of this robot is being read' });
    },
  });
  if (settings.scoringPort !== undefined) scoring.connect(portOf(settings.scoringPort));
  if (settings.shadowPort !== undefined) {
    scoring.shadow(portOf(settings.shadowPort), settings.shadowModels);
  }
  const timer = setInterval(tell, progressEveryMs);
  setTimeout(collectGarbage, startIsOverMs).unref();
  await Promise.all(lanes.map((lane) => lane.run(stopping.signal)));
  tell();
  clearInterval(timer);
  post({ kind: 'stopped' });
}

if (parentPort !== null) await run(parentPort, workerData as DataSettings);
