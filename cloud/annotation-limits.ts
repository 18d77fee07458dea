/** Annotation: tasks, people who answer them, and the labels that come of it. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Who was given a task has this long to answer it; then it is somebody else's. */
export const taskLeaseMs = ms('30m');
/** Tasks that one annotator holds at once: a page that asks ahead. More are refused. */
export const maxHeldTasks = 10;
/**
 * Tasks at the head of a line that are looked at for somebody who may have had a hand in them; with
 * none among these they are given a fresh one, and only with no fresh one the rest is looked at.
 */
export const lineDepth = 300;
/** A task that so many people skipped goes to a senior. */
export const mostSkips = 3;
/** Tasks that one request opens or voids. */
export const maxOpenedTasks = 1000;
/** People whose answers a task waits for: at first, and at most; then a senior decides. */
export const leastPeople = 2;
export const mostPeople = 5;
/** Who asked for no task as long is not waited for: what all others answered goes to a senior. */
export const annotatorAwayMs = ms('14d');
/** Who asked and never answered is waited for as long, unless an annotator by role. */
export const annotatorLookMs = ms('2h');
/** How far what is known of that lags behind. */
export const annotatorSeenMs = ms('1h');
/** A task gains one point of priority a day, up to these; then it only keeps them. */
export const maxWaitingDays = 20;
/** Tasks whose days are over, or whose leases are, that one round takes care of. */
export const taskUpkeepRows = 500;
export const taskUpkeepMs = ms('10s');
/** Submitted tasks that one round resolves, and how often it is looked. */
export const consensusRows = 200;
export const consensusEveryMs = ms('1s');
/** Tasks that consensus and agreement are computed over: the latest of an ontology and type. */
export const consensusTasks = 2000;
/** Below these many tasks with two answers, a majority decides instead of Dawid and Skene. */
export const leastModelTasks = 50;
/** Overlap of boxes and of segments that are taken for the same thing; bins of agreement. */
export const agreementIou = 0.5;
export const agreementBinNs = 100_000_000n;
export const maxAgreementBins = 20_000;
/** A label is accepted at this posterior. */
export const acceptPosterior = 0.95;
/** Agreement (Krippendorff's alpha) below which a dataset version is blocked, or warned of. */
export const alphaBlocks = 0.667;
export const alphaWarns = 0.8;
/** A class that was said in fewer tasks is not judged: too few to tell. */
export const leastClassTasks = 20;
/** Labels whose answers are read at once for the agreement of a data set. */
export const agreementReadRows = 500;

/** Gold: share of what an annotator is given unless set otherwise, and the ends of what may be. */
export const goldShare = 0.1;
export const leastGoldShare = 0.05;
export const mostGoldShare = 0.15;
/** The last answers to gold questions, and the share of right ones below which one is paused. */
export const goldWindow = 20;
export const goldFloor = 0.7;
/** Overlap and share of matches at which drawn boxes or segments answer a gold question. */
export const goldOverlap = 0.5;
export const goldMatches = 0.8;
/** Gold questions that a person has not seen yet, looked at for the next one. */
export const goldChoices = 200;

/** Bands of a class: bounds of the precision by audit labels, and the share that people check. */
export const acceptBound = 0.95;
export const assistBound = 0.8;
export const acceptedCheckShare = 0.05;
/** How often bands are set anew. */
export const bandEveryMs = ms('60s');

/** An ontology: classes, attributes of one, values of an attribute, and the guide's length. */
export const maxClasses = 200;
export const maxAttributes = 32;
export const maxAttributeValues = 200;
export const maxGuideLength = 64 * 1024;
/** A label: boxes or segments of one task, bytes of a text. */
export const maxBoxes = 1000;
export const maxSegments = 1000;
export const maxTextBytes = 4096;
/** Pixels beyond which no image reaches. */
export const maxPixels = 1_000_000;
/** Characters of a file that is imported, and problems of one that are listed. */
export const maxImportLength = 900 * 1024;
export const maxImportProblems = 100;
/** Elements of an XML file inside each other; one of CVAT has five. */
export const maxXmlDepth = 16;
/** Images of no task that are named one by one. */
export const namedImages = 20;
/** Labels of one export. */
export const maxExportedLabels = 20_000;
/** Answers that quality is measured on: the latest. */
export const qualityRows = 2000;
/** What a task shows of its clip before and after its own time. */
export const taskContextNs = 2_000_000_000n;
