'use strict'

/** A reporter for Node's test runner that writes one line of JSON for each test, but not for suites. */
module.exports = async function * reporter (source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (data.details?.type === 'suite' || data.skip !== undefined || data.todo !== undefined) continue
    yield JSON.stringify({ title: data.name, file: data.file, passed: type === 'test:pass' }) + '\n'
  }
}
