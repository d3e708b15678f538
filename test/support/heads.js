'use strict'

const REQUEST = { kind: 'request', isHead: false, hasBody: false, websocket: false }
const INCOMPLETE = { kind: 'incomplete' }
const OTHER = { kind: 'other' }
const BODY = { ...REQUEST, hasBody: true }
const WEBSOCKET = { ...REQUEST, websocket: true }

const get = (...fields) => ['GET / HTTP/1.1', 'Host: localhost', ...fields, '', ''].join('\r\n')

/** What clients send first, and what is to be read there: `[name, text in latin1, expected]`. */
const heads = [
  ['the shortest', get(), { ...REQUEST, length: 35 }],
  ['curl', get('User-Agent: curl/8.5.0', 'Accept: */*'), REQUEST],
  ['a browser', get('Connection: keep-alive', 'sec-ch-ua: "Chromium";v="124", "Not-A.Brand";v="99"', 'Accept: text/html,*/*;q=0.8',
    'Accept-Language: de-DE,de;q=0.9', 'Cookie: a=b; c="d e"; f=%20', 'Priority: u=0, i'), REQUEST],
  ['nginx as a proxy', 'GET /x HTTP/1.0\r\nHost: backend\r\nConnection: close\r\n\r\n', REQUEST],
  ['HTTP/1.0 without a host', 'GET / HTTP/1.0\r\n\r\n', REQUEST],
  ['a proxy’s absolute form', 'GET http://localhost/x?y HTTP/1.1\r\nHost: localhost\r\n\r\n', REQUEST],
  ['HEAD', get().replace('GET', 'HEAD'), { ...REQUEST, isHead: true }],
  ['DELETE', get().replace('GET', 'DELETE'), REQUEST],
  ['field names in any case', get('CONTENT-LENGTH: 5').replace('Host', 'hOsT') + 'hello', BODY],
  ['blanks around a value', get('Content-Length: \t 5 \t '), BODY],
  ['an empty value', get('X-Empty:'), REQUEST],
  ['bytes beyond ASCII in a value', get('X-Name: M\xfcller'), REQUEST],
  ['POST without a body', get('Content-Length: 0').replace('GET', 'POST'), REQUEST],
  ['POST with its body', get('Content-Length: 5').replace('GET', 'POST') + 'hello', BODY],
  ['a body in chunks', get('Transfer-Encoding: Chunked').replace('GET', 'POST'), BODY],
  ['a body that waits to be asked for', get('Expect: 100-continue', 'Content-Length: 5').replace('GET', 'PUT'), BODY],
  ['a WebSocket', get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'), WEBSOCKET],
  ['a WebSocket of Firefox', get('Connection: keep-alive, Upgrade', 'Upgrade: websocket'), WEBSOCKET],
  ['a WebSocket in capitals', get('UPGRADE:WebSocket ', 'CONNECTION:UPGRADE'), WEBSOCKET],
  ['h2c, as if it were plain', get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'), REQUEST],
  ['Upgrade alone', get('Upgrade: websocket'), REQUEST],
  ['Connection alone', get('Connection: UPGRADE'), REQUEST],
  ['Connection alone, with others', get('Connection: keep-alive, Upgrade'), REQUEST],
  ['two requests at once', get() + get(), { ...REQUEST, length: 35 }],

  ['nothing', '', INCOMPLETE],
  ['one byte', 'G', INCOMPLETE],
  ['no end', get().slice(0, -1), INCOMPLETE],
  ['half a field', 'GET / HTTP/1.1\r\nHo', INCOMPLETE],

  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', OTHER],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', OTHER],
  ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n', OTHER],
  ['its second version', '\r\n\r\n\0\r\nQUIT\n', OTHER],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', OTHER],
  ['an empty line before', '\r\n' + get(), OTHER],
  ['lines that end in LF', get().replaceAll('\r', ''), OTHER],
  ['one line that ends in LF', get().replace('localhost\r', 'localhost'), OTHER],
  ['CR alone', get('X: a\rb'), OTHER],
  ['NUL in a value', get('X: a\0b'), OTHER],
  ['a folded field', get('X: a', ' b'), OTHER],
  ['a blank before the colon', get('X : a'), OTHER],
  ['a field without a name', get(': a'), OTHER],
  ['a field without a colon', get('X'), OTHER],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', OTHER],
  ['two hosts', get('Host: other'), OTHER],
  ['two hosts in HTTP/1.0', get('Host: other').replace('1.1', '1.0'), OTHER],
  ['two lengths', get('Content-Length: 5', 'Content-Length: 5'), OTHER],
  ['a length and chunks', get('Content-Length: 5', 'Transfer-Encoding: chunked'), OTHER],
  ['a signed length', get('Content-Length: +5'), OTHER],
  ['an empty length', get('Content-Length:'), OTHER],
  ['a list of lengths', get('Content-Length: 5, 5'), OTHER],
  ['an endless length', get('Content-Length: 9999999999999999'), OTHER],
  ['another encoding', get('Transfer-Encoding: gzip, chunked'), OTHER],
  ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', OTHER],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\n', OTHER],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\n', OTHER],
  ['HTTP/1.11', 'GET / HTTP/1.11\r\n', OTHER],
  ['HTTP/0.9', 'GET /\r\n', OTHER],
  ['no target', 'GET  HTTP/1.1\r\n', OTHER],
  ['two blanks', 'GET  / HTTP/1.1\r\n', OTHER],
  ['a blank in the target', 'GET /a b HTTP/1.1\r\n', OTHER],
  ['a target beyond ASCII', 'GET /\xfc HTTP/1.1\r\n', OTHER],
  ['a target that is no path', 'GET x HTTP/1.1\r\n', OTHER],
  ['OPTIONS *', get().replace('GET /', 'OPTIONS *'), OTHER],
  ['CONNECT', 'CONNECT localhost:443 HTTP/1.1\r\n', OTHER],
  ['a rare method', get().replace('GET', 'PROPFIND'), OTHER],
  ['a method in small letters', get().replace('GET', 'get'), OTHER],
  ['a method that only begins like one', get().replace('GET', 'GETS'), OTHER]
]

/** `[patterns, target, whether it is exempt]` */
const exemptTargets = [
  [['/health'], '/health', true],
  [['/health'], '/health?verbose=1', true],
  [['/health'], '/health?/../x', true],
  [['/health'], '/health/', false],
  [['/health'], '/healthy', false],
  [['/health'], '/Health', false],
  [['/health'], '//health', false],
  [['/health'], '/x?/health', false],
  [['/health'], '/%68ealth', false],
  [['/health'], 'http://localhost/health', true],
  [['/health'], 'HTTP://localhost:80/health?x', true],
  [['/health'], 'a+b.c-1://x/health', true],
  [['/health'], 'http:///health', true],
  [['/health'], 'http://health', false],
  [['/'], 'http://localhost', true],
  [['/'], 'http://localhost?x', true],
  [['/'], 'http://localhost?x/y', true],
  [['/'], '/?x', true],
  [['/'], '/x', false],
  [['/a', '/b/*', '/c'], '/b/x/y', true],
  [['/a', '/b/*', '/c'], '/b/', true],
  [['/a', '/b/*', '/c'], '/b', false],
  [['/a', '/b/*', '/c'], '/c', true],
  [['/health*'], '/healthy?x', true],
  [['/*'], 'http://localhost', true],
  [['/*'], '/anything', true],
  [['/b*'], '/a?/b', false]
]

module.exports = { heads, exemptTargets }
