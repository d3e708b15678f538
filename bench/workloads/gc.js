'use strict'

const OBJECTS = 4_000_000
const OBJECTS_PER_LIST = 1000
const LISTS_PER_REQUEST = 20

// In MB. Node.js's documentation suggests a larger one for more throughput. It makes collections rarer and longer.
const SEMI_SPACE_MB = 64

let lists
let oldest = 0

function begin () {
  lists = Array.from({ length: OBJECTS / OBJECTS_PER_LIST }, createList)
}

function createList () {
  return Array.from({ length: OBJECTS_PER_LIST }, (_, id) => ({ id, name: `item ${id}`, next: null }))
}

async function replace () {
  for (let i = 0; i < LISTS_PER_REQUEST; i++) {
    lists[oldest] = createList()
    oldest = (oldest + 1) % lists.length
  }
}

/** A request that replaces 20,000 of 4 million objects. Each garbage collection that this causes pauses for 40 to 200 ms. */
module.exports = { routes: { '/': replace }, begin, fill: 4, cpu: true, flags: [`--max-semi-space-size=${SEMI_SPACE_MB}`] }
