/** What the robots of the loop watch for: samples of everything, and doubt that lasts. */

/** The rule whose events are failures: its tag `failure` puts each into the failure log. */
export const failureKind = 'lost';

export const loopRules = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: { name: loop, version: 1 }
signals:
  vx: { topic: /odom, path: twist.twist.linear.x, type: double, unit: m/s, maxAge: 1s }
models:
  classifier:
    ref: classifier
    input: { topic: /camera/front/compressed }
    every: 400ms
    deadline: 150ms
captures:
  moment: { topics: [/odom, /camera/front/compressed] }
rules:
  - id: baseline
    why: A sample of ordinary driving.
    severity: info
    every: { period: 4500ms, first: 1500ms }
    capture: { set: moment, pre: 0s, post: 4s }
    class: baseline
    tags: [baseline]
  - id: lost
    why: The classifier did not know what was ahead, for a second and a half, while driving.
    severity: warning
    when: classifier.entropy > 0.92 && vx > 0.1
    for: 1500ms
    clearWhen: classifier.entropy < 0.6
    limits: { cooldown: 5s }
    capture: { set: moment, pre: 3s, post: 3s }
    tags: [failure]
`;
