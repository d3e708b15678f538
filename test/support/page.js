'use strict'

const vm = require('node:vm')

/**
 * Runs the inline script of a page of charts with a Chart class that only records.
 *
 * @param {string} page
 * @returns {{ id: string, config: object }[]} the charts drawn
 */
function draw (page) {
  const [, data] = page.match(/<script type="application\/json" id="data">(.*)<\/script>/)
  const script = page.slice(page.lastIndexOf('<script>') + '<script>'.length, page.lastIndexOf('</script>'))
  const charts = []
  class Chart {
    static defaults = {}

    constructor ({ id }, config) {
      charts.push({ id, config })
    }
  }
  vm.runInNewContext(script, { Chart, document: { getElementById: id => ({ id, textContent: data }) } })
  return charts
}

module.exports = draw
