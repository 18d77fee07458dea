/** Command, Desired and Telemetry to bytes and back, within their limits. */
import * as f from './codec-fields.ts';
import { levels, packings, severities } from './codec-words.ts';
import { type CommandBody, parseCommandBody } from './command.ts';
import { desiredDigest, packDesired, unpackDesired } from './desired.ts';
import { fieldloop } from './generated/wire.js';
import * as most from './limits.ts';
import type { Command, Desired, DesiredSection, Series, Telemetry } from './messages.ts';

const v1 = fieldloop.wire.v1;
type V1Command = fieldloop.wire.v1.Command.$Properties;

const maxMs = Number.MAX_SAFE_INTEGER;
const anyId = '00000000-0000-0000-0000-000000000000';

/** Encodes what this version knows; an `unknown` one only ever comes in. */
export function encodeCommand(command: Command): Uint8Array {
  if (command.kind === 'unknown') f.refuse('body', 'is of no kind');
  const { id, deadlineMs } = command;
  const bytes = v1.Command.encode({
    id: f.idToWire(id, 'id'),
    deadlineMs: f.sizeToWire(deadlineMs, maxMs, 'deadlineMs'),
    ...bodyToWire(parseCommandBody(command.kind, command.input)),
  }).finish();
  return f.withinBytes(bytes, most.maxCommandBytes, 'Command');
}

/** Fault `invalid` when no device could be sent this. */
export function demandCommandFits(body: CommandBody): void {
  encodeCommand({ id: anyId, deadlineMs: maxMs, ...body });
}

function bodyToWire(body: CommandBody): V1Command {
  switch (body.kind) {
    case 'pull': {
      const { clip, topics, startNs, endNs } = body.input;
      return {
        pull: {
          clipId: f.idToWire(clip, 'pull/clip'),
          topics: checkTopics(topics, 'pull/topics'),
          startNs: startNs === undefined ? null : f.integerToWire(BigInt(startNs), 'pull/startNs'),
          endNs: endNs === undefined ? null : f.integerToWire(BigInt(endNs), 'pull/endNs'),
        },
      };
    }
    case 'clip_now': {
      const { preS, postS, topics, reason, severity = 'warning' } = body.input;
      return {
        clipNow: {
          preS: f.checkFinite(preS, 'clipNow/preS'),
          postS: f.checkFinite(postS, 'clipNow/postS'),
          topics: checkTopics(topics, 'clipNow/topics'),
          reason: f.checkName(reason, most.maxReasonText, 'clipNow/reason'),
          severity: severities.toWire(severity),
        },
      };
    }
    case 'log_level':
      return { logLevel: { level: levels.toWire(body.input.level) } };
    case 'refresh':
      return {
        refresh: { section: f.checkName(body.input.section, most.maxSectionText, 'section') },
      };
    case 'restart':
      return { restart: {} };
    case 'ping':
      return { ping: {} };
    case 'diagnose':
      return { diagnose: {} };
  }
}

function checkTopics(topics: readonly string[] | null | undefined, place: string): string[] {
  return f
    .checkList(topics, most.maxCommandTopics, place)
    .map((topic) => f.checkName(topic, most.maxTopicText, place));
}

export function decodeCommand(bytes: Uint8Array): Command {
  return f.decoding(bytes, { most: most.maxCommandBytes, message: 'Command' }, (input) => {
    const wire = v1.Command.decode(input);
    const head = {
      id: f.idFromWire(wire.id, 'id'),
      deadlineMs: f.sizeFromWire(wire.deadlineMs, maxMs, 'deadlineMs'),
    };
    const body = bodyFromWire(wire);
    return body === undefined
      ? { ...head, kind: 'unknown' }
      : { ...head, ...parseCommandBody(body.kind, body.input) };
  });
}

function bodyFromWire(
  wire: V1Command,
): { readonly kind: CommandBody['kind']; readonly input: unknown } | undefined {
  if (wire.pull) {
    const { clipId, startNs, endNs } = wire.pull;
    const topics = checkTopics(wire.pull.topics, 'pull/topics');
    const input = {
      clip: f.idFromWire(clipId, 'pull/clip'),
      ...(topics.length === 0 ? {} : { topics }),
      ...optionalNs('startNs', startNs),
      ...optionalNs('endNs', endNs),
    };
    return { kind: 'pull', input };
  }
  if (wire.clipNow) {
    const { preS, postS, reason, severity } = wire.clipNow;
    const topics = checkTopics(wire.clipNow.topics, 'clipNow/topics');
    const input = {
      preS: f.checkFinite(preS, 'clipNow/preS'),
      postS: f.checkFinite(postS, 'clipNow/postS'),
      ...(topics.length === 0 ? {} : { topics }),
      reason: f.checkName(reason, most.maxReasonText, 'clipNow/reason'),
      severity: severities.fromWire(severity, 'clipNow/severity'),
    };
    return { kind: 'clip_now', input };
  }
  if (wire.logLevel) {
    const level = levels.fromWire(wire.logLevel.level, 'logLevel/level');
    return { kind: 'log_level', input: { level } };
  }
  if (wire.refresh) return { kind: 'refresh', input: { section: wire.refresh.section ?? '' } };
  if (wire.restart) return { kind: 'restart', input: {} };
  if (wire.ping) return { kind: 'ping', input: {} };
  return wire.diagnose ? { kind: 'diagnose', input: {} } : undefined;
}

