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
  { line: 'keys create --name x --scope clips:eat', code: 2, says: 'Did you mean "clips:read"?' },
  {
    line: 'keys create --name x --expires-in-days never',
    code: 2,
    says: 'is not a number of days',
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
];
