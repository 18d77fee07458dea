/** The bounds of this room and what happens at each. */
export const limits = {
  /** Robots of one world; more are refused. */
  mostRobots: 8,
  /** Bytes a slow reader may owe its socket; whole messages beyond are dropped and counted. */
  socketBacklogBytes: 4 * 1024 * 1024,
  /** Readers of one robot at a time; one more is turned away. */
  readersPerRobot: 16,
  /** How far a late world may catch up in one slice, in ticks; the rest of the delay is kept. */
  catchUpTicks: 50,
  /** How long the end of a stream may take at close before its socket is cut, in ms. */
  closeGraceMs: 500,
  /** Longest recording that `record` writes, in seconds. */
  recordSeconds: 24 * 3600,
  /** Fastest live world, as simulated seconds a second. */
  fastest: 100,
  /** Bytes of messages in one chunk of a recording. */
  chunkBytes: 768 * 1024,
  /** Simulated devices of one process; more are refused. */
  mostDevices: 400,
  /** Devices that enrol at the same time. */
  deviceStarts: 16,
  /** Steps of a device's life, and how often it tells numbers: the cloud takes six a minute. */
  deviceTickMs: 250,
  deviceTelemetryMs: 10_500,
  /** What a device holds for a cloud that is away, and how fast it fetches programs. */
  deviceBufferBytes: 16 * 1024 * 1024,
  deviceBytesPerSecond: 4 * 1024 * 1024,
  /** Longest wait between two tries to connect. */
  deviceReconnectMs: 5_000,
} as const;
