'use strict'

const { SingleBar } = require('cli-progress')

const REFRESH_MS = 200

/**
 * Shows the progress on stderr: as a bar on a terminal, otherwise as one line per step.
 *
 * @param {{ label: string, expectedMs: number }[]} steps
 * @returns {{ begin: (step: { label: string, expectedMs: number }) => void, end: () => void, stop: () => void }}
 */
function createProgress (steps) {
  return process.stderr.isTTY ? bar(steps) : lines(steps)
}

function bar (steps) {
  const totalMs = steps.reduce((sum, step) => sum + step.expectedMs, 0)
  const bar = new SingleBar({
    format: '{bar} {left} s left | {label}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    clearOnComplete: true,
    gracefulExit: false
  })
  let doneMs = 0
  let current
  let beganMs
  let timer

  function show () {
    const stepMs = Math.min(current.expectedMs, performance.now() - beganMs)
    bar.update(doneMs + stepMs, { label: current.label, left: secondsLeft(doneMs + stepMs) })
  }

  function secondsLeft (ms) {
    return Math.ceil((totalMs - ms) / 1000)
  }

  return {
    begin (step) {
      current = step
      beganMs = performance.now()
      if (!timer) {
        bar.start(totalMs, 0, { label: step.label, left: secondsLeft(0) })
        timer = setInterval(show, REFRESH_MS)
      }
      show()
    },
    end () {
      doneMs += current.expectedMs
    },
    stop () {
      clearInterval(timer)
      bar.stop()
    }
  }
}

function lines (steps) {
  let begun = 0
  return {
    begin: step => console.error(`${++begun}/${steps.length} ${step.label}`),
    end () {},
    stop () {}
  }
}

module.exports = createProgress
