// The types of what the native addon creates. Units and meanings are those of the addon; the folders that use
// these objects wrap them.

/** An admission controller (src/admission). Times are in ns; a class is a number from 0 to 255. */
export interface NativeController {
  /**
   * The time of admission, to be passed to `leave`; or, for a refusal, minus the number of the verdict.
   * `queued` is 1 for a request whose connection has just come through the accept queue, else 0.
   */
  enter (classId: number, waitNs: number, queued: number): number
  /**
   * `admittedAt`: what `enter` returned, or 0 for a request that was refused and served all the same (dry run).
   */
  leave (classId: number, admittedAt: number, outcome: number): void
  /** Frees the number for another class; false while requests of the present class are in flight. */
  forget (classId: number): boolean
  /**
   * The class, of which no request was seen yet, was part of class 0 until now, and accounts for this share
   * (0 to 1) of its requests: it starts with what was learned of class 0.
   */
  split (classId: number, share: number): void
  /** The longest that a request may have waited; `now` 0 stands for the present. */
  waitLimit (now: number): number
  inFlightOf (classId: number): number
  snapshot (): NativeSnapshot
  snapshotOf (classId: number): NativeClassSnapshot
}

/** Rates are per second. */
export interface NativeSnapshot {
  /** Whether a queue stands. */
  standing: boolean
  inFlight: number
  arrivalRate: number
  rate: number
  utilization: number
}

/** Rates are per second. */
export interface NativeClassSnapshot {
  inFlight: number
  enforcing: boolean
  probing: boolean
  cap: number
  burst: number
  arrivalRate: number
  rate: number
  capacity: number
  noLoadNs: number
  longestNs: number
  costNs: number
  light: boolean
}

/** The concurrency limit of a stream (src/concurrency). Times are in ns. */
export interface NativeConcurrency {
  /** The time, to be passed to `end`. */
  begin (): number
  /** Returns the limit from now on. */
  end (began: number, succeeded: number): number
  /** `beginAt` and `endAt` are `begin` and `end` on a clock of the caller's. */
  beginAt (now: number): void
  endAt (now: number, began: number, succeeded: number, turn: number): number
  /** `capacity` is per second. */
  snapshot (): { limit: number, probing: boolean, capacity: number, responseNs: number }
}
