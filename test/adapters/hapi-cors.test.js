'use strict'

const assert = require('node:assert/strict')
const hapi = require('@hapi/hapi')
const { corsHeadersForAll } = require('../../lib/adapters/hapi/cors.js')

const EXPOSED = 'WWW-Authenticate,Server-Authorization'

describe('The CORS headers that do not depend on the request, in Hapi,', () => {
  for (const [what, cors, expected] of [
    ['are none without CORS', undefined, {}],
    ['allow every origin by default', true, { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED }],
    ['allow every origin that is ignored', { origin: 'ignore', exposedHeaders: [] }, { 'access-control-allow-origin': '*' }],
    ['are none if credentials are allowed, because a browser would then not accept *', { credentials: true }, {}],
    ['are none if only some origins are allowed', { origin: ['https://*.example'] }, {}],
    ['expose the headers of the server', { additionalExposedHeaders: ['x-a'] },
      { 'access-control-allow-origin': '*', 'access-control-expose-headers': `${EXPOSED},x-a` }]
  ]) {
    it(what, () => assert.deepEqual(corsHeadersForAll(hapi.server({ routes: { cors } })), expected))
  }
})
