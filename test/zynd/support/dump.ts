/**
 * JSON as foreign clients write it (zynd-wire.md §2). Written here once more, on purpose: what the node canonicalises with
 * must not be what it is tested with.
 */

/** A float of Python, which stays one where JavaScript would print an integer: `1.0`. */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  /** As `repr` of Python prints it. */
  toString(): string {
    const [mantissa = '', exponent = '0'] = this.value.toExponential().split('e')
    const power = Number(exponent)
    if (power < -4 || power >= 16) {
      return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
    }
    const plain = String(this.value)
    return plain.includes('.') ? plain : `${plain}.0`
  }
}

export type Value = null | boolean | number | string | Float | undefined | readonly Value[] | Fields
export interface Fields {
  readonly [key: string]: Value
}

interface Style {
  readonly sorted: boolean
  readonly comma: string
  readonly colon: string
  readonly text: (text: string) => string
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
}

const unit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
const mandatory = (text: string): string => {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    out += SHORT[char] ?? (char < ' ' ? unit(char) : char)
  }
  return `"${out}"`
}

/** Every UTF-16 unit of these is escaped. */
const escaping =
  (chars: RegExp) =>
  (text: string): string =>
    mandatory(text).replace(chars, unit)

const dump = (value: Value, style: Style): string => {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return style.text(value)
  if (typeof value !== 'object' || value instanceof Float) return String(value)
  if (isList(value)) return `[${value.map((item) => dump(item, style)).join(style.comma)}]`
  const keys = style.sorted ? Object.keys(value).sort() : Object.keys(value)
  const members = keys.map((key) => `${style.text(key)}${style.colon}${dump(value[key], style)}`)
  return `{${members.join(style.comma)}}`
}

const isList = (value: readonly Value[] | Fields): value is readonly Value[] => Array.isArray(value)

/** What the SDKs sign: `canonicalJson` in T, `json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)` in P. */
export const canonical = (value: Value): string =>
  dump(value, { sorted: true, comma: ',', colon: ':', text: mandatory })

/** What `json.Marshal` of Go makes of the same: `& < >` and the two separators of lines escaped. */
export const goMarshal = (value: Value): string =>
  dump(value, { sorted: true, comma: ',', colon: ':', text: escaping(/[&<>\u2028\u2029]/g) })

/** What `requests.post(json=…)` sends: spaces, and everything beyond ASCII escaped. */
export const pythonBody = (value: Value): string =>
  dump(value, { sorted: false, comma: ', ', colon: ': ', text: escaping(/[\u007f-\uffff]/g) })
