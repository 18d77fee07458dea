/** Examples of commands that need one line to be understood; longer ones stand beside theirs. */
export const shortExamples: Readonly<Record<string, readonly string[]>> = {
  'alerts acknowledge': [
    "fieldloop alerts acknowledge alr_01J… --note 'battery is changed at noon'",
    "fieldloop alerts acknowledge --q 'severity=info and device:amr-0*'",
  ],
  'alerts assign': ['fieldloop alerts assign alr_01J… --to ada@example.com'],
  'alerts resolve': ["fieldloop alerts resolve alr_01J… --note 'the disk was full of logs'"],
  'approvals approve': ["fieldloop approvals approve apr_01J… --note 'seen with Ada'"],
  'approvals reject': ["fieldloop approvals reject apr_01J… --note 'not before the holidays'"],
  'audit export': ['fieldloop audit export > audit.ndjson', 'fieldloop audit export --after 1200'],
  'clips links': ['fieldloop clips links clp_01J… --expires 8h'],
  'cloud check': ['fieldloop cloud check --data ./data'],
  'cloud migrate': ['fieldloop cloud migrate --data ./data'],
  'cohorts edit': [
    "fieldloop cohorts edit berlin --q 'site in (ber1, ber2)'",
    'fieldloop cohorts edit canary --device amr-01 amr-02 amr-07',
  ],
  'cohorts preview': [
    "fieldloop cohorts preview --q 'site=ber1 and state=active'",
    'fieldloop cohorts preview canary --device amr-01    what this change would do',
  ],
  'devices decommission': ["fieldloop devices decommission amr-09 --reason 'sold'"],
  'devices list': [
    'fieldloop devices list --online --site hall-2',
    "fieldloop devices list --q 'online=false and state=active' --sort -lastSeen",
  ],
  'events edit': ["fieldloop events edit evt_01J… --label 'door was shut' --severity warning"],
  'exports download': ['fieldloop exports download exp_01J… -f near-misses.zip'],
  'exports links': ['fieldloop exports links exp_01J… --expires 1d'],
  'failures close': ['fieldloop failures close flr_01J… --release rel_01J…'],
  'failures dismiss': ["fieldloop failures dismiss flr_01J… --why 'a person drove'"],
  'failures edit': [
    "fieldloop failures edit flr_01J… --kind no_brake --should 'brake for the cart'",
  ],
  'failures reopen': ["fieldloop failures reopen flr_01J… --why 'again in hall 3'"],
  'gates decide': ["fieldloop gates decide gat_01J… --option approve --why 'seen on amr-01'"],
  'gates delegate': ["fieldloop gates delegate gat_01J… --to usr_01J… --why 'on holiday'"],
  'gates list': [
    'fieldloop gates list --mine',
    "fieldloop gates list --q 'state=open and kind=escalation'",
  ],
  'gates reassign': ["fieldloop gates reassign gat_01J… --to usr_01J… --why 'knows the site'"],
  'keys list': ['fieldloop keys list', 'fieldloop keys list --mine'],
  'keys revoke': ['fieldloop keys revoke key_01J…', 'fieldloop keys revoke key_01J… --mine'],
  'operations list': ['fieldloop operations list --state running'],
  'queries list': ['fieldloop queries list --for clips'],
  'recording cat': ['fieldloop recording cat run.mcap --topic /odom --limit 3'],
  'rules backtest': ["fieldloop rules backtest amr-baseline 4 --q 'startNs>-30d' --wait"],
  'rules create': ["fieldloop rules create amr-baseline --description 'for every robot'"],
  'rules diff': [
    'fieldloop rules diff amr-baseline 4',
    'fieldloop rules diff amr-baseline 4 --against 2',
  ],
  'rules edit': ['fieldloop rules edit amr-baseline --name amr-base'],
  'rules halt': ["fieldloop rules halt pub_01J… --reason 'it fires on every dock'"],
  'rules promote': [
    'fieldloop rules promote pub_01J… --percent 10',
    'fieldloop rules promote pub_01J…',
  ],
  'rules rollback': ["fieldloop rules rollback pub_01J… --reason 'too many clips'"],
  'rules save': ["fieldloop rules save amr-baseline rules.yaml --note 'slower near docks'"],
  'runs abort': ["fieldloop runs abort run_01J… --why 'wrong dataset'"],
  'runs disable': ["fieldloop runs disable hotfix-on-sev1 --why 'we are testing alarms'"],
  'runs enable': ["fieldloop runs enable hotfix-on-sev1 --why 'the test is over'"],
  'runs expedite': ["fieldloop runs expedite run_01J… --why 'the robot is back'"],
  'runs list': [
    "fieldloop runs list --q 'state in (parked, stuck)'",
    'fieldloop runs list --workflow staged-rollout',
  ],
  'runs reassign': ["fieldloop runs reassign run_01J… --to usr_01J… --why 'knows the site'"],
  'runs retry': ["fieldloop runs retry run_01J… --why 'the disk has room again'"],
  'runs skip': ["fieldloop runs skip run_01J… --why 'the clip is gone for good'"],
  'runs start': [
    'fieldloop runs start data-to-training --subject pol_01J… --input \'{"policy": "pol_01J…"}\'',
  ],
  'users edit': ['fieldloop users edit ada@example.com --role release_manager'],
  'webhooks edit': [
    'fieldloop webhooks edit ci --state paused',
    "fieldloop webhooks edit ci --kind 'clip.*'",
  ],
};

export const examplesText = (lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
