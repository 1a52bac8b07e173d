/** Every row of Zynd's contract is held by a test or says why no node serves it, and the page says which test it is. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readRepo } from '../../scripts/repo.ts'
import { isContractTest, judge, PAGE, readRows, readTests, withTable } from './support/table.ts'

const [page] = readRepo((path) => path === PAGE)
const tests = readTests(readRepo(isContractTest))

describe('the contract in the repository', () => {
  const text = page?.text ?? ''

  test('each row has a test or says why not, and each test cites a row', () => {
    assert.ok(readRows(text).length > 150 && tests.length > 80)
    assert.deepEqual(judge(readRows(text), tests), [])
  })

  test('the table of the page names the tests there are', () => {
    assert.equal(withTable(text, tests), text, 'run scripts/zynd-table.ts')
  })

  test('foreign clients use nothing of ours: no file of the suite imports a package of this repository', () => {
    const files = readRepo((path) => path.startsWith('test/zynd/'))
    const ours = files.filter(({ text: source }) => /from '@rollcall\//.test(source)).map(({ path }) => path)
    assert.deepEqual(ours, [])
  })
})

describe('the check of the table', () => {
  const sample = [
    '# Page',
    '- **Z1-one** Is served,',
    '  over two lines.',
    '- **Z1-two** Is _not served, because_ nobody',
    '  asks for it.',
    '',
    'Prose.',
    '- **Z4.1-three** Is served too.',
    '',
  ].join('\n')
  const rows = readRows(sample)
  const cite = (...titles: string[]): ReturnType<typeof readTests> =>
    readTests([{ path: 'test/zynd/a.test.ts', text: titles.map((title) => `test('${title}', () => {})`).join('\n') }])

  test('rows are read with why they are not served', () => {
    assert.deepEqual(rows, [
      { id: 'Z1-one', unserved: undefined },
      { id: 'Z1-two', unserved: 'nobody asks for it' },
      { id: 'Z4.1-three', unserved: undefined },
    ])
  })

  test('it passes what agrees', () => assert.deepEqual(judge(rows, cite('Z1-one, Z4.1-three: a')), []))

  test('it fires on a row without a test, a test without a row, an unknown row, and a row written twice', () => {
    assert.match(judge(rows, cite('Z1-one: a')).join(), /no test cites row Z4\.1-three/)
    assert.match(judge(rows, cite('Z1-one, Z4.1-three: a', 'b')).join(), /"b" cites no row/)
    assert.match(judge(rows, cite('Z1-one, Z4.1-three, Z9-nine: a')).join(), /cites Z9-nine/)
    assert.match(judge([...rows, ...rows], cite('Z1-one, Z4.1-three: a')).join(), /Z1-one is written twice/)
  })

  test('it fires on a row that says it is not served and has a test all the same', () => {
    assert.match(judge(rows, cite('Z1-one, Z4.1-three, Z1-two: a')).join(), /Z1-two says that it is not served/)
  })

  test('the table says which test holds a row', () => {
    const table = withTable(sample, cite('Z1-one, Z4.1-three: all of it'))
    assert.match(table, /Z1-one {6}all of it\nZ1-two {6}not served, because nobody asks for it\n/)
    assert.equal(withTable(table, cite('Z1-one, Z4.1-three: all of it')), table)
  })
})
