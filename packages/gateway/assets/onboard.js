/**
 * Makes a developer key in the browser and hands it to the program that asked for one: AES-256-GCM under the SHA-256 of the
 * state that only that program and this page know, as nonce (12 bytes), ciphertext and tag (16), to a port of this machine.
 */
const query = new URLSearchParams(location.search)
const status = document.getElementById('status')

const say = (text, isError = false) => {
  status.textContent = text
  status.className = isError ? 'error' : ''
}

/** Why the address of this page cannot be served, or undefined. */
const refusal = () => {
  const port = query.get('callback_port') ?? ''
  if ((query.get('state') ?? '') === '')
    return 'The address names no state. Open it from your program: zynd auth login.'
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) return 'The address names no callback port.'
  return undefined
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes))
const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

const makeKey = async () => {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const { d, x } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  const publicKey = fromBase64url(x)
  const id = hex((await sha256(publicKey)).subarray(0, 16))
  return { pair, seed: fromBase64url(d), publicKey, developerId: `zns:dev:${id}` }
}

const seal = async (seed, state) => {
  const secret = await sha256(new TextEncoder().encode(state))
  const key = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const text = new TextEncoder().encode(base64(seed))
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, text))
  return base64(new Uint8Array([...iv, ...sealed]))
}

/**
 * Tells the registry who the developer is, where the program said a name (signed as zynd-wire S6). The key serves without
 * it, so a registry that does not take it now is no reason to keep the key back.
 */
const register = async (pair, publicKey) => {
  const name = query.get('name') ?? ''
  if (name === '') return
  const public_key = `ed25519:${base64(publicKey)}`
  const said = { github: '', name, profile_url: '', public_key }
  const signed = new TextEncoder().encode(JSON.stringify(said))
  const signature = `ed25519:${base64(new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, signed)))}`
  try {
    const response = await fetch('/v1/developers', { method: 'POST', body: JSON.stringify({ ...said, signature }) })
    if (!response.ok) console.warn(`the registry did not register the developer: ${response.status}`)
  } catch (error) {
    console.warn(`the registry did not register the developer: ${error.message}`)
  }
}

const run = async () => {
  const refused = refusal()
  if (refused !== undefined) return say(refused, true)
  const { pair, seed, publicKey, developerId } = await makeKey()
  await register(pair, publicKey)
  const state = query.get('state')
  const callback = new URL(`http://127.0.0.1:${Number(query.get('callback_port'))}/callback`)
  callback.searchParams.set('state', state)
  callback.searchParams.set('developer_id', developerId)
  callback.searchParams.set('private_key_enc', await seal(seed, state))
  say(`Your key is made. You are ${developerId}.`)
  location.replace(callback)
}

run().catch((error) => {
  say(
    `This browser cannot make the key here: ${error.message}. Browsers make keys on https and on localhost only.`,
    true,
  )
  const offer = document.getElementById('by-registry')
  const address = new URL(location.href)
  address.searchParams.set('by', 'registry')
  offer.querySelector('a').href = address.href
  offer.hidden = false
})
