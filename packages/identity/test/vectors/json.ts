/** Canonical JSON (zynd-wire §2). Expected texts are written out; Python's json.dumps gives the same ones. */

const u = (code: number): string => String.fromCharCode(code)

export const canonicalJsonVectors = () => ({
  equal: [
    { name: 'keys are sorted', value: { b: 1, a: 2, B: 3, '': 4 }, canonical: '{"":4,"B":3,"a":2,"b":1}' },
    {
      name: 'nested keys are sorted',
      value: { a: { d: 1, c: [{ f: 1, e: 2 }] } },
      canonical: '{"a":{"c":[{"e":2,"f":1}],"d":1}}',
    },
    { name: 'lists keep their order', value: [3, 1, 2], canonical: '[3,1,2]' },
    { name: 'empty list and object', value: [[], {}], canonical: '[[],{}]' },
    { name: 'null, true, false', value: [null, true, false], canonical: '[null,true,false]' },
    { name: 'integers', value: [0, 1, -1, 9007199254740991], canonical: '[0,1,-1,9007199254740991]' },
    { name: 'quote and backslash', value: '"\\', canonical: '"\\"\\\\"' },
    { name: 'slash stays', value: '</script>', canonical: '"</script>"' },
    { name: 'no HTML escapes', value: '& < >', canonical: '"& < >"' },
    { name: 'short escapes', value: '\b\t\n\f\r', canonical: '"\\b\\t\\n\\f\\r"' },
    {
      name: 'other controls',
      value: [u(0), u(1), u(0x0b), u(0x0e), u(0x1f)],
      canonical: '["\\u0000","\\u0001","\\u000b","\\u000e","\\u001f"]',
    },
    { name: 'DEL stays', value: u(0x7f), canonical: `"${u(0x7f)}"` },
    { name: 'C1 controls stay', value: u(0x80) + u(0x9f), canonical: `"${u(0x80)}${u(0x9f)}"` },
    { name: 'U+2028 and U+2029 stay', value: u(0x2028) + u(0x2029), canonical: `"${u(0x2028)}${u(0x2029)}"` },
    { name: 'byte order mark stays', value: `${u(0xfeff)}a`, canonical: `"${u(0xfeff)}a"` },
    { name: 'letters beyond ASCII stay', value: 'Größe 名前', canonical: '"Größe 名前"' },
    { name: 'characters beyond the BMP stay', value: '🤖', canonical: '"🤖"' },
    { name: 'not normalised', value: ['é', 'e\u0301'], canonical: '["é","e\u0301"]' },
  ],
  /** Texts of JSON whose values hold half a surrogate pair: refused before they are canonicalised. */
  not_well_formed: [
    '{"a":"\\ud800"}',
    '{"a":"\\udc00"}',
    '{"a":["\\udc00\\ud800"]}',
    '{"\\ud83e":1}',
    '{"a":{"b":"x\\ud83e"}}',
  ],
})
