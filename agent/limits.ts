/** Every limit of this room has its name and its reason here. */

// Threads.

/** Bytes of results that a worker may have outstanding; at the limit it stops reading. */
export const maxOutstandingBytes = 8 * 1024 * 1024;
/** Deaths of one worker within `workerDeathsWithinMs` before its station stays off. */
export const maxWorkerDeaths = 3;
export const workerDeathsWithinMs = 10 * 60_000;
export const workerBackoff = { firstMs: 200, mostMs: 10_000 } as const;
/** A thread that was asked to end and has not after this long hangs. */
export const threadEndsWithinMs = 10_000;
/** A clip that the disk refuses is sealed again so often, and after this wait. */
export const sealRetries = 3;
export const sealRetryMs = 1_000;
/** A first start waits this long for its identity; then it records without one. */
export const identityWithinMs = 10_000;
export const enrolBackoff = { firstMs: 1_000, mostMs: 60_000 } as const;
/** How often the data worker tells its figures. */
export const progressEveryMs = 250;
/** What a thread's buffers may grow by before garbage is collected. */
export const bufferGrowthBytes = 2 * 2 ** 20;
/** How long what little lies on the heap may stay; a collection takes some 20 ms of its thread. */
export const collectEveryMs = 60_000;
/** What a stop waits for open clips to be cut; what is left then is left to the next start. */
export const stopWithinMs = 8_000;

/** A data thread that says nothing for so long hangs; it tells its figures four times a second. */
export const dataSilentMs = 30_000;
/** A scoring thread may be in one inference. */
export const scoringSilentMs = 120_000;
/** It may load a large model, or build an engine for a GPU, and says nothing for minutes. */
export const loadingSilentMs = 15 * 60_000;
/** How often it says that it lives. */
export const scoringBeatMs = 5_000;
/** What a thread said while main stood still is heard for so long before it counts as silent. */
export const hearFirstMs = 1_000;
/** A source that deals with one block for so long stands still. */
export const laneStillMs = 120_000;
/** The watchdog is fed a third of its time, and at most this, after the last time. */
export const mostFeedEveryMs = 20_000;
export const lookForSignsEveryMs = 1_000;
/** How often the service manager hears how the agent is. */
export const statusEveryMs = 60_000;
/** What one call of systemd-notify may take. */
export const notifyWithinMs = 5_000;
/** Starts in so long that came to nothing, after which the agent starts in safe mode. */
export const maxFailedStarts = 3;
export const failedStartsWithinMs = 5 * 60_000;
/** A start that lasted so long came to something. */
export const startProvenMs = 60_000;
/** What is loaded once is loaded by then, and its garbage can go. */
export const startIsOverMs = 5_000;
/** Safe mode ends by itself after this long, by trying a whole start again. */
export const safeModeMs = 15 * 60_000;

// Configuration and other documents.

export const maxDocumentBytes = 1024 * 1024;
export const maxDocumentProblems = 50;
/** Sources of one agent; each holds a window of its own. */
export const maxSources = 8;
export const maxModels = 8;
/** Policies of networks. */
export const maxPolicies = 16;

// Source.

