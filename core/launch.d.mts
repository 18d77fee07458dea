/** Types of launch.mjs, which is plain JavaScript so that an old Node can run it. */
export function runsHere(version?: string): boolean;
export function toolchainNode(directory?: string): string | undefined;
export function programEnvironment(env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
/** Flags of V8, and variables of the environment. */
export interface Bounds {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
export function launch(entry: string, argv?: readonly string[], bounds?: Bounds): Promise<void>;
export function stayWithin(bounds: Bounds, argv?: readonly string[]): void;
export function handOver(node: string, args: readonly string[], env: NodeJS.ProcessEnv): void;
