'use strict'

const { slugShapes } = require('./path-shape.js')

/** More classes than this that differ in one segment, and behave as one, are one. */
const MOST_APART = 16
/** Classes behave as one where their response times differ by no more than this factor from their median. */
const ALIKE = 2
/** So many shapes are known to be of one class; several may be of the same. */
const MOST_MERGED = 256

/**
 * Finds the guessed classes that are one handler's: names in a path, such as `/posts/how-to-bake`, look like
 * routes of their own.
 */
class Slugs {
  #responseOf
  /** By shape, the classes that differ in its one place. @type {Map<string, Set<number>>} */
  #groups = new Map()
  /** By shape, the class that stands for all of them. @type {Map<string, number>} */
  #merged = new Map()

  /** @param {(id: number) => number} responseOf a class's response time when nothing queues; 0 while unknown */
  constructor (responseOf) {
    this.#responseOf = responseOf
  }

  /** @param {number} id @param {string} key */
  add (id, key) {
    for (const shape of slugShapes(key)) {
      const group = this.#groups.get(shape) ?? new Set()
      this.#groups.set(shape, group.add(id))
    }
  }

  /** @param {number} id @param {string} key as it was added */
  remove (id, key) {
    for (const shape of slugShapes(key)) {
      const group = this.#groups.get(shape)
      group?.delete(id)
      if (group?.size === 0) this.#groups.delete(shape)
    }
  }

  /** All shapes that a class of its own has. */
  shapes () {
    return [...this.#groups.keys()]
  }

  /** @param {string} shape @returns {number | undefined} */
  mergedOf (shape) {
    return this.#merged.get(shape)
  }

  /** @param {string} key @returns {number | undefined} the class that stands for it */
  classOf (key) {
    if (this.#merged.size === 0) return undefined
    return slugShapes(key).map((shape) => this.#merged.get(shape)).find((id) => id !== undefined)
  }

  /** @param {string} shape @param {number} id stands for all of the shape from now on */
  merge (shape, id) {
    this.#merged.set(shape, id)
    const [oldest] = this.#merged.keys()
    if (this.#merged.size > MOST_MERGED) this.#merged.delete(oldest)
  }

  /** @param {number} id @param {number} [successor] stands for what `id` stood for; undefined: nobody does */
  replace (id, successor) {
    for (const [shape, merged] of this.#merged) {
      if (merged !== id) continue
      if (successor === undefined) this.#merged.delete(shape)
      else this.#merged.set(shape, successor)
    }
  }

  /**
   * The classes that are to become one; none where they are too few.
   *
   * @param {string} shape
   * @param {number | undefined} other the class of ids in that place, if there is one: where it behaves
   *   otherwise, they keep apart
   * @returns {number[]}
   */
  alike (shape, other) {
    const group = [...this.#groups.get(shape) ?? []]
    const merged = this.#merged.get(shape)
    if (merged !== undefined) {
      const response = this.#responseOf(merged)
      return response === 0 ? [] : group.filter((id) => isAlike(this.#responseOf(id), response))
    }
    if (group.length <= MOST_APART) return []
    const responses = new Map((other === undefined ? group : [...group, other]).map((id) => [id, this.#responseOf(id)]))
    const middle = median([...responses.values()].filter((response) => response > 0))
    const belongs = (/** @type {number} */ id) => isAlike(/** @type {number} */ (responses.get(id)), middle)
    const alike = group.filter(belongs)
    return alike.length > MOST_APART && (other === undefined || belongs(other)) ? alike : []
  }
}

/**
 * @param {number} response 0 where it is unknown
 * @param {number} middle the same
 */
function isAlike (response, middle) {
  return response === 0 || middle === 0 || (response <= ALIKE * middle && middle <= ALIKE * response)
}

/** @param {number[]} values */
function median (values) {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0
}

module.exports = { Slugs }
