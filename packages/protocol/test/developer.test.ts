import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Act,
  actChecks,
  actsOf,
  actsWith,
  bindingOf,
  canonicalJson,
  decodeDelta,
  developerActsOf,
  developerActsWith,
  developerChecks,
  developerIdOf,
  type Entry,
  encodeDelta,
  formatKey,
  formatSignature,
  goEscaped,
  handleProblem,
  type JsonObject,
  LIMITS,
  makeDeveloperRecord,
  makeRecord,
  makeTombstone,
  nameProblem,
  nativeActBytes,
  parseDeveloperRecord,
  parseFqan,
  recordChecks,
  releaseText,
  saidIn,
  tombstoneChecks,
  utf8,
} from '@rollcall/protocol'
import fc from 'fast-check'
import {
  allHold,
  codeOf,
  developer,
  entity,
  hex,
  holds,
  id,
  nativeAct,
  other,
  otherId,
  proof,
  proofBody,
  recordFields,
  registration,
  stamp,
  timeMs,
  unwrap,
  update,
} from './kit.ts'

const developerId = developerIdOf(developer.publicKey)
const publicKey = formatKey(developer.publicKey)

const signed = (body: JsonObject, signable: string): string =>
  JSON.stringify({ ...body, signature: formatSignature(developer.sign(utf8(signable))) })
const zynd = (kind: Act['kind'], text: string, signable: string): Act => ({
  kind,
  form: 'zynd',
  by: 'developer',
  text,
  signature: developer.sign(utf8(signable)),
})
const own = (kind: Act['kind'], fields: JsonObject = {}): Act =>
  nativeAct(kind, { developer_id: developerId, ...fields }, 'developer')
const register = (fields: JsonObject = {}): Act =>
  nativeAct('register_developer', { public_key: publicKey, ...fields }, 'developer')

const recordOf = (acts: readonly Act[], claim = acts.some(({ kind }) => kind === 'claim_handle')) =>
  makeDeveloperRecord({
    id: developerId,
    publicKey: developer.publicKey,
    birth: stamp(),
    stamp: stamp(5),
    issuedAtMs: timeMs,
    handleClaim: claim ? stamp(2) : undefined,
    acts,
  })

describe('names and full names', () => {
  test('N1, N3: a handle and a name are 3 to 40 of a-z, 0-9 and single hyphens', () => {
    for (const good of ['abc', 'a-b', 'stocks2', `a${'b'.repeat(39)}`]) assert.equal(nameProblem(good), undefined, good)
    for (const bad of ['', 'ab', 'Abc', '3bc', 'abc-', 'a--b', 'a_b', 'a b', `a${'b'.repeat(40)}`, 'abc\n', 'åbc']) {
      assert.notEqual(nameProblem(bad), undefined, bad)
      assert.notEqual(handleProblem(bad), undefined, bad)
    }
    for (const reserved of ['zynd', 'system', 'admin', 'test', 'root', 'registry', 'anonymous', 'unknown']) {
      assert.equal(handleProblem(reserved), 'it is reserved')
      assert.equal(nameProblem(reserved), undefined)
    }
  })

  test('every spelling of a full name is read, and nothing throws', () => {
    const named = { handle: 'alice', name: 'stocks' }
    assert.deepEqual(parseFqan('zns01.zynd.ai/alice/stocks'), { host: 'zns01.zynd.ai', ...named, version: '' })
    assert.deepEqual(parseFqan('zns://host/alice/stocks@1.2.0#quotes'), { host: 'host', ...named, version: '1.2.0' })
    for (const text of ['alice/stocks', '@alice/stocks', 'stocks.alice.zynd', 'agdns://alice/stocks']) {
      assert.deepEqual(parseFqan(text), { host: '', ...named, version: '' }, text)
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        const fqan = parseFqan(text)
        assert.ok(fqan === undefined || nameProblem(fqan.name) === undefined)
      }),
    )
  })
})

