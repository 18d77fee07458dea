/** Transfer to bytes and back, within its limits. */
import * as f from './codec-fields.ts';
import { cancelReasons, codes, contentKinds, openStates } from './codec-words.ts';
import { fieldloop } from './generated/wire.js';
import * as most from './limits.ts';
import type { Ack, Cancel, Done, Fetch, Nack, Open, OpenAck, Transfer } from './messages.ts';

const v1 = fieldloop.wire.v1;
type V1Fetch = fieldloop.wire.v1.Fetch.$Properties;
type V1Open = fieldloop.wire.v1.Open.$Properties;
type V1OpenAck = fieldloop.wire.v1.OpenAck.$Properties;
type V1Ack = fieldloop.wire.v1.Ack.$Properties;
type V1Done = fieldloop.wire.v1.Done.$Properties;
type V1Nack = fieldloop.wire.v1.Nack.$Properties;
type V1Cancel = fieldloop.wire.v1.Cancel.$Properties;

const sizeLimit = most.maxContentBytes;

export function encodeTransfer(transfer: Transfer): Uint8Array {
  const bytes = v1.Transfer.encode(toWire(transfer)).finish();
  return f.withinBytes(bytes, most.maxTransferBytes, 'Transfer');
}

export function decodeTransfer(bytes: Uint8Array): Transfer {
  return f.decoding(bytes, { most: most.maxTransferBytes, message: 'Transfer' }, (input) => {
    const wire = v1.Transfer.decode(input);
    if (wire.fetch) return { kind: 'fetch', fetch: fetchFromWire(wire.fetch) };
    if (wire.open) return { kind: 'open', open: openFromWire(wire.open) };
    if (wire.openAck) return { kind: 'openAck', openAck: openAckFromWire(wire.openAck) };
    if (wire.ack) return { kind: 'ack', ack: ackFromWire(wire.ack) };
    if (wire.done) return { kind: 'done', done: doneFromWire(wire.done) };
    if (wire.nack) return { kind: 'nack', nack: nackFromWire(wire.nack) };
    if (wire.cancel) return { kind: 'cancel', cancel: cancelFromWire(wire.cancel) };
    return { kind: 'unknown' };
  });
}

function toWire(transfer: Transfer) {
  switch (transfer.kind) {
    case 'fetch':
      return { fetch: fetchToWire(transfer.fetch) };
    case 'open':
      return { open: openToWire(transfer.open) };
    case 'openAck':
      return { openAck: openAckToWire(transfer.openAck) };
    case 'ack':
      return { ack: ackToWire(transfer.ack) };
    case 'done':
      return { done: doneToWire(transfer.done) };
    case 'nack':
      return { nack: nackToWire(transfer.nack) };
    case 'cancel':
      return { cancel: cancelToWire(transfer.cancel) };
    case 'unknown':
      return f.refuse('Transfer', 'is of an unknown kind');
  }
}

function fetchToWire(fetch: Fetch) {
  return {
    hash: f.hashToWire(fetch.sha256, 'fetch/hash'),
    kind: contentKinds.toWire(fetch.content),
  };
}

function fetchFromWire(wire: V1Fetch): Fetch {
  return {
    sha256: f.hashFromWire(wire.hash, 'fetch/hash'),
    content: contentKinds.fromWire(wire.kind, 'fetch/kind'),
  };
}

function openToWire(open: Open) {
  return {
    tid: f.checkCount(open.tid, f.maxU32, 'open/tid'),
    hash: f.hashToWire(open.sha256, 'open/hash'),
    size: f.sizeToWire(open.sizeBytes, sizeLimit, 'open/size'),
    kind: contentKinds.toWire(open.content),
    clipId: open.clipId === undefined ? null : f.idToWire(open.clipId, 'open/clipId'),
    chunkMax: f.checkCount(open.chunkMax, f.maxU32, 'open/chunkMax'),
  };
}

function openFromWire(wire: V1Open): Open {
  return {
    tid: f.checkCount(wire.tid, f.maxU32, 'open/tid'),
    sha256: f.hashFromWire(wire.hash, 'open/hash'),
    sizeBytes: f.sizeFromWire(wire.size, Number.MAX_SAFE_INTEGER, 'open/size'),
    content: contentKinds.fromWire(wire.kind, 'open/kind'),
    ...(wire.clipId ? { clipId: f.idFromWire(wire.clipId, 'open/clipId') } : {}),
    chunkMax: f.checkCount(wire.chunkMax, f.maxU32, 'open/chunkMax'),
  };
}

function openAckToWire(openAck: OpenAck) {
  return {
    tid: f.checkCount(openAck.tid, f.maxU32, 'openAck/tid'),
    hash: f.hashToWire(openAck.sha256, 'openAck/hash'),
    epoch: f.checkCount(openAck.epoch, f.maxU32, 'openAck/epoch'),
    state: openStates.toWire(openAck.state),
    durable: f.sizeToWire(openAck.durable, sizeLimit, 'openAck/durable'),
    credit: f.checkCount(openAck.credit, f.maxU32, 'openAck/credit'),
    chunkMax: f.checkCount(openAck.chunkMax, f.maxU32, 'openAck/chunkMax'),
    slot: f.checkText(openAck.slot, most.maxSlotText, 'openAck/slot'),
    retryAfterMs: f.checkCount(openAck.retryAfterMs, f.maxU32, 'openAck/retryAfterMs'),
    code: openAck.code === undefined ? null : codes.toWire(openAck.code),
  };
}

