/**
 * The adapter to ROS 2 by rclnodejs, which is installed beside the agent on robots that want it:
 * it builds against the ROS that is sourced. Thin, because it runs on such machines only.
 */
import { asFault, Fault } from '@fieldloop/core';
import { findDefinition } from './ros-definition.ts';
import type { RosGraph, RosQuality, RosTopic } from './ros2.ts';

/** What is used of the package, as its version 2 documents it. */
export interface Rclnodejs {
  init(context?: unknown): Promise<void>;
  shutdown(context?: unknown): void;
  readonly Context: new (domain?: number) => unknown;
  readonly Node: new (name: string, namespace: string, context?: unknown) => RclNode;
  readonly QoS: {
    readonly ReliabilityPolicy: Readonly<Record<string, number>>;
    readonly DurabilityPolicy: Readonly<Record<string, number>>;
    readonly HistoryPolicy: Readonly<Record<string, number>>;
    new (history: number, depth: number, reliability: number, durability: number): unknown;
  };
}

interface RclNode {
  getTopicNamesAndTypes(): readonly { readonly name: string; readonly types: readonly string[] }[];
  getPublishersInfoByTopic(topic: string, noDemangle: boolean): readonly RclEndpoint[];
  createSubscription(
    type: string,
    topic: string,
    options: { readonly isRaw: boolean; readonly qos: unknown },
    take: (bytes: Uint8Array) => void,
  ): unknown;
  destroySubscription(subscription: unknown): void;
  spin(timeoutMs?: number): void;
  destroy(): void;
}

interface RclEndpoint {
  readonly qos_profile?: RclQuality;
  readonly qosProfile?: RclQuality;
}

interface RclQuality {
  readonly reliability?: number;
  readonly durability?: number;
  readonly depth?: number;
}

/** rmw's own numbers (rmw/types.h). */
const rmw = { reliable: 1, transientLocal: 1, keepLast: 1 } as const;
const leastDepth = 10;

/**
 * Fault `unavailable` when rclnodejs is not installed, ROS is not sourced, or the library refuses:
 * what it throws are plain errors.
 */
export async function openRclnodejs(
  domain: number | undefined,
  load: () => Promise<Rclnodejs> = installed,
): Promise<RosGraph> {
  const rcl = await load();
  const { context, node } = await join(rcl, domain);
  return {
    topics: () =>
      asked(() =>
        node
          .getTopicNamesAndTypes()
          .flatMap(({ name, types }) => types.map((type): RosTopic => ({ topic: name, type }))),
      ),
    quality: (topic) => asked(() => qualityOf(node.getPublishersInfoByTopic(topic, false))),
    subscribe({ topic, type }, quality, take) {
      const subscription = asked(() => {
        const options = { isRaw: true, qos: qosOf(rcl, quality) };
        // The library may write into its buffer again.
        return node.createSubscription(type, topic, options, (bytes) =>
          take(new Uint8Array(bytes)),
        );
      });
      return () => asked(() => node.destroySubscription(subscription));
    },
    definition: (type) => findDefinition(type, prefixes()),
    async [Symbol.asyncDispose]() {
      try {
        node.destroy();
        rcl.shutdown(context);
      } catch {
        // Nothing goes on with this context, and why it is given up was told before.
      }
      await Promise.resolve();
    },
  };
}

async function join(rcl: Rclnodejs, domain: number | undefined) {
  try {
    const context = domain === undefined ? new rcl.Context() : new rcl.Context(domain);
    await rcl.init(context);
    const node = new rcl.Node('fieldloop_agent', '', context);
    node.spin();
    return { context, node };
  } catch (cause) {
    throw refused(cause, 'Check ROS_DOMAIN_ID and RMW_IMPLEMENTATION where the agent starts.');
  }
}

function asked<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw refused(
      cause,
      'For a type that is not known, run `npx generate-ros-messages` beside the agent where its package is sourced, and start the agent again.',
    );
  }
}

const refused = (cause: unknown, remedy: string): Fault =>
  new Fault('unavailable', `rclnodejs refuses: ${asFault(cause).message}`, { remedy, cause });

function qosOf({ QoS }: Rclnodejs, { reliable, transientLocal, depth }: RosQuality): unknown {
  const { ReliabilityPolicy, DurabilityPolicy, HistoryPolicy } = QoS;
  const policy = (of: Readonly<Record<string, number>>, name: string): number => of[name] ?? 0;
  return new QoS(
    policy(HistoryPolicy, 'RMW_QOS_POLICY_HISTORY_KEEP_LAST') || rmw.keepLast,
    Math.max(depth, leastDepth),
    policy(
      ReliabilityPolicy,
      `RMW_QOS_POLICY_RELIABILITY_${reliable ? 'RELIABLE' : 'BEST_EFFORT'}`,
    ),
    policy(
      DurabilityPolicy,
      `RMW_QOS_POLICY_DURABILITY_${transientLocal ? 'TRANSIENT_LOCAL' : 'VOLATILE'}`,
    ),
  );
}

/** A subscription fits all publishers of its topic when it asks for no more than each offers. */
function qualityOf(endpoints: readonly RclEndpoint[]): RosQuality | undefined {
  const offers = endpoints.map((one) => one.qos_profile ?? one.qosProfile ?? {});
  if (offers.length === 0) return undefined;
  return {
    reliable: offers.every(({ reliability }) => reliability === rmw.reliable),
    transientLocal: offers.every(({ durability }) => durability === rmw.transientLocal),
    depth: Math.max(...offers.map(({ depth = 0 }) => depth)),
  };
}

async function installed(): Promise<Rclnodejs> {
  if (prefixes().length === 0) {
    throw new Fault('unavailable', 'ROS 2 is not sourced: AMENT_PREFIX_PATH is not set', {
      remedy:
        'Start the agent where `source /opt/ros/DISTRO/setup.sh` was run, in its unit for example.',
    });
  }
  // Not among the packages of this room: it needs ROS to be installed.
  const name = 'rclnodejs';
  try {
    const loaded = (await import(name)) as { readonly default?: Rclnodejs } & Rclnodejs;
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new Fault('unavailable', 'rclnodejs is not installed', {
      remedy:
        'Run `npm install rclnodejs` beside the agent with ROS 2 sourced, or record to a folder.',
      cause,
    });
  }
}

/** Whether a `ros2` source can start on this machine. */
export async function checkRclnodejs(): Promise<void> {
  await installed();
}

const prefixes = (): string[] =>
  (process.env['AMENT_PREFIX_PATH'] ?? '').split(':').filter((path) => path !== '');
