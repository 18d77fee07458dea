/** The door of this room: the whole service, and the shapes of its API for those who call it. */
export type { ClipJson, ClipPage, ClipSummaryJson } from './clip/json.ts';
export { type CloudConfig, type CloudSettings, defaultPorts, readCloudConfig } from './config.ts';
export type { DeviceJson, DevicePage } from './device/routes.ts';
export type { EventJson, EventPage } from './event/routes.ts';
export type { Problem } from './http/problem.ts';
export type { ApiKeyJson, ApiKeyPage, NewApiKeyJson } from './key/routes.ts';
export type { SessionJson, SessionPage } from './session/routes.ts';
export type { ClaimTokenJson, ClaimTokenPage, NewClaimTokenJson } from './token/routes.ts';