/** Bytes at the start of a recording that tell it from others. */
export const fingerprintBytes = 64 * 1024;
/** Recordings of one folder that are looked at: the last by name. */
export const maxFolderFiles = 20_000;
/** A bag that has its index is taken as finished when it did not change for so long. */
export const settledAfterMs = 10_000;
/** A file without its format's end is what a crash left when it did not change for so long. */
export const abandonedAfterMs = 10 * 60_000;
export const rescanEveryMs = 30_000;
/** Until a file is read again that the disk did not give. */
export const rereadAfterMs = 10_000;
/** How often a file is tried that only fills the window again. */
export const warmTries = 3;
/** Between two looks into a folder, whatever happens in it. */
export const betweenScansMs = 250;
/** Folders below that of a source whose changes are heard of at once. */
export const maxWatchedFolders = 256;
/** How often a growing file is looked at: part of the latency of each verdict. */
export const pollEveryMs = 10;
/** The same once it rested for longer than `supersededAfterMs`. */
export const restingPollMs = 50;
/** Bytes of a growing file that are read at once; between two such reads a place can be kept. */
export const growingReadBytes = 1024 * 1024;
/** How often a file that does not grow is asked whether its recorder went on elsewhere. */
export const lookAroundMs = 1_000;
/** Of the time at most, however many files the folder has. */
export const lookAroundShare = 0.02;
/** A file that rested for so long while another one was written to has lost its recorder. */
export const supersededAfterMs = 5_000;
/** The next split of a live recording is waited for so long. */
export const splitGraceMs = 3_000;
/** A growing file is silent at the earliest when it rested for so long. */
export const leastHoldMs = 1_000;
/** How often the place in a recording is kept, with the state of its rules. */
export const markEveryMs = 10_000;
/** Recordings of a folder that are read between two times that gone ones are forgotten. */
export const forgetEveryFiles = 1_000;
/** Bytes of a place; beyond it none is kept, and a restart reads the session from its start. */
export const maxPlaceBytes = 16 * 1024 * 1024;
/** A topic that went on for so long behind what was newest tells that the clock was set back. */
export const clockSetNs = 2e9;
/** Message bytes that wait for that at most. */
export const clockSetBytes = 8 * 1024 * 1024;
/** Behind by so much, a live source gives up topics that nobody reads, then whole chunks. */
export const lagTopicsMs = 5_000;
export const lagChunksMs = 10_000;
/** Behind by less than this, it takes everything again. */
export const lagOverMs = 1_000;
/** Log time, ns, that one slice of a paced replay spans. */
export const sliceNs = 100e6;
/** A larger step of log time is not waited for in a paced replay: a clock was set. */
export const maxPacedStepNs = 60_000_000_000n;
/** Bytes of a stream that wait to be handled; at the limit the socket pauses. */
export const maxReadAheadBytes = 4 * 1024 * 1024;
/** What a message that waits holds beside its own bytes, about. */
export const waitingMessageBytes = 512;
/** How often a live source that hears nothing says so. */
export const quietEveryMs = 100;
/** Waits between two tries to reach a publisher. */
export const sourceBackoff = { firstMs: 200, mostMs: 10_000 } as const;
/** A Foxglove server answers within this time. */
export const dialFoxgloveMs = 5_000;
/** A silent one is sent something so often: a machine that was off meanwhile says so then. */
export const askFoxgloveMs = 5_000;
/** A live source waits so long for more messages to hand on together: part of their latency. */
export const gatherMs = 20;
/** Messages of a live source that are handed on together, at most. */
export const maxBlockMessages = 4_096;
/** How often a live ROS 2 graph is asked for its topics. */
export const graphEveryMs = 2_000;
/** Definitions that one ROS 2 type may bring in, and the bytes of one. */
export const maxRosDefinitions = 500;
export const maxRosDefinitionBytes = 256 * 1024;

// Score.

export const maxModelBytes = 512 * 1024 * 1024;
/** Pixels of one image before it is decoded. */
export const maxImagePixels = 64_000_000;
/** Frames in a row without a score after which a model is switched off. */
export const maxFaultsInRow = 10;
/** A replay waits this long for a score: its time stands still meanwhile. */
export const replayDeadlineMs = 30_000;
/** Of the last frames of a model so many may have no score before it is switched off. */
export const faultsWithin = { frames: 40, faults: 20 } as const;
/** A model that is off is tried again with one live frame after so long, ever more seldom. */
export const modelAgain = { firstMs: 60_000, mostMs: 30 * 60_000 } as const;
/** A shadow that did not answer for so long counts a fault. */
export const shadowDeadlineMs = 30_000;
/** Before a model of the cloud takes over: timed runs, and what it may take unless told. */
export const trialRuns = 40;
export const trialLatencyMs = 250;
export const trialMemoryMiB = 512;
/** Ends of the agent while it tried a model out, after which the model is not tried again. */
export const maxTrials = 3;
/** A scoring thread whose frames others take waits so long for those on their way to it. */
export const retiresWithinMs = 5_000;
/** What loading models may take that are tried out beside others, for a GPU. */
export const trialReadyWithinMs = 14 * 60_000;
/** What a start waits for its models to be loaded; they join later. */
export const modelsReadyWithinMs = 60_000;

/** Classes whose probabilities go into a note; a model with more gives its values alone. */
export const maxNotedClasses = 64;
/** Boxes that a score record keeps, the surest. */
export const maxNotedBoxes = 32;
/** Embeddings of kept clips that a new one is compared with. */
export const noveltyKept = 256;
/** Numbers of an embedding that go into a note. */
export const maxEmbeddingNumbers = 1_024;

// Window and clip.

/** Bytes of blocks in memory, at most, that a recorder's file holds too. */
export const inFileMemoryBytes = 2 * 1024 * 1024;
/** Bytes of latched messages kept after they left the window: a map of 4,096 x 4,096 cells. */
export const maxLatchedBytes = 24 * 1024 * 1024;
/** Topics that a clip's manifest may hold (proto/manifest.ts). */
export const maxManifestTopics = 256;
/** Scores kept for the clips of one source; at the limit the oldest goes. */
export const maxHeldScores = 20_000;
/** Bytes of them, embeddings and all; at the limit the oldest goes. */
export const maxHeldScoreBytes = 16 * 1024 * 1024;

// Rule.

