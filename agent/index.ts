export { askAgent, readStatus } from './health/socket.ts';
export {
  type AgentStatus,
  type RuleFigures,
  type ScoreFigures,
  type SourceFigures,
  type SourceState,
  statusSocketPath,
  type UplinkFigures,
} from './health/status.ts';
export { type ArtifactShelf, openArtifacts } from './buffer/artifacts.ts';
export { type AgentBuffer, openBuffer } from './buffer/buffer.ts';
export { enroll } from './enroll/enroll.ts';
export { loadIdentity } from './enroll/identity.ts';
export { type Downloads, openDownloads } from './uplink/downloads.ts';
export { openUplink, type Uplink } from './uplink/uplink.ts';
