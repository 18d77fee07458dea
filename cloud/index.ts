/** The door of this room: the whole service, and the shapes of its API for those who call it. */
// What a measurement needs to store bytes as the cloud does.
export { openCa } from './auth/ca.ts';
export { openDiskBlobs } from './blob/disk.ts';
export { checkCloud } from './check.ts';
export type { ClipJson, ClipSummaryJson } from './clip/json.ts';
export type { ClipPage } from './clip/list.ts';
export { type CloudConfig, type CloudSettings, defaultPorts, readCloudConfig } from './config.ts';
export type { DeviceJson, DevicePage } from './device/routes.ts';
export type { EventJson, EventPage } from './event/routes.ts';
export type { Problem } from './http/problem.ts';
export type { ApiKeyJson, ApiKeyPage, NewApiKeyJson } from './key/json.ts';
export { type RunningCloud, startCloud } from './main.ts';
export type { CloudSystem } from './system.ts';
export type { SessionJson, SessionPage } from './session/routes.ts';
export type { ClaimTokenJson, ClaimTokenPage, NewClaimTokenJson } from './token/routes.ts';
export type { CommandJson } from './command/json.ts';
// What a test puts in the place of a publication.
export { setDesired } from './store/desired.ts';
export { migrate } from './store/migrate.ts';
export { openSqlite } from './store/sqlite.ts';
// What a test puts in the place of a laboratory.
export { putEvaluation } from './evaluation/store.ts';
export { registerVersion } from './store/model-registry.ts';
// What a person does to a cloud's data, running or not.
export type { BackupProgress } from './store/backup/format.ts';
export type { Finding } from './store/check.ts';
export { backupCloud, migrateCloud, restoreCloud } from './store/upkeep.ts';
