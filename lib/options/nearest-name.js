'use strict'

/** How many typing errors a name may have. A longer name may have more: one in three characters. */
const MAX_TYPOS = 2
const CHARACTERS_PER_TYPO = 3

/**
 * @param {string} name an unknown option
 * @param {Record<string, import('./rows.js').OptionRow>} table
 * @returns {string | undefined} the option that was probably meant
 */
function nearestName (name, table) {
  for (const [option, { otherNames }] of Object.entries(table)) {
    if (otherNames?.includes(name)) return option
  }
  const given = name.toLowerCase()
  let nearest
  let fewest = Math.max(MAX_TYPOS, Math.floor(name.length / CHARACTERS_PER_TYPO))
  for (const option of Object.keys(table)) {
    // The difference in length is a lower bound of the distance. Very long names are excluded here without a comparison.
    if (Math.abs(option.length - name.length) > fewest) continue
    const distance = editDistance(given, option.toLowerCase())
    if (distance > fewest) continue
    nearest = option
    fewest = distance - 1
  }
  return nearest
}

/**
 * The Levenshtein distance: how many characters must be inserted, deleted or replaced.
 *
 * @param {string} a
 * @param {string} b
 */
function editDistance (a, b) {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row.push(a[i - 1] === b[j - 1] ? previous[j - 1] : 1 + Math.min(previous[j - 1], previous[j], row[j - 1]))
    }
    previous = row
  }
  return previous[b.length]
}

module.exports = { nearestName }
