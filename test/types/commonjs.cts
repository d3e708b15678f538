// Compiled, never run: what the emitted types promise to CommonJS.
import toobusy = require('spillway')
import spillway = require('spillway/express')
import http = require('spillway/http')

const busy: boolean = toobusy()
const started: boolean = toobusy.started()
const close: () => void = spillway().close
// @ts-expect-error: not a server
http.guard({})

export = { busy, started, close }