describe('I3: what Zynd’s clients sign of developers, handles and names', () => {
  const about: Parameters<typeof actChecks>[1] = { id: developerId, publicKey: developer.publicKey, proof: undefined }
  const check = (act: Act, of = about) => {
    const [one] = unwrap(actChecks(act, of))
    assert.ok(one)
    return one
  }

  test('a registration covers all four keys, empty where unset, in the JavaScript form or the Go form; the handle is not covered', () => {
    const name = 'R&D <tools>\u2028'
    const signable = canonicalJson({ github: '', name, profile_url: '', public_key: publicKey })
    for (const form of [signable, goEscaped(signable)]) {
      const text = signed({ name, public_key: publicKey, handle: 'alice' }, form)
      assert.ok(holds(check(zynd('register_developer', text, form))))
    }
    assert.match(goEscaped(signable), /R\\u0026D \\u003ctools\\u003e\\u2028/)
    const act = zynd('register_developer', signed({ name, public_key: publicKey, handle: 'alice' }, signable), signable)
    assert.equal(unwrap(recordOf([act])).handle, undefined)
    const forged = signed({ name: 'Mallory', public_key: publicKey }, signable)
    assert.ok(!holds(check(zynd('register_developer', forged, signable))))
  })

  test('an update signs the raw body, a deregistration the id, a claim three fields, a release its own words', () => {
    const body = '{ "name":"A" }'
    assert.ok(holds(check(zynd('update_developer', body, body))))
    assert.ok(holds(check(zynd('deregister_developer', '', developerId))))
    const claim = { developer_id: developerId, handle: 'alice', public_key: publicKey }
    assert.ok(holds(check(zynd('claim_handle', signed(claim, canonicalJson(claim)), canonicalJson(claim)))))
    const release = zynd('release_handle', releaseText('alice'), 'release:alice')
    assert.ok(holds(check(release)))
    assert.ok(!holds(check({ ...release, text: releaseText('other') })))
  })

  test('the tags of a binding, absent or empty, may have been signed as null or as a list; a release signs the full name', () => {
    const of = { id, publicKey: entity.publicKey, proof }
    const fields = { developer_handle: 'alice', entity_id: id, entity_name: 'stocks', version: '1.0.0' }
    for (const tags of [null, []]) {
      const signable = canonicalJson({ ...fields, capability_tags: tags })
      for (const body of [fields, { ...fields, capability_tags: [] }, { ...fields, capability_tags: null }]) {
        assert.ok(holds(check(zynd('bind_name', signed(body, signable), signable), of)))
      }
    }
    const tagged = { ...fields, capability_tags: ['a'] }
    const signable = canonicalJson({ ...fields, capability_tags: null })
    assert.ok(!holds(check(zynd('bind_name', signed(tagged, signable), signable), of)))
    const release = zynd('release_name', releaseText('rollcall/alice/stocks'), 'release:rollcall/alice/stocks')
    assert.ok(holds(check(release, of)))
    assert.equal(codeOf(actChecks(release, { ...of, proof: undefined })), 'forbidden')
  })

  test('a native act of one kind serves for no other', () => {
    const text = register().text
    const bytes = ['register', 'register_developer', 'update_developer', 'claim_handle', 'bind_name', 'release_name']
    assert.equal(new Set(bytes.map((kind) => hex(nativeActBytes(kind as Act['kind'], text)))).size, bytes.length)
  })
})