/** Messages may come this much out of order (recording-and-rules, section 5). */
export const latenessNs = 200_000_000n;
/** How often suppressed triggers are passed on to the ledger. */
export const ledgerEveryMs = 1_000;

// Health.

/** How finely gaps of the main thread's event loop are seen. */
export const loopResolutionMs = 20;
/** How often the machine is looked at, and the time that its load is averaged over. */
export const lookEveryMs = 1_000;
export const loadWindowMs = 5_000;
/** Under pressure one more step is given up after this long. */
export const shedEveryMs = 5_000;
/** A step comes back after so long a calm; after a relapse twice as long, up to the most. */
export const shedCalmMs = 15_000;
export const shedCalmMostMs = 5 * 60_000;
/** A step that must go again so soon after it came back is a relapse. */
export const shedAgainMs = 10 * 60_000;
/** While models skip frames, each scores one in so long. */
export const shedScoreEveryMs = 1_000;
/** Longest rest between two blocks of a finished recording, however short the machine is. */
export const longestRestMs = 60_000;
/** One that rests looks so often whether it still has to. */
export const restLookMs = 1_000;
/** Share of its processor cap that finished recordings leave the process: there it is calm. */
export const restShare = 0.75;

/** Bytes of a unix socket's path on Linux, without its closing zero. */
export const maxSocketPathBytes = 107;
/** Characters of an answer: of five hundred clips with long reasons, or of thousands of topics. */
export const maxReplyText = 4 * 1024 * 1024;
export const statusTimeoutMs = 3_000;
/** Characters of one request to the local socket. */
export const maxRequestBytes = 16 * 1024;
/** Recordings of a folder that `check` tries to read, the newest, and the most bytes of one. */
export const maxCheckedFiles = 8;
export const maxCheckedBytes = 256 * 1024 * 1024;
/** What `check` gives a simulator to answer, and how many days a certificate should have left. */
export const dialWithinMs = 2_000;
export const certificateDaysLeft = 10;

// Buffer.

/** Rows of a lane that wait for the cloud, besides gaps; at 17 a minute four days of events. */
export const maxLaneRows = 100_000;
/** Rows that a full lane gives up at once; those of events are folded into gaps. */
export const maxGapRows = 1_000;
/** Numbers handed out above the durable high-water mark at most; skipped after a loss. */
export const markGap = 1_000;
/** Rows kept in memory while the database cannot be written. */
export const maxPendingRows = 1_000;
/** Of them in one transaction; well below half of `markGap`. */
export const writtenTogether = 200;
/** Tombstones kept, so that a file that comes back after a power cut is known. */
export const maxTombstones = 10_000;
/** Files that could not be used, kept for a person to look at; the oldest go first. */
export const maxQuarantinedFiles = 20;
/** Damaged databases kept beside the new one. */
export const maxDamagedDatabases = 3;
/** Files taken in by one transaction of a start; well below half of `markGap`. */
export const adoptedTogether = 200;
/** Clips offered again in one transaction; well below half of `markGap`. */
export const offeredTogether = 200;
/** Positions of a folder's recordings that are kept after these are gone from it. */
export const maxGonePositions = 10_000;
/** Places in sessions of a folder that have not ended. */
export const maxOpenPlaces = 50;
/** Inodes that stay free for others. */
export const headroomInodes = 1_000;
/** A clip that could not go up waits at most for so long, whatever the cloud asks for. */
export const maxPostponeMs = 3_600_000;
/** Bytes read at a time to hash a clip's file. */
export const hashReadBytes = 1024 * 1024;
/** Bytes that are freed when the disk says it is full, whatever it says is free. */
export const fullDiskBytes = 64 * 1024;
/** How often clips go for the room that others are owed and that rows wait for. */
export const roomEveryMs = 5_000;
/** The same once none of them may go. */
export const noRoomEveryMs = 60_000;
/** Hours of log time with triggers that the ledger keeps; the oldest go. */
export const ledgerHours = 30 * 24;

// Enrolment.

/** One call to the enrolment listener, connection and answer together. */
export const enrollTimeoutMs = 15_000;
/** A chain of three certificates is 3 KiB. */
export const maxEnrollReplyBytes = 64 * 1024;

// Uplink.

