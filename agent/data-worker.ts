/**
 * The data thread: sources, windows, rules and clips. It never touches the database or the
 * network of the cloud; main does, at its own speed.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import {
  type Clock,
  type Ids,
  type Log,
  type Random,
  seededRandom,
  silentLog,
} from '@fieldloop/core';
import { openLog, systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import type { LogLevel } from '@fieldloop/proto';
import type { PlainRuleSet } from '@fieldloop/rules';
import { askEach, type ClipAsk } from './clip/ask.ts';
import { type ClockState, unknownClock } from './clip/clock.ts';
import { type ClipMeans, openClipMeans } from './clip-means.ts';
import { collectBuffers, collectGarbage } from './collect.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { leveledLog } from './leveled-log.ts';
import { progressEveryMs, startIsOverMs } from './limits.ts';
import type { DataSettings, FromData, RulesGiven, ToData } from './messages.ts';
import { openSource } from './open-source.ts';
import { systemInstruments } from './health/load.ts';
import { openOutlet, type OpenOutlet } from './outlet.ts';
import { progressOf } from './progress.ts';
import { rulesOf, wantsOf } from './rule/rules.ts';
import type { FromScoring } from './score/protocol.ts';
import { openScoring, type Scoring, type ScoringPort } from './score/scoring.ts';
import { nothingShed, openShed, type Shed } from './shed.ts';
import { openWanted } from './source/wanted.ts';

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
  const written = settings.isQuiet === true ? silentLog : openLog({ level: 'debug' });
  const leveled = leveledLog(written, {
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
    const about = {
      degraded: [...off.values()],
      queueShare,
      duty: shed.duty,
      spool: means.spool?.figures,
      nowMs: systemClock.monotonicMs(),
    };
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
      const none = askEach(lanes, ask);
      if (none !== undefined) void outlet.answer({ id: ask.id, ...none });
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
