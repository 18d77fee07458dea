/** The five-topic rule set of the bench, once as YAML and once by hand for the rival. */

export const rulesYaml = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: bench, version: 1}
signals:
  ax: {topic: /imu/data, path: linear_acceleration.x, type: double}
  effort: {topic: /joint_states, path: "effort[0]", type: double}
  tx: {topic: /tf, path: "transforms[0].transform.translation.x", type: double}
  vx: {topic: /odom, path: twist.twist.linear.x, type: double}
  mode: {topic: /autonomy/mode, path: data, type: string}
rules:
- id: hard-brake
  severity: critical
  when: ax < -2.9
  capture: {topics: ["*"], pre: 1s, post: 1s}
- id: torque
  severity: warning
  when: effort > 3.5
  capture: {topics: ["*"], pre: 1s, post: 1s}
- id: far-away
  severity: info
  when: tx > 60.0
  capture: {topics: ["*"], pre: 1s, post: 1s}
- id: fast
  severity: warning
  when: vx > 1.8
  capture: {topics: ["*"], pre: 1s, post: 1s}
- id: manual-drive
  severity: info
  when: mode == "MANUAL" && vx > 0.5
  capture: {topics: ["*"], pre: 1s, post: 1s}
`;

/** How often each rule fired. */
export type Fires = Record<string, number>;

interface Fields {
  readonly linear_acceleration?: { readonly x: number };
  readonly effort?: ArrayLike<number>;
  readonly transforms?: readonly {
    readonly transform: { readonly translation: { readonly x: number } };
  }[];
  readonly twist?: { readonly twist: { readonly linear: { readonly x: number } } };
  readonly data?: string;
}

/** The same rules on decoded messages: a rule fires when its condition becomes true. */
export function openHandRules(): { take(topic: string, message: Fields): void; fires: Fires } {
  const now: { ax?: number; effort?: number; tx?: number; vx?: number; mode?: string } = {};
  const was: Record<string, boolean> = {};
  const fires: Fires = {};
  const fold = (rule: string, isTrue: boolean): void => {
    if (isTrue && was[rule] !== true) fires[rule] = (fires[rule] ?? 0) + 1;
    was[rule] = isTrue;
  };
  const drive = (): void => fold('manual-drive', now.mode === 'MANUAL' && (now.vx ?? 0) > 0.5);
  return {
    fires,
    take(topic, message) {
      switch (topic) {
        case '/imu/data':
          fold('hard-brake', (message.linear_acceleration?.x ?? 0) < -2.9);
          break;
        case '/joint_states':
          fold('torque', (message.effort?.[0] ?? 0) > 3.5);
          break;
        case '/tf':
          fold('far-away', (message.transforms?.[0]?.transform.translation.x ?? 0) > 60);
          break;
        case '/odom':
          now.vx = message.twist?.twist.linear.x ?? 0;
          fold('fast', now.vx > 1.8);
          drive();
          break;
        case '/autonomy/mode':
          now.mode = message.data ?? '';
          drive();
          break;
        default:
          break;
      }
    },
  };
}
