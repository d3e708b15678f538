'use strict'

const CONNECTIONS = 10
const QUERY = 'select pg_sleep(0.02)'

let pool

// PGHOST and the like in the environment say where the database is.
function begin () {
  const { Pool } = require('pg') // required on use: the bench reads this file before it installs the package
  pool = new Pool({ max: CONNECTIONS })
}

async function query () {
  await pool.query(QUERY)
}

/** A request that needs one of 10 connections to PostgreSQL for a query of 20 ms, and little CPU time. */
module.exports = { routes: { '/': query }, begin, fill: 2 * CONNECTIONS, cpu: false, database: true }