describe('the record of a developer', () => {
  test('is read back as it was written, and its signatures hold', () => {
    const record = unwrap(
      recordOf([register({ name: 'Alice', github: 'a' }), own('claim_handle', { handle: 'alice' })]),
    )
    assert.deepEqual(record.profile, { name: 'Alice', github: 'a', profileUrl: '' })
    assert.deepEqual(record.handle, { text: 'alice', claim: stamp(2) })
    assert.deepEqual(unwrap(parseDeveloperRecord(record.bytes)), record)
    assert.ok(allHold(developerChecks(record)))
    const entry: Entry = { kind: 'developer', id: developerId, developer: record }
    assert.deepEqual(unwrap(decodeDelta(encodeDelta(entry))), entry)
    assert.deepEqual(developerActsOf(record).length, 2)
  })

  test('begins with any act that says something, and is its own developer’s alone', () => {
    for (const act of [own('update_developer', { name: 'A' }), own('claim_handle', { handle: 'alice' })]) {
      assert.ok(recordOf([act]).ok, act.kind)
    }
    assert.equal(codeOf(recordOf([])), 'malformed')
    assert.equal(codeOf(recordOf([{ ...register(), by: 'entity' }])), 'malformed')
    assert.equal(codeOf(recordOf([registration()])), 'malformed')
    assert.equal(codeOf(recordOf([nativeAct('update_developer', { name: 'A' }, 'developer')])), 'id_mismatch')
    assert.equal(codeOf(recordOf([register({ public_key: formatKey(other.publicKey) })])), 'id_mismatch')
    assert.equal(codeOf(recordOf([register({ name: 5 })])), 'validation_failed')
    assert.equal(codeOf(recordOf([register({ profile_url: 'javascript:alert(1)' })])), 'validation_failed')
    assert.equal(codeOf(recordOf([register({ handle: 'admin' })], true)), 'validation_failed')
    assert.equal(codeOf(recordOf([register()], true)), 'malformed', 'a claim stamp without a claim')
    assert.equal(
      codeOf(recordOf([own('claim_handle', { handle: 'alice' })], false)),
      'malformed',
      'a claim without its stamp',
    )
    assert.ok(recordOf([register({ handle: 'alice' })], true).ok, 'a native registration claims')
    const elsewhere = { ...unwrap(recordOf([register()])), publicKey: other.publicKey, handleClaim: undefined }
    assert.equal(codeOf(makeDeveloperRecord({ ...elsewhere, acts: [register()] })), 'id_mismatch')
  })

  test('keeps what still shows: a release for as long as it is the last word', () => {
    let acts: readonly Act[] = [register({ name: 'A' })]
    const say = (act: Act): void => {
      acts = developerActsWith(acts, act)
    }
    for (let i = 0; i < 20; i++) {
      say(own('update_developer', { name: `A${i}`, github: 'g', profile_url: '' }))
      say(own('claim_handle', { handle: 'alice' }))
    }
    assert.deepEqual(
      acts.map(({ kind }) => kind),
      ['update_developer', 'claim_handle'],
    )
    say(own('release_handle', { handle: 'alice' }))
    assert.deepEqual(
      acts.map(({ kind }) => kind),
      ['update_developer', 'release_handle'],
    )
    assert.equal(unwrap(recordOf(acts)).handle, undefined)
    say(own('claim_handle', { handle: 'bob' }))
    assert.deepEqual(
      acts.map(({ kind }) => kind),
      ['update_developer', 'claim_handle'],
    )
  })

  test('no bytes are refused by throwing', () => {
    const { bytes } = unwrap(recordOf([register()]))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const damaged = Uint8Array.from(bytes)
        damaged[at] = value
        parseDeveloperRecord(damaged)
      }),
    )
    assert.equal(codeOf(parseDeveloperRecord(new Uint8Array(LIMITS.developerBytesMax + 1))), 'payload_too_large')
  })

  test('T1: its tombstone is signed by its own key, and by no proof', () => {
    const fields = {
      id: developerId,
      publicKey: developer.publicKey,
      stamp: stamp(9),
      issuedAtMs: timeMs,
      proof: undefined,
    }
    const tombstone = unwrap(makeTombstone({ ...fields, act: own('deregister_developer') }))
    assert.ok(allHold(tombstoneChecks(tombstone)))
    const entry: Entry = { kind: 'tombstone', id: developerId, tombstone }
    assert.deepEqual(unwrap(decodeDelta(encodeDelta(entry))), entry)
    assert.equal(codeOf(makeTombstone({ ...fields, act: nativeAct('deregister', { entity_id: id }) })), 'malformed')
    assert.equal(codeOf(makeTombstone({ ...fields, act: own('deregister_developer'), proof })), 'malformed')
    assert.equal(
      codeOf(makeTombstone({ ...fields, act: { ...own('deregister_developer'), by: 'entity' } })),
      'malformed',
    )
    const foreign = nativeAct('deregister_developer', { developer_id: otherId }, 'developer')
    assert.equal(codeOf(makeTombstone({ ...fields, act: foreign })), 'id_mismatch')
    const ofEntity = { ...fields, id, publicKey: entity.publicKey }
    assert.equal(codeOf(makeTombstone({ ...ofEntity, act: own('deregister_developer') })), 'malformed')
  })
})

