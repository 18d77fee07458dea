export { type AgentBundle, buildAgent } from './agent-bundle.ts';
export {
  type AgentPlan,
  type AgentProcess,
  resumeAgent,
  startAgent,
} from './agent-process.ts';
export {
  type CloudApi,
  cloudApi,
  type CloudProcess,
  freePorts,
  type ListedClip,
  samePorts,
  startCloud,
} from './cloud-process.ts';
export { writeMobileNet } from './mobilenet.ts';
export { type Running, startProgram } from './process.ts';
export { type ClipContent, readClip } from './verify.ts';
