'use strict'

const assert = require('node:assert/strict')
const { shapeOf } = require('../../lib/admission/path-shape.js')
const { RouteClasses } = require('../../lib/admission/route-classes.js')

const OFTEN = 16
const FADE_AFTER = 16_384
const ALL = 255

/** Words of one segment without a digit; no two are alike. */
const word = (i) => [i, i / 26, i / 676].map((part) => String.fromCharCode(97 + Math.floor(part) % 26)).join('')
const path = (i) => `/${word(i)}/${word(i)}`

/** A controller that forgets every class that is not held. */
function stubController () {
  return {
    held: new Set(),
    forgotten: [],
    splits: [],
    forget (id) {
      if (this.held.has(id)) return false
      this.forgotten.push(id)
      return true
    },
    split (id, share) { this.splits.push([id, share]) }
  }
}

describe('classes of requests', () => {
  let controller
  let classes

  beforeEach(() => {
    controller = stubController()
    classes = new RouteClasses(controller)
  })

  /** Handles requests one after another. @returns {number} the class of the last */
  function requests (come, times, isServed = true) {
    let id
    for (let i = 0; i < times; i++) {
      const tracked = { candidate: '' }
      id = come(tracked)
      assert.equal(id === 0, tracked.candidate !== '')
      if (isServed && tracked.candidate !== '') classes.served(tracked.candidate)
    }
    return id
  }
  const see = (method, url, times = OFTEN + 1) => requests((tracked) => classes.ofUrl(tracked, method, url), times)
  const seeName = (name, times = OFTEN + 1) => requests((tracked) => classes.ofName(tracked, name), times)
  const miss = (url, times) => requests((tracked) => classes.ofUrl(tracked, 'GET', url), times, false)
  const names = () => classes.ids().map((id) => classes.nameOf(id))

  describe('by path', () => {
    it('ignore ids, queries and all but unreserved characters', () => {
      assert.equal(shapeOf('/'), '/')
      assert.equal(shapeOf('/users/42/orders?page=2'), '/users/:/orders')
      assert.equal(shapeOf('/users/0b8f1c9e-1111-2222-3333-444455556666'), '/users/:')
      assert.equal(shapeOf(`/files/${'x'.repeat(32)}`), `/files/${'x'.repeat(32)}`)
      assert.equal(shapeOf(`/files/${'x'.repeat(33)}`), '/files/:')
      assert.equal(shapeOf('/a/b/c/d/e/f'), '/a/b/c/d/*')
      assert.equal(shapeOf('/a.b/c-d/e_f/~g/'), '/a.b/c-d/e_f/~g/*')
      for (const odd of ['"><img>', 'a%20b', 'a b', "a'b", 'a`b', 'a&b', 'a\\b', 'a;b', 'é', '\n', '*']) {
        assert.equal(shapeOf(`/x/${odd}/y`), '/x/:/y', odd)
      }
      assert.equal(shapeOf('*'), ':')
    })

    it('differ by method, and not by id', () => {
      assert.notEqual(see('GET', '/users/1'), see('POST', '/users/1'))
      assert.equal(see('GET', '/users/2', 1), see('GET', '/users/1', 1))
    })

    it("treat all methods that Node's parser rejects as one", () => {
      const id = see('A"B', '/')
      assert.equal(see('C', '/', 1), id)
      assert.equal(classes.nameOf(id), '? /')
    })

    it('begin after a path has been served often, and stay', () => {
      assert.equal(see('GET', '/slow', OFTEN), 0)
      const slow = see('GET', '/slow', 1)
      assert.notEqual(slow, 0)
      const fast = see('GET', '/fast')
      assert.notEqual(fast, 0)
      assert.notEqual(fast, slow)
      assert.equal(see('GET', '/slow', 1), slow)
      assert.equal(classes.nameOf(slow), 'GET /slow')
      assert.equal(classes.nameOf(0), '*')
    })

    it('begin once, however many requests were in flight', () => {
      const waiting = Array.from({ length: 3 * OFTEN }, () => ({ candidate: '' }))
      for (const tracked of waiting) classes.ofUrl(tracked, 'GET', '/')
      for (const { candidate } of waiting) classes.served(candidate)
      assert.deepEqual(names(), ['*', 'GET /'])
    })

    it('never begin for paths that are not served', () => {
      assert.equal(miss('/nowhere', 1000), 0)
      for (let i = 0; i < 4800; i++) miss(path(i), 17)
      assert.deepEqual(names(), ['*'])
    })
  })

  describe("by a user's name", () => {
    it('differ from classes by path and from each other', () => {
      const [given, other, guessed] = [seeName('GET /a'), seeName('GET /A'), see('GET', '/a')]
      assert.equal(new Set([given, other, guessed, 0]).size, 4)
      assert.notEqual(seeName('\u0001'), seeName('%01'))
    })

    it('differ by the first 127 characters of the name', () => {
      const long = 'x'.repeat(127)
      assert.equal(seeName(long + 'a'), seeName(long + 'b', 1))
    })

    it('encode characters in their names that a page, a log or a terminal could misread', () => {
      for (const [name, shown] of [
        ['plain name: 100% (of/it)', 'plain name: 100% (of/it)'],
        ['"><img src=x>', '%22%3E%3Cimg src=x%3E'],
        ["'`&\\", '%27%60%26%5C'],
        ['\u001b[31m\n\u007f', '%1B[31m%0A%7F'],
        ['é', '%C3%A9'],
        ['😀', '%F0%9F%98%80'],
        ['\ud800', '%EF%BF%BD']
      ]) {
        assert.equal(classes.nameOf(seeName(name)), shown)
      }
    })
  })

  describe('when they begin, tell the controller their share', () => {
    it('of the requests without a class since their first was served', () => {
      miss('/before', 100)
      for (let i = 0; i < OFTEN; i++) {
        see('GET', '/often', 1)
        miss('/rest', i < OFTEN - 1 ? 3 : 0)
      }
      const id = see('GET', '/often', 1)
      assert.deepEqual(controller.splits, [[id, OFTEN / (OFTEN + 3 * (OFTEN - 1))]])
    })

    it('as 1 if all requests came before any was served', () => {
      const waiting = Array.from({ length: OFTEN }, () => ({ candidate: '' }))
      for (const tracked of waiting) classes.ofUrl(tracked, 'GET', '/')
      for (const { candidate } of waiting) classes.served(candidate)
      assert.deepEqual(controller.splits, [[1, 1]])
    })
  })

  describe('while non-recurring paths arrive', () => {
    it('keep their number, and none begins for such a path', () => {
      const route = see('GET', '/route')
      for (let i = 0; i < 17_000; i++) assert.equal(see('GET', path(i), 1), 0)
      assert.equal(see('GET', '/route', 1), route)
      assert.deepEqual(names(), ['*', 'GET /route'])
    })

    it('still begin for a path that is more than one request in 1024', () => {
      let found = 0
      for (let i = 0; found === 0 && i < 100 * 500; i++) {
        see('GET', path(i), 1)
        if (i % 500 === 0) found = see('GET', '/route', 1)
      }
      assert.equal(classes.nameOf(found), 'GET /route')
    })

    it('are cached for 1024 paths', () => {
      let routed = 0
      classes = new RouteClasses(controller, (method, url) => {
        routed++
        return url.startsWith('/users/') ? '/users/:' : url
      })
      see('GET', '/users/x')
      for (let i = 1; i < 2000; i++) see('GET', `/users/${i}`, 1)
      routed = 0
      for (let i = 0; i < 2000; i++) see('GET', `/users/${i}`, 1)
      assert.equal(routed, 2000 - 1023)
    })
  })

  describe('when all of them are in use', () => {
    const USES = 50

    // In fewer requests than it takes to halve the counts.
    const fill = () => {
      for (let round = 0; round < USES; round++) {
        for (let i = 0; i < ALL; i++) see('GET', path(i), 1)
      }
      assert.equal(names().length, 1 + ALL)
    }

    it('give way to a path that is used more than the least used class', () => {
      fill()
      for (let i = 1; i < ALL; i++) see('GET', path(i), 1)
      assert.equal(see('GET', '/new', USES + 1), 0)
      const given = see('GET', '/new', 1)
      assert.equal(classes.nameOf(given), 'GET /new')
      assert.deepEqual(controller.forgotten, [given])
      assert.equal(names().length, 1 + ALL)
      assert.ok(!names().includes(`GET ${path(0)}`))
      assert.equal(see('GET', path(0), 1), 0, 'the class that gave way begins again')
    })

    it('give way one after another, even if one of them cannot', () => {
      fill()
      const hung = see('GET', path(0), 1)
      for (let i = 1; i < ALL; i++) see('GET', path(i), 2)
      controller.held.add(hung)
      for (let i = 0; i < 20; i++) assert.notEqual(see('GET', `/new/${word(i)}/${word(i)}`, 100), 0)
      assert.equal(classes.nameOf(hung), `GET ${path(0)}`)
      assert.equal(controller.forgotten.length, 20)
    })

    it('never give way while none of them can', () => {
      fill()
      for (let id = 1; id <= ALL; id++) controller.held.add(id)
      assert.equal(see('GET', '/new', 1000), 0)
    })

    it('give way if they were used long ago', () => {
      fill()
      assert.equal(see('GET', '/new', USES), 0)
      see('GET', path(0), 5 * FADE_AFTER)
      assert.notEqual(see('GET', '/new', OFTEN + 1), 0)
      assert.notEqual(see('GET', path(0), 1), 0)
    })

    it('stay if they are used occasionally, whatever other paths appear once or a few times', () => {
      const regular = Array.from({ length: ALL }, (_, i) => see('GET', path(i)))
      for (let i = 0; i < 17_000; i++) {
        see('GET', `/flood${path(i)}`, 1)
        see('GET', path(i % ALL), 1)
      }
      assert.deepEqual(Array.from({ length: ALL }, (_, i) => see('GET', path(i), 1)), regular)
      assert.deepEqual(controller.forgotten, [])
    })
  })
})
