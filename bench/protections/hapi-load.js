'use strict'

const MAX_EVENT_LOOP_DELAY_MS = 70
// Hapi does not sample without an interval. This is the interval of toobusy-js.
const SAMPLE_INTERVAL_MS = 500

const load = { sampleInterval: SAMPLE_INTERVAL_MS, maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS }

/** Hapi's own load limit, which is a setting of the server and not a plugin. */
module.exports = { hapi: Object.assign(() => {}, { settings: { load } }) }
