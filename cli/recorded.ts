/** Words about a RECORDING that a command was given. */
import type { SplitRecording } from '@fieldloop/recording';
import type { CliIo } from './io.ts';

/** What a RECORDING on a command line may be. */
export const recordingHelp = 'an MCAP file, a ROS 1 bag, a db3, or a folder of rosbag2';

/** Of --device. */
export const deviceHelp = 'the robot, for draws of `sample` and `randomUniform`';

/** Whose draws they are where no robot is named: each recording is of a robot of its own. */
export const deviceOf = ({ splits }: SplitRecording): string => splits[0]?.name ?? '';

/** What is not there is no damage of what is. */
export function tellMissing(io: CliIo, { missing }: SplitRecording): void {
  for (const path of missing) io.err(`${path}: metadata.yaml lists it, and it is not there\n`);
}
