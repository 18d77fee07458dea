/** Types of launch.mjs, which is plain JavaScript so that an old Node can run it. */
export function runsHere(version?: string): boolean;
export function toolchainNode(directory?: string): string | undefined;
export function programEnvironment(env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
export function launch(
  entry: string,
  argv?: readonly string[],
  bounds?: readonly string[],
): Promise<void>;
export function handOver(node: string, args: readonly string[], env: NodeJS.ProcessEnv): void;
