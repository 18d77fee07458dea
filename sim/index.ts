import { join } from 'node:path';

export { claimTokens } from './fleet/claim.ts';
export { type DeviceStatus } from './fleet/device.ts';
export { type SimulatedDevices, simulateDevices } from './fleet/fleet.ts';
export { programFile, type ProgramPlan } from './fleet/program.ts';
export { defaultStartNs, type RecordOptions, recordRobot, type RecordSummary } from './record.ts';
export {
  recordShift,
  type ShiftOptions,
  type ShiftSummary,
  type ShiftTruth,
} from './shift/record.ts';
export { outputs } from './channels.ts';
export { openRecorder, type Recorder } from './mcap-file.ts';
export { type Fleet, type FleetOptions, type FleetStats, serveFleet } from './serve.ts';
export type { TruthLine } from './truth.ts';
export { openWorld, type World, type WorldEvent } from './world/world.ts';

/** The folder of the classifier trained for this world: model.onnx and model.yaml. */
export const modelFolder = join(import.meta.dirname, 'model');
