'use strict'

const MAX_EVENT_LOOP_DELAY_MS = 70
// Hapi samples nothing without an interval; this one is toobusy-js's.
const SAMPLE_INTERVAL_MS = 500

const load = { sampleInterval: SAMPLE_INTERVAL_MS, maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS }

/** Hapi's own limit is a setting of the server, not a plugin. */
module.exports = { hapi: Object.assign(() => {}, { settings: { load } }) }