/** Without a Stored for this long, rows are sent again. */
export const storedTimeoutMs = 5_000;
/** A link that took none of what it was given for so long has lost it. */
export const takenTimeoutMs = 10 * 60_000;
/** Messages of a lane that wait for their Stored. */
export const maxUnstoredBatches = 4;
/** Manifests and reported sections go one a message, so more of them make up a batch. */
export const maxUnstoredSingles = 32;
/** Sum of row bytes in one message of events; the wire takes 48 KiB. */
export const eventBatchBytes = 40 * 1024;
/** How often the uplink looks for what has come due. */
export const uplinkTickMs = 250;
/** The time over which bytes that go up become a rate. */
export const uplinkRateMs = 5_000;
/** An eighth of what was spent is noted ahead, and between these: rows do not write each time. */
export const spentAheadBytes = 1024 * 1024;
export const spentAheadLeastBytes = 16 * 1024;
/** Days whose count is kept; a clock that is set comes back to one of them. */
export const keptDays = 3;
/** How often it is asked which network a connection uses: a tunnel outlives its network. */
export const networkEveryMs = 5_000;
/** The least that a policy may allow a day: below, no chunk fits beside the rows. */
export const leastPerDayBytes = 64 * 1024;
/** How often deletes that the disk stopped are tried again. */
export const sweepEveryMs = 10_000;
/** The bulk connection stays this long after the last transfer. */
export const bulkIdleMs = 60_000;
/** A transfer that must wait longer than this gives its place to another clip. */
export const maxWaitInPlaceMs = 3_000;
/** Waits between tries to connect. */
export const reconnectRange = { firstMs: 1_000, mostMs: 300_000, resetMs: 60_000 } as const;
/** Connection, TLS, CONNACK and SUBACK together. */
export const connectTimeoutMs = 15_000;
/** A stop waits this long for the last words to the broker. */
export const goodbyeMs = 1_000;
/** A connection that closes waits this long for what the broker has not acknowledged. */
export const linkCloseMs = 1_000;
/** Frames of full chunks kept for the next ones: one in the socket and one read ahead for each. */
export const maxFreeFrames = 5;

/** Bytes of a download that may be on their way or unsynced; a quarter of it is synced at once. */
export const downloadCreditBytes = 256 * 1024;
/** A download that does not move for so long is asked for anew. */
export const stalledDownloadMs = 20_000;
/** An artifact that the cloud does not give out is asked for again after this long. */
export const unwantedAgainMs = 60_000;

// What the cloud wants.

/** Commands whose results are kept, so that one that comes again is not run again. */
export const maxKeptCommands = 500;
/** Commands that take long, such as a pull of parts, at once. */
export const maxLongCommands = 2;
/** Characters of what `diagnose` answers; the wire takes 16 Ki. */
export const maxDiagnosisText = 12 * 1024;
/** Lines of the log that are kept for who asks on this machine. */
export const maxKeptLines = 300;
/** Seconds that a pause may last, unless it is ended by hand. */
export const maxPauseS = 24 * 3_600;
/** Between the two looks of `doctor` at an agent. */
export const lookAgainMs = 2_000;
/** For rates, whose counts move each second at most, it looks longer and more often. */
export const rateLooksMs = 8_000;
export const rateLookEveryMs = 250;
/** A clock that moves so much against the monotonic one is being set. */
export const clockStepMs = 200;
/** A clock that shows less was set by nobody. */
export const plausibleClockMs = Date.UTC(2025, 0, 1);
/** How often the system is asked whether its clock is right, while it is and while it is not. */
export const clockAskMs = 600_000;
export const clockUnsetAskMs = 60_000;
/** How long its answer may take. */
export const clockAskWithinMs = 5_000;
/** How often a replay is asked whether it is over. */
export const replayLookMs = 50;
/** What a person waits for a clip to be durable, beyond its own time. */
export const maxClipWaitMs = 60_000;
/** Triggers that a person is told of, the last. */
export const maxVerdictsTold = 8;
/** Hours of the ledger that a person is told of. */
export const ledgerToldHours = 24;
/** Clips that are listed to a person at once. */
export const maxListedClips = 500;
/** Changes of rules and models that are remembered. */
export const maxUpdateHistory = 50;
/** Lines of the log that are kept for it. */
export const maxRecentFaults = 20;
/** Problems of a rule set that are reported. */
export const maxReportedProblems = 20;
/** Crashes so soon after a rule set was pushed that it is taken back. */
export const maxRuleCrashes = 3;
export const ruleCrashesWithinMs = 5 * 60_000;
/** A rule set that ran for so long is trusted. */
export const rulesProvenMs = 60_000;
/** How often counts of rules are reported at most. */
export const reportCountsEveryMs = 60_000;
/** How long after a start an asked-for clip waits for the first message, and how often it looks. */
export const firstMessageWithinMs = 10_000;
export const lookForMessagesEveryMs = 100;
/** Telemetry: the first after this long, then each minute. */
export const firstTelemetryMs = 10_000;
export const telemetryEveryMs = 60_000;
/** Topics whose rates are told, the busiest. */
export const maxMeasuredTopics = 40;
/** Latencies of one scorer that a percentile is taken of. */
export const maxLatencies = 256;
