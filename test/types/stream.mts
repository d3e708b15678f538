// Compiled, never run: checks that the type of the item follows from the source. Also compiled with the DOM's types (see dom/).
import { Readable } from 'node:stream'
import { ReadableStream as NodeStream } from 'node:stream/web'
import { forEachConcurrent, mapConcurrent } from 'spillway/stream'

const options = { concurrency: 2 }

const numbers = [1, 2]
forEachConcurrent(numbers, (item) => { const given: number = item; return given }, options)
// @ts-expect-error: numbers
forEachConcurrent(numbers, (item) => { const given: string = item; return given }, options)
const constants = ['a', 'b'] as const
forEachConcurrent(constants, (item) => { const given: 'a' | 'b' = item; return given }, options)
// @ts-expect-error: no such constant
forEachConcurrent(constants, (item) => { const given: 'c' = item; return given }, options)

const promises = [Promise.resolve('a')]
forEachConcurrent(promises, (item) => { const given: string = item; return given }, options)
// @ts-expect-error: their values, not the promises
forEachConcurrent(promises, (item) => { const given: Promise<string> = item; return given }, options)
const mixed = [1, Promise.resolve(2)]
forEachConcurrent(mixed, (item) => { const given: number = item; return given }, options)
// @ts-expect-error: numbers
forEachConcurrent(mixed, (item) => { const given: string = item; return given }, options)

const set = new Set([1])
forEachConcurrent(set, (item) => { const given: number = item; return given }, options)
// @ts-expect-error: numbers
forEachConcurrent(set, (item) => { const given: string = item; return given }, options)
const setOfPromises = new Set([Promise.resolve('a')])
forEachConcurrent(setOfPromises, (item) => { const given: string = item; return given }, options)
// @ts-expect-error: strings
forEachConcurrent(setOfPromises, (item) => { const given: number = item; return given }, options)

const map = new Map([['a', 1]])
forEachConcurrent(map, ([key, value]) => { const given: [string, number] = [key, value]; return given }, options)
// @ts-expect-error: the value is a number
forEachConcurrent(map, ([, value]) => { const given: string = value; return given }, options)

forEachConcurrent('text', (item) => { const given: string = item; return given }, options)
// @ts-expect-error: characters
forEachConcurrent('text', (item) => { const given: number = item; return given }, options)

function * generate () { yield 1 }
forEachConcurrent(generate(), (item) => { const given: number = item; return given }, options)
// @ts-expect-error: numbers
forEachConcurrent(generate(), (item) => { const given: string = item; return given }, options)

async function * generateLater () { yield 'a' }
forEachConcurrent(generateLater(), (item) => { const given: string = item; return given }, options)
// @ts-expect-error: strings
forEachConcurrent(generateLater(), (item) => { const given: number = item; return given }, options)

// The items of a Readable have no type.
forEachConcurrent(Readable.from(['a']), (item) => { const given: string = item; return given }, options)

const strings = new NodeStream<string>()
forEachConcurrent(strings, (item) => { const given: string = item; return given }, options)
// @ts-expect-error: strings
forEachConcurrent(strings, (item) => { const given: Uint8Array = item; return given }, options)
const bytes = new NodeStream<Uint8Array>()
forEachConcurrent(bytes, (item) => { const given: Uint8Array = item; return given }, options)
// @ts-expect-error: bytes
forEachConcurrent(bytes, (item) => { const given: string = item; return given }, options)
forEachConcurrent(new Response('').body!, (item) => { const given: Uint8Array = item; return given }, options)
const globalStrings = new ReadableStream<string>()
forEachConcurrent(globalStrings, (item) => { const given: string = item; return given }, options)
// @ts-expect-error: strings
forEachConcurrent(globalStrings, (item) => { const given: Uint8Array = item; return given }, options)
const globalBytes = new ReadableStream<Uint8Array>()
forEachConcurrent(globalBytes, (item) => { const given: Uint8Array = item; return given }, options)
// @ts-expect-error: bytes
forEachConcurrent(globalBytes, (item) => { const given: string = item; return given }, options)

for await (const length of mapConcurrent(globalStrings, async (item) => item.length, options)) {
  const result: number = length
  // @ts-expect-error: what the handler resolves to
  const wrong: string = length
  console.log(result, wrong)
}

// @ts-expect-error: no source
forEachConcurrent(5, () => {}, options)
// @ts-expect-error: no source
forEachConcurrent({ getReader: 5 }, () => {}, options)
