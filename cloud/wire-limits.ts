/** What a robot's side of the house can be made to hold or wait for: certificates, gate, ingest. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Lives of certificates: the root, the intermediate, a listener's, a robot's. */
export const rootMs = ms('7300d');
export const authorityMs = ms('1825d');
export const serverCertificateMs = ms('397d');
export const deviceCertificateMs = ms('30d');
/** Certificates begin this much before now, for robots whose clock is behind. */
export const clockSlackMs = ms('5m');
/** Enrolment: bytes of a body, time for a request, tries a minute and address, addresses known. */
export const enrolBodyBytes = 16 * 1024;
export const enrolTimeoutMs = ms('10s');
/** A robot takes two: the root and the claim. */
export const enrolTriesPerMinute = 20;
export const maxEnrolAddresses = 4096;

/** The gate, before CONNECT: sockets in all, sockets a second and address, and their times. */
export const maxWaitingSockets = 4096;
export const socketsPerSecond = 20;
export const socketsBurst = 40;
export const handshakeTimeoutMs = ms('10s');
export const connectTimeoutMs = ms('5s');
export const maxConnectBytes = 4096;
/**
 * Connects of one client id. An agent backs off by itself; this is for one that does not, and it
 * leaves room for a robot whose power or network flaps.
 */
export const connectsPerMinute = 30;
export const connectsBurst = 30;
/** Keys that a rate limit or the list of told refusals remembers; the oldest is forgotten. */
export const maxRateKeys = 10_000;
export const refusalEveryMs = ms('60s');
export const keepaliveRangeS = { least: 10, most: 300 } as const;
/** After CONNECT: bytes of a packet and of a topic, SUBSCRIBE packets, control packets a second. */
export const controlPacketBytes = 64 * 1024;
export const bulkPacketBytes = 300 * 1024;
export const maxTopicBytes = 128;
export const maxSubscribePackets = 8;
export const controlPacketsPerSecond = 100;
export const controlPacketsBurst = 1000;

/** Ingest: what one transaction takes, and how far apart those of rows begin. */
export const commitRows = 1000;
export const commitAfterMs = 10;
/** What waits for the writer before sockets stop being read. */
export const maxQueuedRows = 10_000;
export const maxQueuedBytes = 32 * 1024 * 1024;
/** Ranges of rows kept past a hole of one lane. */
export const maxLaneRanges = 16;
/** Keys kept below `through`, to tell a row that comes again from one that reuses its number. */
export const keptRowKeys = 4096n;
/** Former names of devices that the log has told of; beyond it some are told again. */
export const maxOtherNames = 1024;
/** What all open transfers of all devices may hold past their durable offsets. */
export const transferMemoryBytes = 512 * 1024 * 1024;
/** How often open transfers are looked at for a sync that is due. */
export const transferTickMs = 10;
/** A part that nobody touched for this long is removed with its row. */
export const untouchedPartMs = ms('24h');
export const sweepEveryMs = ms('1h');
/** A writer that died is started again after this long. */
export const writerRestartMs = ms('1s');
/** Rows of closed connections are kept this long. */
export const connectionRowMs = ms('30d');
/** A device that does not read what is sent to it is closed after this long. */
export const drainTimeoutMs = ms('10s');
/** Downloads: at once to one device and from this node, and bytes sent that it has not told of. */
export const maxDeviceDownloads = 2;
export const maxNodeDownloads = 500;
export const downloadAheadBytes = 256 * 1024;
/** How often downloads are looked at for one that makes no progress. */
export const downloadTickMs = 250;
