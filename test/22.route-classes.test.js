'use strict'

const assert = require('node:assert/strict')
const { RouteClasses, shapeOf } = require('../lib/route-classes.js')

const OFTEN = 16

describe('classes of requests by path', () => {
  let classes

  beforeEach(() => {
    classes = new RouteClasses()
  })

  const see = (method, url, times = OFTEN) => {
    let id
    for (let i = 0; i < times; i++) id = classes.ofUrl(method, url)
    return id
  }

  it('take ids and queries out of a path', () => {
    assert.equal(shapeOf('/'), '/')
    assert.equal(shapeOf('/users/42/orders?page=2'), '/users/:/orders')
    assert.equal(shapeOf('/users/0b8f1c9e-1111-2222-3333-444455556666'), '/users/:')
    assert.equal(shapeOf(`/files/${'x'.repeat(40)}`), '/files/:')
    assert.equal(shapeOf('/a/b/c/d/e/f'), '/a/b/c/d/*')
    assert.equal(shapeOf('*'), '*')
  })

  it('are given to what is seen often, and kept', () => {
    assert.equal(see('GET', '/slow', OFTEN - 1), 0)
    const slow = classes.ofUrl('GET', '/slow')
    assert.notEqual(slow, 0)
    const fast = see('GET', '/fast')
    assert.notEqual(fast, 0)
    assert.notEqual(fast, slow)
    assert.equal(classes.ofUrl('GET', '/slow'), slow)
    assert.equal(classes.nameOf(slow), 'GET /slow')
    assert.equal(classes.nameOf(0), '*')
  })

  it('tell methods apart, and ids not', () => {
    assert.notEqual(see('GET', '/users/1'), see('POST', '/users/1'))
    assert.equal(classes.ofUrl('GET', '/users/2'), classes.ofUrl('GET', '/users/1'))
  })

  it('stay bounded under random paths, which share one', () => {
    const route = see('GET', '/route')
    for (let i = 0; i < 100_000; i++) {
      const random = String.fromCharCode(97 + i % 26, 97 + (i / 26 | 0) % 26, 97 + (i / 676 | 0) % 26, 97 + (i / 17576 | 0) % 26)
      assert.equal(classes.ofUrl('GET', `/${random}`), 0)
    }
    assert.equal(classes.ofUrl('GET', '/route'), route)
  })

  it('remember no more than 1024 candidates, and 1024 paths', () => {
    let routed = 0
    classes = new RouteClasses((method, url) => {
      routed++
      return url.startsWith('/users/') ? '/users/:' : url
    })
    see('GET', '/rare', OFTEN - 1)
    for (let i = 0; i < 1024; i++) classes.ofUrl('GET', `/${i}`)
    assert.equal(classes.ofUrl('GET', '/rare'), 0)

    see('GET', '/users/0')
    for (let i = 1; i < 2000; i++) classes.ofUrl('GET', `/users/${i}`)
    routed = 0
    for (let i = 0; i < 2000; i++) classes.ofUrl('GET', `/users/${i}`)
    assert.equal(routed, 2000 - 1024)
  })

  it('are at most 255 and the shared one; those long unseen give way', () => {
    const name = (i) => `/${String.fromCharCode(97 + i % 26)}/${String.fromCharCode(97 + (i / 26 | 0))}`
    const ids = new Set()
    for (let i = 0; i < 300; i++) ids.add(see('GET', name(i)))
    assert.equal(ids.size, 256)

    see('GET', name(0), 60_000)
    for (let i = 2; i < 255; i++) see('GET', name(i), 1)
    see('GET', name(0), 60_000)
    const newcomer = see('GET', '/newcomer')
    assert.notEqual(newcomer, 0)
    assert.equal(classes.nameOf(newcomer), 'GET /newcomer')
    assert.equal(see('GET', name(1), 1), 0, 'the one that gave way starts again')
    assert.equal(see('GET', '/late'), 0, 'all others were seen of late')
  })

  it('do not give way while the law cannot forget them', () => {
    const asked = []
    let present = true
    classes = new RouteClasses(undefined, (id) => {
      asked.push(id)
      return !present
    })
    const name = (i) => `/${String.fromCharCode(97 + i % 26)}/${String.fromCharCode(97 + (i / 26 | 0))}`
    for (let i = 0; i < 255; i++) see('GET', name(i))
    see('GET', name(1), 110_000)
    assert.equal(see('GET', '/newcomer'), 0)
    present = false
    const oldest = see('GET', '/newcomer')
    assert.equal(classes.nameOf(oldest), 'GET /newcomer')
    assert.deepEqual(asked, [oldest, oldest])
  })
})