describe('N3: the name of an entity in its record', () => {
  const owned = (fields: JsonObject = {}): Act => registration({ developer_proof: proofBody, ...fields })
  const bind = (entity_name: string, version = '', entity_id: string = id): Act =>
    nativeAct('bind_name', { entity_id, entity_name, version }, 'developer')
  const record = (acts: readonly Act[], bindingClaim = stamp(1)) =>
    makeRecord({ ...recordFields(...acts), stamp: stamp(30), bindingClaim })

  test('is what the registration, an update, a binding or a release said last', () => {
    const nameOf = (...acts: readonly Act[]): string | undefined => unwrap(bindingOf(unwrap(saidIn(acts)), id))?.name
    const release = nativeAct('release_name', { entity_id: id, entity_name: 'bonds' }, 'developer')
    assert.equal(nameOf(owned({ entity_name: 'stocks' })), 'stocks')
    assert.equal(nameOf(registration({ entity_name: 'stocks' })), undefined, 'no developer to stand under')
    assert.equal(nameOf(owned({ entity_name: 'No name' })), undefined)
    assert.equal(nameOf(owned({ entity_name: 'stocks' }), bind('bonds')), 'bonds')
    assert.equal(nameOf(owned(), bind('bonds'), update({ entity_name: 'stocks' })), 'stocks')
    assert.equal(nameOf(owned({ entity_name: 'stocks' }), bind('bonds'), release), undefined)
    assert.equal(nameOf(owned({ entity_name: 'stocks' }), release), 'stocks', 'a release of another name')
    assert.equal(codeOf(bindingOf(unwrap(saidIn([owned(), bind('bonds', '', otherId)])), id)), 'id_mismatch')
    assert.equal(codeOf(bindingOf(unwrap(saidIn([owned(), { ...bind('bonds'), by: 'entity' }])), id)), 'malformed')
  })

  test('travels with its claim stamp, and its signatures are those of the developer', () => {
    const acts = [owned(), bind('stocks', '1'), bind('stocks', '2')]
    const made = unwrap(record(acts))
    assert.deepEqual(made.binding?.claim, stamp(1))
    assert.deepEqual(
      made.binding?.versions.map(({ version }) => version),
      ['1', '2'],
    )
    assert.ok(allHold(recordChecks(made)))
    assert.equal(codeOf(record([owned()])), 'malformed', 'a claim stamp beside no name')
    assert.equal(
      codeOf(makeRecord({ ...recordFields(...acts), stamp: stamp(30) })),
      'malformed',
      'a name without its stamp',
    )
    assert.equal(codeOf(record(acts, stamp(31))), 'malformed', 'claimed after the last write')
    const forged = nativeAct('bind_name', { entity_id: id, entity_name: 'stocks' }, 'entity')
    const lied = unwrap(record([owned(), { ...forged, by: 'developer' }]))
    assert.ok(!allHold(recordChecks(lied)), 'an entity cannot sign for its developer')
  })

  test('keeps one act for each version, the newest, and at most eight', () => {
    let acts: readonly Act[] = [owned({ entity_name: 'old' })]
    for (let i = 0; i < 40; i++) acts = actsWith(acts, bind('stocks', `1.${i % 12}`))
    acts = actsWith(acts, update({ summary: 's' }))
    const made = unwrap(record(acts))
    assert.equal(made.binding?.versions.length, LIMITS.nameVersionsMax)
    assert.equal(made.binding?.version, '1.3')
    assert.equal(actsOf(made).length, LIMITS.nameVersionsMax + 2)
    assert.deepEqual(
      actsWith(acts, bind('bonds')).map(({ kind }) => kind),
      ['register', 'update', 'bind_name'],
    )
  })
})