function openAckFromWire(wire: V1OpenAck): OpenAck {
  const state = openStates.fromWire(wire.state, 'openAck/state');
  const needsCode = state === 'later' || state === 'refused';
  return {
    tid: f.checkCount(wire.tid, f.maxU32, 'openAck/tid'),
    sha256: f.hashFromWire(wire.hash, 'openAck/hash'),
    epoch: f.checkCount(wire.epoch, f.maxU32, 'openAck/epoch'),
    state,
    durable: f.sizeFromWire(wire.durable, sizeLimit, 'openAck/durable'),
    credit: f.checkCount(wire.credit, f.maxU32, 'openAck/credit'),
    chunkMax: f.checkCount(wire.chunkMax, f.maxU32, 'openAck/chunkMax'),
    slot: f.checkText(wire.slot, most.maxSlotText, 'openAck/slot'),
    retryAfterMs: f.checkCount(wire.retryAfterMs, f.maxU32, 'openAck/retryAfterMs'),
    ...(needsCode ? { code: codes.fromWire(wire.code, 'openAck/code') } : {}),
  };
}

function ackToWire(ack: Ack) {
  return {
    tid: f.checkCount(ack.tid, f.maxU32, 'ack/tid'),
    epoch: f.checkCount(ack.epoch, f.maxU32, 'ack/epoch'),
    received: f.sizeToWire(ack.received, sizeLimit, 'ack/received'),
    durable: f.sizeToWire(ack.durable, sizeLimit, 'ack/durable'),
    credit: f.checkCount(ack.credit, f.maxU32, 'ack/credit'),
  };
}

function ackFromWire(wire: V1Ack): Ack {
  return {
    tid: f.checkCount(wire.tid, f.maxU32, 'ack/tid'),
    epoch: f.checkCount(wire.epoch, f.maxU32, 'ack/epoch'),
    received: f.sizeFromWire(wire.received, sizeLimit, 'ack/received'),
    durable: f.sizeFromWire(wire.durable, sizeLimit, 'ack/durable'),
    credit: f.checkCount(wire.credit, f.maxU32, 'ack/credit'),
  };
}

function doneToWire(done: Done) {
  return {
    tid: f.checkCount(done.tid, f.maxU32, 'done/tid'),
    epoch: f.checkCount(done.epoch, f.maxU32, 'done/epoch'),
    hash: f.hashToWire(done.sha256, 'done/hash'),
    size: f.sizeToWire(done.sizeBytes, sizeLimit, 'done/size'),
  };
}

function doneFromWire(wire: V1Done): Done {
  return {
    tid: f.checkCount(wire.tid, f.maxU32, 'done/tid'),
    epoch: f.checkCount(wire.epoch, f.maxU32, 'done/epoch'),
    sha256: f.hashFromWire(wire.hash, 'done/hash'),
    sizeBytes: f.sizeFromWire(wire.size, sizeLimit, 'done/size'),
  };
}

function nackToWire(nack: Nack) {
  return {
    tid: f.checkCount(nack.tid, f.maxU32, 'nack/tid'),
    epoch: f.checkCount(nack.epoch, f.maxU32, 'nack/epoch'),
    code: codes.toWire(nack.code),
    from: f.sizeToWire(nack.from, sizeLimit, 'nack/from'),
    retryAfterMs: f.checkCount(nack.retryAfterMs, f.maxU32, 'nack/retryAfterMs'),
    detail: f.checkText(nack.detail, most.maxDetailText, 'nack/detail'),
  };
}

function nackFromWire(wire: V1Nack): Nack {
  return {
    tid: f.checkCount(wire.tid, f.maxU32, 'nack/tid'),
    epoch: f.checkCount(wire.epoch, f.maxU32, 'nack/epoch'),
    code: codes.fromWire(wire.code, 'nack/code'),
    from: f.sizeFromWire(wire.from, sizeLimit, 'nack/from'),
    retryAfterMs: f.checkCount(wire.retryAfterMs, f.maxU32, 'nack/retryAfterMs'),
    detail: f.checkText(wire.detail, most.maxDetailText, 'nack/detail'),
  };
}

function cancelToWire(cancel: Cancel) {
  return {
    tid: f.checkCount(cancel.tid, f.maxU32, 'cancel/tid'),
    epoch: f.checkCount(cancel.epoch, f.maxU32, 'cancel/epoch'),
    reason: cancelReasons.toWire(cancel.reason),
  };
}

function cancelFromWire(wire: V1Cancel): Cancel {
  return {
    tid: f.checkCount(wire.tid, f.maxU32, 'cancel/tid'),
    epoch: f.checkCount(wire.epoch, f.maxU32, 'cancel/epoch'),
    reason: cancelReasons.fromWire(wire.reason, 'cancel/reason'),
  };
}
