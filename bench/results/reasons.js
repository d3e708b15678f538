'use strict'

/**
 * Why rows miss their targets, by the name of the row (see `npm run bench:overload -- --list`; for other benches
 * `cost/http/guard`: the section, and the first two cells of the row). Each reason names the measurement
 * that shows it. A miss without a reason is reported as such.
 *
 * @type {Record<string, string>}
 */
module.exports = {
}
