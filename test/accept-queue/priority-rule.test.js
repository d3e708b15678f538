'use strict'

const assert = require('node:assert/strict')
const { PRIORITIES, nativeRule, priorityRule } = require('../../lib/accept-queue/priority-rule.js')
const { Priorities } = require('../../lib/admission/priorities.js')
const { binding } = require('../../lib/native/binding.js')

const ADDRESS = '192.0.2.1'
const PATHS = { critical: ['/pay', '/api/*'], important: '/api/list', background: ['/api/export/*'] }

/** `[option, target, header, address, priority]`; the header is x-priority */
const cases = [
  [PATHS, '/pay', undefined, ADDRESS, 'critical'],
  [PATHS, '/pay?now', undefined, ADDRESS, 'critical'],
  [PATHS, 'http://localhost/pay', undefined, ADDRESS, 'critical'],
  [PATHS, '/pays', undefined, ADDRESS, 'normal'],
  [PATHS, '/api/x', undefined, ADDRESS, 'critical'],
  [PATHS, '/api/list', undefined, ADDRESS, 'important'],
  [PATHS, '/api/list/x', undefined, ADDRESS, 'critical'],
  [PATHS, '/api/export/x', undefined, ADDRESS, 'background'],
  [PATHS, '/api/export', undefined, ADDRESS, 'critical'],
  [PATHS, '/api/../slow', undefined, ADDRESS, 'normal'],
  [PATHS, '/api/export/%2e%2e/x', undefined, ADDRESS, 'normal'],
  [{ background: '/*', normal: '/' }, '/', undefined, ADDRESS, 'normal'],
  [{ background: '/*', normal: '/' }, '/x', undefined, ADDRESS, 'background'],
  [PATHS, '/pay', 'background', ADDRESS, 'critical'], // no header is read
  [{ header: 'X-Priority' }, '/', undefined, ADDRESS, 'normal'],
  [{ header: 'X-Priority' }, '/', 'background', ADDRESS, 'background'],
  [{ header: 'X-Priority' }, '/', ' BackGround ', ADDRESS, 'background'],
  [{ header: 'X-Priority' }, '/', 'critical', ADDRESS, 'normal'],
  [{ header: 'X-Priority' }, '/', 'urgent', ADDRESS, 'normal'],
  [{ header: 'X-Priority' }, '/', 'critical, background', ADDRESS, 'normal'],
  [{ header: 'X-Priority' }, '/', '', ADDRESS, 'normal'],
  [{ ...PATHS, header: 'x-priority' }, '/pay', 'important', ADDRESS, 'important'],
  [{ ...PATHS, header: 'x-priority' }, '/api/export/x', 'normal', ADDRESS, 'background'],
  ...[
    ['192.0.2.1', '192.0.2.1', true], ['192.0.2.1', '192.0.2.2', false], ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false], ['10.0.0.0/9', '10.127.0.1', true], ['10.0.0.0/9', '10.128.0.1', false], ['0.0.0.0/0', '192.0.2.1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true], ['2001:db8::/33', '2001:db8:8000::1', false], ['2001:db8::1', '2001:db8::1', true],
    ['192.0.2.0/24', '::ffff:192.0.2.7', true], ['192.0.2.0/24', '2001:db8::1', false], ['::/0', '2001:db8::1', true]
  ].map(([trust, address, trusted]) => [{ header: 'x-priority', trust: ['127.0.0.9', trust] }, '/', 'critical', address, trusted ? 'critical' : 'normal'])
]

describe('the option priority', () => {
  for (const [option, target, header, address, expected] of cases) {
    it(`${JSON.stringify(option)} makes ${target}${header === undefined ? '' : ` with "${header}"`} from ${address} ${expected}`, () => {
      const headers = header === undefined ? {} : { 'x-priority': header.trim() } // as Node's parser does
      const trackedRequest = { url: target, priority: null, raw: { headers, socket: { remoteAddress: address } } }
      assert.equal(PRIORITIES[new Priorities(option).of(trackedRequest, {})], expected)
      if (!binding.canSpill) return
      const head = `GET ${target} HTTP/1.1\r\nHost: a\r\n${header === undefined ? '' : `X-Priority: ${header}\r\n`}\r\n`
      const native = binding.readPriority(Buffer.from(head), address, nativeRule(priorityRule(option)))
      assert.equal(PRIORITIES[native], expected, 'natively')
    })
  }
})
