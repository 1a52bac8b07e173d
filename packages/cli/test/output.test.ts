import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/client'
import { ERRORS, type ErrorCode } from '@rollcall/protocol'
import { agreement, type NodeAnswer } from '../src/ask-all.ts'
import { reportOf, reportText, UsageError } from '../src/failure.ts'
import { showProgress } from '../src/output/progress.ts'
import { styleFor } from '../src/output/style.ts'
import { facts, table } from '../src/output/table.ts'
import { ago } from '../src/output/time.ts'

test('columns are as wide as their widest cell, colours aside, and no line ends in blanks', () => {
  const style = styleFor({ isTTY: true }, {})
  assert.deepEqual(
    table(
      ['A', 'B'],
      [
        ['long', style.green('x')],
        [style.red('é'), ''],
      ],
    ),
    ['A     B', `long  ${style.green('x')}`, style.red('é')],
  )
  assert.deepEqual(
    facts([
      ['a', '1'],
      ['bb', undefined],
      ['ccc', ''],
    ]),
    ['a  1'],
  )
})

test('text from outside cannot drive the terminal', () => {
  assert.deepEqual(table(['NAME'], [['a\u001b]0;title\u0007b\nc\u009b2J']])[1], 'a�]0;title�b�c�2J')
})

test('colour is for terminals, and for those who did not refuse it', () => {
  for (const [stream, environment, coloured] of [
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{}, {}, false],
  ] as const) {
    assert.equal(styleFor(stream, environment).red('x') !== 'x', coloured)
  }
})

test('times are told as ages', () => {
  const now = Date.parse('2026-01-02T00:00:00Z')
  const table: readonly (readonly [string | null, string])[] = [
    [null, 'never'],
    ['2026-01-02T00:00:00Z', 'now'],
    ['2026-01-01T23:59:15Z', '45 s ago'],
    ['2026-01-01T23:30:00Z', '30 min ago'],
    ['2026-01-01T12:00:00Z', '12 h ago'],
    ['2025-12-01T00:00:00Z', '32 d ago'],
    ['2026-01-02T00:00:30Z', 'in 30 s'],
    ['yesterday', 'yesterday'],
  ]
  for (const [iso, text] of table) assert.equal(ago(iso, now), text)
})

test('every code of the table ends with its exit code, and is told with remedy and request id', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const report = reportOf(new RollcallError(code, 'It did not work', { requestId: 'r-1', registry: 'http://a' }))
    assert.ok(!('told' in report))
    assert.equal(report.exit, ERRORS[code].exit)
    assert.equal(
      reportText(report),
      `rollcall: ${code}: It did not work. ${ERRORS[code].remedy} (request r-1 at http://a)`,
    )
  }
})

test('a usage error is 2, any other error 1', () => {
  assert.equal(reportOf(new UsageError('no')).exit, 2)
  assert.equal(reportOf(new Error('no')).exit, 1)
  assert.equal(reportOf('no').exit, 1)
})

test('nodes agree when all answered, and said the same', () => {
  const says = (node: string, answer: string): NodeAnswer<string> => ({ node, url: '', answer, error: undefined })
  const silent = new RollcallError('unreachable', 'no')
  const view = ({ answer, error }: NodeAnswer<string>): string => answer ?? error?.code ?? ''
  const sentenceOf = (...answers: NodeAnswer<string>[]): unknown => Object.values(agreement(answers, view))
  const c = { node: 'c', url: '', answer: undefined, error: silent }
  assert.deepEqual(sentenceOf(says('a', '1'), says('b', '1')), [true, '2 nodes agree'])
  assert.deepEqual(sentenceOf(says('a', '1'), says('b', '2')), [false, 'the nodes differ: a against b'])
  assert.deepEqual(sentenceOf(says('a', '1'), says('b', '1'), c), [false, '2 nodes agree; no answer from c'])
  assert.deepEqual(sentenceOf(c), [false, 'no node answered; no answer from c'])
  const absent = new RollcallError('entity_not_found', 'no', { http: 404 })
  assert.deepEqual(sentenceOf(says('a', '1'), { ...c, error: absent }), [false, 'the nodes differ: a against c'])
})

test('progress shows on a terminal while work lasts, and leaves nothing behind', async () => {
  const written: string[] = []
  const terminal = { isTTY: true, write: (text: string) => written.push(text) }
  let finish = (): void => undefined
  let links = 0
  const work = new Promise<string>((resolve) => {
    finish = () => resolve('done')
  })
  const shown = showProgress(terminal, () => `following ${++links} links`, work)
  // The first line comes after a moment of patience; it ends the work that it tells of.
  while (written.length < 2) await new Promise((resolve) => setImmediate(resolve))
  finish()
  assert.equal(await shown, 'done')
  assert.match(written[0] ?? '', /following 1 links …$/)
  assert.equal(written.at(-1), '\u001b[2K\r')

  const file: string[] = []
  assert.equal(await showProgress({ write: (text: string) => file.push(text) }, 'waiting', work), 'done')
  assert.equal(await showProgress({ isTTY: true, write: (text: string) => file.push(text) }, 'quick', work), 'done')
  assert.deepEqual(file, [])
})
