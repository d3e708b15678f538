import { concurrentQueue, concurrentTransform, forEachConcurrent, mapConcurrent, skip } from 'spillway/stream'

const options = { concurrency: 4 }

const { completed, retries }: { completed: number, retries: number } = await forEachConcurrent([1, 2], (n: number, { index, attempt, stop, signal }) => {
  if (n > index + attempt || signal.aborted) stop()
}, { ...options, retry: { attempts: 2, delay: 10, budget: Infinity, shouldRetry: (error, { attempt }) => attempt < 2 && error instanceof Error } })

const squares: number[] = await mapConcurrent([1, 2], async (n: number) => n * n, { ...options, highWaterMark: Infinity }).toArray()
const even: number[] = await mapConcurrent([1, 2], (n: number) => n % 2 === 0 ? n : skip, options).toArray()
const parts: string[] = await mapConcurrent(['a b'], (text: string) => text.split(' '), { ...options, flatten: true }).toArray()
const outcomes = await mapConcurrent([1, 2], async (n: number) => n, { ...options, onError: 'settle' }).toArray()
const first: number | undefined = outcomes.find(({ status }) => status === 'fulfilled')?.index
// @ts-expect-error: a result is a number, not a string
const wrong: string[] = await mapConcurrent([1], (n: number) => n, options).toArray()

const job = concurrentTransform((n: number) => n, { ...options, timeout: 10, timeoutFreesSlot: true, flush: async ({ signal }) => Number(signal.aborted) })
const running: number = job.stats().inFlight

const queue = concurrentQueue(async (id: number) => `user ${id}`, options)
const user: string = await queue.add(1)
const dropped: number = queue.clear() + queue.size
// @ts-expect-error: an item is a number
queue.add('1').catch(() => {})
const closed: void = await queue.close()
await queue.idle
// @ts-expect-error: a queue has no order of its own to keep
concurrentQueue(async (id: number) => id, { concurrency: 1, ordered: false })
// @ts-expect-error: attempts is required
forEachConcurrent([1], () => {}, { ...options, retry: { delay: 5 } })

export { completed, retries, squares, even, parts, first, wrong, running, user, dropped, closed }
