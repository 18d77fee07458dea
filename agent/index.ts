export { openStatusSocket, readStatus } from './health/socket.ts';
export {
  type AgentStatus,
  type RuleFigures,
  type ScoreFigures,
  type SourceFigures,
  type SourceState,
  statusSocketPath,
  type UplinkFigures,
} from './health/status.ts';