function optionalNs(name: string, value: f.WireLong): Readonly<Record<string, string>> {
  if (value === null || value === undefined) return {};
  return { [name]: String(f.integerFromWire(value, name)) };
}

/** Fault `limited` when a section does not fit, `invalid` when they do not fit together. */
export function encodeDesired(desired: Desired): Uint8Array {
  const bytes = v1.Desired.encode({
    generation: f.integerToWire(desired.generation, 'generation'),
    features: f.unsignedToWire(desired.features, 'features'),
    sections: f.checkList(desired.sections, most.maxDesiredSections, 'sections').map(sectionToWire),
  }).finish();
  return f.withinBytes(bytes, most.maxDesiredBytes, 'Desired');
}

function sectionToWire(section: DesiredSection) {
  const { packing, bytes } = packDesired(section.name, section.document);
  return {
    name: f.checkName(section.name, most.maxSectionText, 'sections/name'),
    generation: f.integerToWire(section.generation, 'sections/generation'),
    hash: f.hashToWire(section.sha256, 'sections/hash'),
    document: bytes,
    packing: packings.toWire(packing),
  };
}

export function decodeDesired(bytes: Uint8Array): Desired {
  return f.decoding(bytes, { most: most.maxDesiredBytes, message: 'Desired' }, (input) => {
    const wire = v1.Desired.decode(input);
    return {
      generation: f.integerFromWire(wire.generation, 'generation'),
      features: f.unsignedFromWire(wire.features),
      sections: f
        .checkList(wire.sections, most.maxDesiredSections, 'sections')
        .map(sectionFromWire),
    };
  });
}

function sectionFromWire(wire: fieldloop.wire.v1.DesiredSection.$Properties): DesiredSection {
  const name = f.checkName(wire.name, most.maxSectionText, 'sections/name');
  const generation = f.integerFromWire(wire.generation, 'sections/generation');
  const sha256 = f.hashFromWire(wire.hash, 'sections/hash');
  const packing = packings.fromWire(wire.packing, 'sections/packing');
  const bytes = wire.document ?? new Uint8Array();
  f.withinBytes(bytes, most.maxDesiredSectionBytes, 'sections/document');
  const document = unpackDesired({ packing, bytes });
  if (desiredDigest(document) !== sha256) f.refuse('sections/hash', 'is of another document');
  return { name, generation, sha256, document };
}

export function encodeTelemetry(telemetry: Telemetry): Uint8Array {
  const bytes = v1.Telemetry.encode({
    bootId: f.idToWire(telemetry.bootId, 'bootId'),
    seq: f.integerToWire(telemetry.seq, 'seq'),
    atMs: f.sizeToWire(telemetry.atMs, maxMs, 'atMs'),
    series: f.checkList(telemetry.series, most.maxSeries, 'series').map((series) => ({
      name: f.checkName(series.name, most.maxSeriesText, 'series/name'),
      unit: f.checkText(series.unit, most.maxUnitText, 'series/unit'),
      value: f.checkFinite(series.value, 'series/value'),
    })),
  }).finish();
  return f.withinBytes(bytes, most.maxTelemetryBytes, 'Telemetry');
}

/** As many of the series, in their order, as one message holds. */
export function fitTelemetry(series: readonly Series[]): readonly Series[] {
  // Head of the message, and of each series its tags, lengths and double.
  let bytes = 64;
  const fitting = series.findIndex((one, index) => {
    bytes += Buffer.byteLength(one.name) + Buffer.byteLength(one.unit) + 20;
    return index >= most.maxSeries || bytes > most.maxTelemetryBytes;
  });
  return fitting === -1 ? series : series.slice(0, fitting);
}

export function decodeTelemetry(bytes: Uint8Array): Telemetry {
  return f.decoding(bytes, { most: most.maxTelemetryBytes, message: 'Telemetry' }, (input) => {
    const wire = v1.Telemetry.decode(input);
    return {
      bootId: f.idFromWire(wire.bootId, 'bootId'),
      seq: f.integerFromWire(wire.seq, 'seq'),
      atMs: f.sizeFromWire(wire.atMs, maxMs, 'atMs'),
      series: f.checkList(wire.series, most.maxSeries, 'series').map((series) => ({
        name: f.checkName(series.name, most.maxSeriesText, 'series/name'),
        unit: f.checkText(series.unit, most.maxUnitText, 'series/unit'),
        value: f.checkFinite(series.value, 'series/value'),
      })),
    };
  });
}
