/**
 * The nouns of the command line. A noun's file is loaded only when its name is on the line, so
 * that help costs no database and no broker.
 */
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';

export interface Noun {
  readonly name: string;
  readonly description: string;
  load(io: CliIo): Promise<Command>;
}

export const nouns: readonly Noun[] = [
  {
    name: 'clips',
    description: 'What the robots flagged, why, and their files.',
    load: async (io) => (await import('./clips.ts')).clipsCommand(io),
  },
  {
    name: 'devices',
    description: 'The robots, and what runs on them.',
    load: async (io) => (await import('./devices.ts')).devicesCommand(io),
  },
  {
    name: 'commands',
    description: 'What robots were asked for, and what became of it.',
    load: async (io) => (await import('./commands.ts')).commandsCommand(io),
  },
  {
    name: 'cohorts',
    description: 'Named selections of devices.',
    load: async (io) => (await import('./cohorts.ts')).cohortsCommand(io),
  },
  {
    name: 'properties',
    description: 'What can be said of devices: names, kinds and allowed values.',
    load: async (io) => (await import('./properties.ts')).propertiesCommand(io),
  },
  {
    name: 'events',
    description: 'What happened on the robots.',
    load: async (io) => (await import('./events.ts')).eventsCommand(io),
  },
  {
    name: 'event-kinds',
    description: 'Sorts of events: their data, and how a timeline draws them.',
    load: async (io) => (await import('./event-kinds.ts')).eventKindsCommand(io),
  },
  {
    name: 'sessions',
    description: 'Continuous runs of recording.',
    load: async (io) => (await import('./sessions.ts')).sessionsCommand(io),
  },
  {
    name: 'queries',
    description: 'Queries with a name: lists take them as --saved NAME.',
    load: async (io) => (await import('./queries.ts')).queriesCommand(io),
  },
  {
    name: 'watch',
    description: 'What happens, as it happens; ends on Ctrl-C.',
    load: async (io) => (await import('./watch.ts')).watchCommand(io),
  },
  {
    name: 'tokens',
    description: 'Claim tokens, with which robots enrol.',
    load: async (io) => (await import('./tokens.ts')).tokensCommand(io),
  },
  {
    name: 'enrolments',
    description: 'Certificates that robots were given when they enrolled or renewed.',
    load: async (io) => (await import('./enrolments.ts')).enrolmentsCommand(io),
  },
  {
    name: 'keys',
    description: 'Keys of the API, for people and programs.',
    load: async (io) => (await import('./keys.ts')).keysCommand(io),
  },
  {
    name: 'users',
    description: 'The people of this cloud, and their roles.',
    load: async (io) => (await import('./users.ts')).usersCommand(io),
  },
  {
    name: 'approvals',
    description: 'What waits for a second person.',
    load: async (io) => (await import('./approvals.ts')).approvalsCommand(io),
  },
  {
    name: 'audit',
    description: 'Who did what, and that nobody changed it since.',
    load: async (io) => (await import('./audit.ts')).auditCommand(io),
  },
  {
    name: 'runs',
    description: 'What workflows do, and what they wait for.',
    load: async (io) => (await import('./runs.ts')).runsCommand(io),
  },
  {
    name: 'gates',
    description: 'Where runs wait for a decision.',
    load: async (io) => (await import('./gates.ts')).gatesCommand(io),
  },
  {
    name: 'operations',
    description: 'Exports, backtests and other long work.',
    load: async (io) => (await import('./operations.ts')).operationsCommand(io),
  },
  {
    name: 'failures',
    description: 'Moments a robot did wrong, and what became of each.',
    load: async (io) => (await import('./failures.ts')).failuresCommand(io),
  },
  {
    name: 'triage',
    description: 'What is chosen for labelling, why, and what that tells.',
    load: async (io) => (await import('./triage.ts')).triageCommand(io),
  },
  {
    name: 'datasets',
    description: 'Labelled data in versions, for training.',
    load: async (io) => (await import('./datasets.ts')).datasetsCommand(io),
  },
  {
    name: 'lineage',
    description: 'Where something came from, and what came of it.',
    load: async (io) => (await import('./lineage.ts')).lineageCommand(io),
  },
  {
    name: 'corrections',
    description: 'When a person took over a robot, and what was learnt.',
    load: async (io) => (await import('./corrections.ts')).correctionsCommand(io),
  },
  {
    name: 'cases',
    description: 'Robots that need a person.',
    load: async (io) => (await import('./cases.ts')).casesCommand(io),
  },
  {
    name: 'reviews',
    description: 'What the policy keeps closed, and how it is opened for a time.',
    load: async (io) => (await import('./reviews.ts')).reviewsCommand(io),
  },
  {
    name: 'tasks',
    description: 'Moments that people are asked about; answer yours.',
    load: async (io) => (await import('./tasks.ts')).tasksCommand(io),
  },
  {
    name: 'annotations',
    description: 'Resolved labels, how far people agree, files of other tools.',
    load: async (io) => (await import('./annotations.ts')).annotationsCommand(io),
  },
  {
    name: 'annotators',
    description: 'Who answers tasks, how good they are, and gold questions.',
    load: async (io) => (await import('./annotators.ts')).annotatorsCommand(io),
  },
  {
    name: 'ontologies',
    description: 'Classes and attributes that people choose from.',
    load: async (io) => (await import('./ontologies.ts')).ontologiesCommand(io),
  },
  {
    name: 'trainings',
    description: 'Model versions in the making.',
    load: async (io) => (await import('./trainings.ts')).trainingsCommand(io),
  },
  {
    name: 'training-policies',
    description: 'When trainings begin by themselves.',
    load: async (io) => (await import('./training-policies.ts')).trainingPoliciesCommand(io),
  },
  {
    name: 'models',
    description: 'Models, their versions and aliases.',
    load: async (io) => (await import('./models.ts')).modelsCommand(io),
  },
  {
    name: 'evaluations',
    description: 'How good model versions are.',
    load: async (io) => (await import('./evaluations.ts')).evaluationsCommand(io),
  },
  {
    name: 'exports',
    description: 'Several clips as one file.',
    load: async (io) => (await import('./exports.ts')).exportsCommand(io),
  },
  {
    name: 'alerts',
    description: 'What needs a look, and who has looked.',
    load: async (io) => (await import('./alerts.ts')).alertsCommand(io),
  },
  {
    name: 'policies',
    description: 'When there is an alert, and who is told.',
    load: async (io) => (await import('./policies.ts')).policiesCommand(io),
  },
  {
    name: 'silences',
    description: 'Alerts that are quiet for a time.',
    load: async (io) => (await import('./silences.ts')).silencesCommand(io),
  },
  {
    name: 'channels',
    description: 'Where alerts are told.',
    load: async (io) => (await import('./channels.ts')).channelsCommand(io),
  },
  {
    name: 'webhooks',
    description: 'What happens here, told to other systems.',
    load: async (io) => (await import('./webhooks.ts')).webhooksCommand(io),
  },
  {
    name: 'releases',
    description: 'What may go out to robots, and who agreed to it.',
    load: async (io) => (await import('./releases.ts')).releasesCommand(io),
  },
  {
    name: 'rollouts',
    description: 'A release on its way to robots, and what decided each step.',
    load: async (io) => (await import('./rollouts.ts')).rolloutsCommand(io),
  },
  {
    name: 'freezes',
    description: 'Stop everything that goes out to robots, and let it go on.',
    load: async (io) => (await import('./freezes.ts')).freezesCommand(io),
  },
  {
    name: 'cloud',
    description: 'The service itself, in this process.',
    load: async (io) => (await import('./cloud.ts')).cloudCommand(io),
  },
  {
    name: 'login',
    description: 'Log in with address and password; later commands act as that person.',
    load: async (io) => (await import('./login.ts')).loginCommand(io),
  },
  {
    name: 'logout',
    description: 'End the login of a profile: its key is revoked and forgotten.',
    load: async (io) => (await import('./login.ts')).logoutCommand(io),
  },
  {
    name: 'whoami',
    description: 'Who asks, at which cloud, with which rights.',
    load: async (io) => (await import('./login.ts')).whoamiCommand(io),
  },
  {
    name: 'logins',
    description: 'Where you are logged in.',
    load: async (io) => (await import('./logins.ts')).loginsCommand(io),
  },
  {
    name: 'password',
    description: 'Change your password; every other login of yours ends.',
    load: async (io) => (await import('./logins.ts')).passwordCommand(io),
  },
  {
    name: 'join',
    description: 'Use a one-time link: set the password of your account.',
    load: async (io) => (await import('./logins.ts')).joinCommand(io),
  },
  {
    name: 'config',
    description: 'The clouds that this command line knows.',
    load: async (io) => (await import('./config.ts')).configCommand(io),
  },
  {
    name: 'api',
    description: 'Any request of the API.',
    load: async (io) => (await import('./api.ts')).apiCommand(io),
  },
  {
    name: 'recording',
    description: 'Look into MCAP files, ROS 1 bags and recordings of rosbag2 on this machine.',
    load: async (io) => (await import('./recording.ts')).recordingCommand(io),
  },
  {
    name: 'rules',
    description: 'Check rule sets, try them on recordings, and give them to robots.',
    load: async (io) => (await import('./rules.ts')).rulesCommand(io),
  },
];
