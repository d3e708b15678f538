'use strict'

const express = require('express')

/**
 * @param {() => Promise<void>} work what a request costs
 * @param {{ express: (app: import('express').Express) => void }} [protection]
 * @returns {import('node:http').RequestListener}
 */
module.exports = function createExpress (work, protection) {
  const app = express()
  protection?.express(app)
  app.get('/', async (req, res) => {
    await work()
    res.send('done\n')
  })
  return app
}
