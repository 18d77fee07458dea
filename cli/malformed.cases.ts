/** Command lines that break a rule, and how each ends: the source of a table in the docs. */
export interface MalformedLine {
  readonly line: string;
  readonly code: number;
  /** A part of what stderr says. */
  readonly says: string;
}

export const malformedCases: readonly MalformedLine[] = [
  { line: 'clips get clp_x', code: 4, says: 'there is no clip "clp_x". List the clips with' },
  { line: 'devices get amr-9', code: 4, says: 'there is no device "amr-9"' },
  {
    line: 'clips list --severity fatal',
    code: 2,
    says: '--severity: the value is not one of critical',
  },
  {
    line: 'clips list --score high',
    code: 2,
    says: '--score: "high" is not a score condition. Write NAME',
  },
  { line: 'tokens create --expires soon', code: 2, says: '--expires: "soon" is not a duration' },
  { line: 'tokens create --expires 48h', code: 2, says: '--expires: 48h is not from 1m to 24h' },
  { line: 'tokens revoke tok_x', code: 4, says: 'there is no claim token' },
  {
    line: 'enrolments sign none.csr',
    code: 4,
    says: 'none.csr: the file cannot be read',
  },
  { line: 'keys create --name x --scope clips:eat', code: 2, says: 'Did you mean "clips:read"?' },
  {
    line: 'keys create --name x --expires-in-days never',
    code: 2,
    says: '--expires-in-days: "never" is not a number from 1 to 3650',
  },
  { line: 'keys create', code: 2, says: "required option '--name <name>' not specified" },
  { line: 'clips download a b -f x', code: 2, says: 'one name is given for several clips' },
  { line: 'clips', code: 2, says: 'Usage: fieldloop clips' },
  { line: 'clips lst', code: 2, says: 'Did you mean list?' },
  { line: 'clip list', code: 2, says: 'Did you mean clips?' },
  { line: 'clips list --sevrity x', code: 2, says: 'Did you mean --severity?' },
  {
    line: 'clips list -o xml',
    code: 2,
    says: 'Allowed choices are table, json, ndjson, csv, yaml',
  },
  {
    line: 'clips list --url http://127.0.0.1:65534 --key flk_x',
    code: 8,
    says: 'there is no cloud at http://127.0.0.1:65534 (ECONNREFUSED)',
  },
  { line: 'clips list --key flk_x', code: 3, says: 'the Authorization header holds no API key' },
  {
    line: 'clips list --q devise=amr-01',
    code: 2,
    says: '  devise=amr-01\n  ^^^^^^\n',
  },
  { line: 'clips tag --q severity=fatal --add x', code: 2, says: '           ^^^^^\n' },
  { line: 'clips tag clp_x --q tag:rain --add x', code: 2, says: 'ids and a query are both given' },
  { line: 'clips tag --add x', code: 2, says: '--q: which ones? Name ids, or say' },
  { line: 'clips facets --facet colour', code: 2, says: 'Allowed choices are device, site' },
  {
    line: 'clips plot clp_x --path /odom.x --px wide',
    code: 2,
    says: '--px: "wide" is not a number',
  },
  {
    line: 'clips download a b --topic /scan',
    code: 2,
    says: '--topic: a part is cut of one clip at a time',
  },
  { line: 'clips pull clp_x --expires soon', code: 2, says: '--expires: "soon" is not a duration' },
  { line: 'devices suspend', code: 2, says: '--q: which ones?' },
  {
    line: 'devices revoke amr-01',
    code: 2,
    says: '--yes: this needs a yes: Revoke devices: amr-01?',
  },
  {
    line: 'devices command amr-01 clip_now --input 30s',
    code: 2,
    says: '--input: the value is not a JSON object',
  },
  {
    line: 'devices edit amr-01 --rate /scan=fast',
    code: 2,
    says: '--rate: "fast" is not a number',
  },
  { line: 'devices properties amr-01 --at noon', code: 2, says: '--at: "noon" is not a time' },
  { line: 'commands get cmd_x', code: 4, says: 'there is no command "cmd_x"' },
  { line: 'events create x --device amr-01', code: 2, says: '--at: when was it?' },
  { line: 'events import none.ndjson', code: 4, says: 'none.ndjson: the file cannot be read' },
  {
    line: 'queries create x --for clips --q tag:rain',
    code: 2,
    says: '<name>: the value is not a',
  },
  {
    line: 'queries create xy --for clip --q tag:x',
    code: 2,
    says: '--for: nothing is called "clip"',
  },
  { line: 'queries fields clip', code: 2, says: '<noun>: nothing is called "clip"' },
  { line: 'queries create xy --for clips --q sites=hal', code: 2, says: '  sites=hal\n  ^^^^^\n' },
  { line: 'clips list --saved none', code: 4, says: 'there is no saved query "none"' },
  { line: 'rules show amr first', code: 2, says: 'version: "first" is not a number from 1' },
  {
    line: 'rules publish a 1 --cohort b --percent 200',
    code: 2,
    says: '--percent: "200" is not a',
  },
  { line: 'keys create --name x --role boss', code: 2, says: 'Allowed choices are viewer' },
  {
    line: 'keys create --name x --mine --role viewer',
    code: 2,
    says: '--role: your own key takes scopes alone',
  },
  {
    line: 'silences create --reason x --until later',
    code: 2,
    says: '--until: "later" is not a time',
  },
  { line: 'watch --topics clip', code: 2, says: '"clip" is not a topic of the stream' },
  { line: 'watch -o csv', code: 2, says: '--output: there is no stream as csv' },
  { line: 'join nowhere', code: 2, says: 'this is not a one-time link' },
];
