// Types of the objects that the native addon creates, with the units and names of the addon. The folders that use these
// objects wrap them.

/** An admission controller (src/admission). Times are in ns; a class is a number from 0 to 255. */
export interface NativeController {
  /**
   * Returns the time of admission, to be passed to `leave`, or for a refusal the negated number of the verdict. `queued`
   * is 1 for a request whose connection has just come through the accept queue, otherwise 0.
   */
  enter (classId: number, waitNs: number, queued: number): number
  /**
   * Like `enter`, for a request of `client`, which has a share of that `weight`, and with a priority: 0 (critical) to 3
   * (background). `client` is undefined without fair shares, and `priority` without priorities. `patienceNs`: how long the
   * client waits for the response; Infinity if that is not known.
   */
  enterFor? (classId: number, waitNs: number, queued: number, client: string | undefined, weight: number,
    priority: number | undefined, patienceNs: number): number
  /** Requests have priorities from now on. */
  usePriorities? (): void
  /** Requests have deadlines. Must be called before the first one. */
  useDeadlines? (): void
  /**
   * The parts of the loop's time that the four priorities ask for, the highest first, and the number of the level at which
   * the capacity runs out; empty without priorities.
   */
  priorities? (): number[]
  /**
   * The clients that have recently asked for most, in no order: for each, its name, its share of what was served, and the
   * share of its requests that was refused. A `now` of 0 stands for the current time. Only with fair shares.
   */
  clients? (now: number): any[]
  /**
   * `admittedAt`: what `enter` returned, or 0 for a request that was refused but served anyway (dry run).
   */
  leave (classId: number, admittedAt: number, outcome: number): void
  /** Memory for lib/admission/request-log.js, if the controller has any. */
  log?: Float64Array
  /** Processes the requests in `log`. Every other function does so too. */
  drain (): void
  /** Frees the number for another class. Returns false while requests of the current class are in flight. */
  forget (classId: number): boolean
  /**
   * Separates a class from class 0, which its requests belonged to until now. The class has had no requests yet. `share`
   * is its share of the requests of class 0, 0 to 1. It starts with what was learned about class 0.
   */
  split (classId: number, share: number): void
  /** How long a request may have waited. A `now` of 0 stands for the current time. */
  delayLimitNs (now: number): number
  inFlightOf (classId: number): number
  snapshot (): NativeSnapshot
  snapshotOf (classId: number): NativeClassSnapshot
}

/** Rates are per second. */
export interface NativeSnapshot {
  /** Whether a queue stands. */
  queueing: boolean
  /** Why it stands or not: the number of a QueueReason (src/admission/queue_delay.h). */
  queueReason: number
  /** Since when, in ns, by the clock of `process.hrtime()`. */
  queueSince: number
  /** The loop time that the requests of a second need, in seconds. */
  load: number
  inFlight: number
  arrivalRate: number
  rate: number
  utilization: number
  /** How much of the loop's time a client with a weight of 1 may use, 0 to 1. 0 without fair shares. */
  fairRate: number
}

/** Rates are per second. */
export interface NativeClassSnapshot {
  inFlight: number
  /** The number of a ClassState, and of the StateReason for it (src/admission/class_state.h). */
  state: number
  stateReason: number
  /** Since when, in ns, by the clock of `process.hrtime()`. */
  stateSince: number
  cap: number
  burst: number
  arrivalRate: number
  rate: number
  capacity: number
  noLoadNs: number
  queueNs: number
  longestNs: number
  costNs: number
  light: boolean
}

/** The concurrency limit of a stream (src/concurrency). Times are in ns. */
export interface NativeConcurrency {
  /** Returns the current time, to be passed to `end`. */
  begin (): number
  /** Returns the limit that applies from now on. */
  end (began: number, succeeded: number): number
  /** `beginAt` and `endAt` are `begin` and `end` with a clock of the caller. */
  beginAt (now: number): void
  endAt (now: number, began: number, succeeded: number, turn: number): number
  /** `capacity` is per second. */
  snapshot (): { limit: number, probing: boolean, capacity: number, responseNs: number }
}
